import type { ImportSourceOptions } from '@qianhu/contracts';
import { stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { MAX_CELL_CHARS, type RowSink } from './csv-parser.ts';
import { FileError } from './file-error.ts';
import type { RowSource } from './row-source.ts';
import { StringTable } from './string-table.ts';
import { cellText, columnOf, createStyleReader, MAX_COLUMNS, MAX_XLSX_ROWS } from './xlsx-cells.ts';
import { attributeOf, XmlScanner, type XmlSink } from './xml-scanner.ts';

/**
 * Bounds against archives made to burst: a real sheet of a million rows and ten columns unpacks to half a gigabyte, at 5 to
 * 30 times its packed size.
 */
export type XlsxLimits = {
  readonly maxEntries: number;
  readonly maxSheetBytes: number;
  readonly maxSmallPartBytes: number;
  readonly maxStringsBytes: number;
  /** Unpacked over packed size, for parts of more than 16 MB unpacked. */
  readonly maxRatio: number;
};

export const XLSX_LIMITS: XlsxLimits = {
  maxEntries: 5_000,
  maxSheetBytes: 2 ** 31,
  maxSmallPartBytes: 32 << 20,
  maxStringsBytes: 2 ** 30,
  maxRatio: 200,
};

const SPARED_BYTES = 16 << 20;

type Part = 'sheet' | 'strings' | 'small';

/** Any fault of the archive or its streams becomes one of the file; faults of the disk stay what they are. */
const asFileError = (error: unknown): unknown => {
  if (error instanceof FileError) return error;
  if (error instanceof Error && 'syscall' in error) return error;
  const text = error instanceof Error ? error.message : '';
  return new FileError(/end of central directory|unexpected EOF/i.test(text) ? 'truncatedFile' : 'corruptFile');
};

const readEntries = async (zip: ZipFile, limits: XlsxLimits): Promise<ReadonlyMap<string, Entry>> => {
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    if (entries.size >= limits.maxEntries) throw new FileError('fileTooLarge');
    // Names in the package are compared without regard to case (ECMA-376 part 2, 6.2.2.3).
    entries.set(entry.fileName.toLowerCase(), entry);
  }
  return entries;
};

const checkSize = (entry: Entry, part: Part, limits: XlsxLimits): void => {
  const most =
    part === 'sheet' ? limits.maxSheetBytes : part === 'strings' ? limits.maxStringsBytes : limits.maxSmallPartBytes;
  const { uncompressedSize, compressedSize } = entry;
  const isBurst = uncompressedSize > SPARED_BYTES && uncompressedSize > compressedSize * limits.maxRatio;
  if (uncompressedSize > most || isBurst) throw new FileError('fileTooLarge');
};

/** Reads one part through the scanner. yauzl ends the stream with an error when it unpacks to more than the archive says. */
const readPart = async (
  zip: ZipFile,
  entry: Entry,
  sink: XmlSink,
  onChunk?: (bytes: number) => Promise<boolean>,
): Promise<void> => {
  if (entry.isEncrypted()) throw new FileError('encryptedFile');
  const stream = await zip.openReadStreamPromise(entry);
  try {
    const decoder = new TextDecoder('utf-8');
    const scanner = new XmlScanner(sink);
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      scanner.push(decoder.decode(chunk, { stream: true }));
      if (onChunk && !(await onChunk(chunk.length))) return;
    }
    scanner.push(decoder.decode());
    scanner.end();
  } finally {
    stream.destroy();
  }
};

type Workbook = {
  readonly sheets: readonly { readonly name: string; readonly path: string }[];
  readonly is1904: boolean;
};

const readRelations = async (zip: ZipFile, entry: Entry | undefined): Promise<ReadonlyMap<string, string>> => {
  const targets = new Map<string, string>();
  if (entry === undefined) return targets;
  await readPart(zip, entry, {
    open: (name, attributes) => {
      if (name !== 'Relationship') return;
      const id = attributeOf(attributes, 'Id');
      const target = attributeOf(attributes, 'Target');
      if (id !== undefined && target !== undefined) targets.set(id, target);
    },
    close: () => undefined,
    text: () => undefined,
  });
  return targets;
};

const readWorkbook = async (
  zip: ZipFile,
  entries: ReadonlyMap<string, Entry>,
  limits: XlsxLimits,
): Promise<Workbook> => {
  const entry = entries.get('xl/workbook.xml');
  if (entry === undefined) throw new FileError(entries.has('encryptedpackage') ? 'encryptedFile' : 'notXlsx');
  checkSize(entry, 'small', limits);
  const relations = await readRelations(zip, entries.get('xl/_rels/workbook.xml.rels'));
  const sheets: { name: string; path: string }[] = [];
  let is1904 = false;
  await readPart(zip, entry, {
    open: (name, attributes) => {
      if (name === 'workbookPr') is1904 = /^(?:1|true)$/.test(attributeOf(attributes, 'date1904') ?? '');
      if (name !== 'sheet') return;
      const target = relations.get(attributeOf(attributes, 'r:id') ?? '') ?? `worksheets/sheet${sheets.length + 1}.xml`;
      const path = target.startsWith('/') ? target.slice(1) : posix.join('xl', target);
      sheets.push({ name: attributeOf(attributes, 'name') ?? '', path: path.toLowerCase() });
    },
    close: () => undefined,
    text: () => undefined,
  });
  if (sheets.length === 0) throw new FileError('notXlsx');
  return { sheets, is1904 };
};

/** Shared texts: the runs of an entry joined, readings of characters (`rPh`) left out. */
const readStrings = async (zip: ZipFile, entry: Entry | undefined, limits: XlsxLimits): Promise<StringTable> => {
  const table = new StringTable();
  if (entry === undefined) return table;
  checkSize(entry, 'strings', limits);
  let text = '';
  let isInText = false;
  let isInReading = false;
  await readPart(zip, entry, {
    open: (name, _attributes, isEmpty) => {
      if (name === 'si') {
        text = '';
        if (isEmpty) table.add('');
      } else if (name === 't') isInText = !isEmpty;
      else if (name === 'rPh') isInReading = !isEmpty;
    },
    close: (name) => {
      if (name === 't') isInText = false;
      else if (name === 'rPh') isInReading = false;
      else if (name === 'si') table.add(text);
    },
    text: (value) => {
      if (isInText && !isInReading && text.length <= MAX_CELL_CHARS) text += value;
    },
  });
  return table;
};

/** Turns the tags of a sheet into rows. */
const createSheetSink = (
  sink: RowSink,
  workbook: Workbook,
  isDate: (style: number) => boolean,
  strings: StringTable,
): XmlSink => {
  let row = 0;
  let cells: string[] = [];
  let column = -1;
  let type: string | undefined;
  let style = 0;
  let value = '';
  let isInValue = false;
  const endCell = (): void => {
    const text = cellText(type, value, isDate(style), workbook.is1904, (i) => strings.get(i));
    while (cells.length < column) cells.push('');
    cells[column] = text;
  };
  return {
    open: (name, attributes, isEmpty) => {
      if (name === 'c') {
        const reference = attributeOf(attributes, 'r');
        column = reference === undefined ? column + 1 : columnOf(reference);
        if (column < 0 || column >= 16_384) throw new FileError('corruptFile');
        if (column >= MAX_COLUMNS) throw new FileError('tooManyColumns');
        type = attributeOf(attributes, 't');
        style = Number(attributeOf(attributes, 's') ?? 0);
        value = '';
      } else if (name === 'v' || name === 't') isInValue = !isEmpty;
      else if (name === 'row') {
        const number = Number(attributeOf(attributes, 'r') ?? row + 1);
        if (!(number > row) || number > MAX_XLSX_ROWS) throw new FileError('corruptFile');
        row = number;
        cells = [];
        column = -1;
      }
    },
    close: (name) => {
      if (name === 'v' || name === 't') isInValue = false;
      else if (name === 'c') endCell();
      else if (name === 'row') sink(cells, row);
    },
    text: (text) => {
      if (isInValue && value.length <= MAX_CELL_CHARS) value += text;
    },
  };
};

/**
 * A sheet of an XLSX workbook, read as a stream; only the shared texts are held, packed. Empty rows in between are not
 * handed on, row numbers are the spreadsheet's. Throws `FileError`.
 */
export const openXlsxSource = async (
  path: string,
  options: ImportSourceOptions = {},
  limits: XlsxLimits = XLSX_LIMITS,
): Promise<RowSource> => {
  const { size } = await stat(path);
  let zip: ZipFile | undefined;
  try {
    zip = await openPromise(path, { autoClose: false });
    const opened = zip;
    const entries = await readEntries(opened, limits);
    const workbook = await readWorkbook(opened, entries, limits);
    const chosen = options.sheet ?? 0;
    const sheet = workbook.sheets[chosen];
    const entry = sheet && entries.get(sheet.path);
    if (sheet === undefined) throw new FileError('noSuchSheet');
    if (entry === undefined) throw new FileError('corruptFile');
    checkSize(entry, 'sheet', limits);
    let unpacked = 0;
    let isClosed = false;
    return {
      source: { format: 'xlsx', encoding: 'utf-8', delimiter: ',', sheet: chosen },
      sheets: workbook.sheets.map((s) => s.name),
      fileBytes: size,
      bytesRead: () => Math.min(size, Math.round((unpacked / Math.max(1, entry.uncompressedSize)) * size)),
      read: async (sink, afterChunk) => {
        try {
          const strings = await readStrings(opened, entries.get('xl/sharedstrings.xml'), limits);
          const styles = createStyleReader();
          const stylesEntry = entries.get('xl/styles.xml');
          if (stylesEntry !== undefined) {
            checkSize(stylesEntry, 'small', limits);
            await readPart(opened, stylesEntry, styles.sink);
          }
          await readPart(opened, entry, createSheetSink(sink, workbook, styles.isDate, strings), (bytes) => {
            unpacked += bytes;
            return afterChunk();
          });
          await afterChunk();
        } catch (error) {
          throw asFileError(error);
        }
      },
      close: () => {
        if (!isClosed) opened.close();
        isClosed = true;
        return Promise.resolve();
      },
    };
  } catch (error) {
    zip?.close();
    throw asFileError(error);
  }
};
