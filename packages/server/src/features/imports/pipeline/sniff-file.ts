import { isUtf8 } from 'node:buffer';
import { open, type FileHandle } from 'node:fs/promises';
import type { IMPORT_DELIMITERS, IMPORT_ENCODINGS, ImportSourceOptions } from '@qianhu/contracts';
import { CsvParser } from './csv-parser.ts';
import { FileError } from './file-error.ts';

export type Encoding = (typeof IMPORT_ENCODINGS)[number];
export type Delimiter = (typeof IMPORT_DELIMITERS)[number];

export type FileKind = { readonly format: 'xlsx' } | ({ readonly format: 'csv' } & TextShape);

/** How a text file is read. `bomBytes` stand before the text. */
export type TextShape = {
  readonly encoding: Encoding;
  readonly bomBytes: number;
  readonly delimiter: Delimiter;
  readonly newline: '\n' | '\r';
};

/** Enough rows to judge by. */
const SAMPLE_BYTES = 256 * 1024;
const SCAN_BYTES = 4 * 1024 * 1024;
const DELIMITERS: readonly Delimiter[] = [',', '\t', ';', '|'];

const readAt = async (file: FileHandle, position: number, length: number): Promise<Buffer> => {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
};

const startsWith = (data: Buffer, ...bytes: number[]): boolean => bytes.every((byte, i) => data[i] === byte);

/** Files that people upload by mistake, by their first bytes. Throws for them; says whether it is a ZIP archive. */
const checkMagic = (head: Buffer): 'zip' | 'other' => {
  if (head.length === 0) throw new FileError('emptyFile');
  if (startsWith(head, 0x50, 0x4b, 0x03, 0x04)) return 'zip';
  if (startsWith(head, 0x50, 0x4b, 0x05, 0x06)) throw new FileError('notXlsx');
  if (startsWith(head, 0xd0, 0xcf, 0x11, 0xe0)) throw new FileError('oldExcelFile');
  const isBinary =
    startsWith(head, 0x25, 0x50, 0x44, 0x46) || // PDF
    startsWith(head, 0x89, 0x50, 0x4e, 0x47) || // PNG
    startsWith(head, 0xff, 0xd8, 0xff) || // JPEG
    startsWith(head, 0x47, 0x49, 0x46, 0x38) || // GIF
    startsWith(head, 0x1f, 0x8b) || // gzip
    startsWith(head, 0x52, 0x61, 0x72, 0x21) || // RAR
    startsWith(head, 0x37, 0x7a, 0xbc, 0xaf) || // 7z
    startsWith(head, 0x7f, 0x45, 0x4c, 0x46); // ELF
  if (isBinary) throw new FileError('binaryFile');
  return 'other';
};

/** Length of the longest head of `data` that does not cut a UTF-8 character in two. */
const wholeUtf8 = (data: Buffer): number => {
  for (let back = 1; back <= Math.min(3, data.length); back++) {
    const byte = data[data.length - back] ?? 0;
    if (byte < 0x80) return data.length;
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return needed > back ? data.length - back : data.length;
    }
  }
  return data.length;
};

/** Whether a whole file is UTF-8: a file of ASCII with GBK names in its last rows is not. */
const isUtf8File = async (file: FileHandle, size: number): Promise<boolean> => {
  let position = 0;
  while (position < size) {
    const data = await readAt(file, position, SCAN_BYTES);
    const isLast = position + data.length >= size;
    const length = isLast ? data.length : wholeUtf8(data);
    if (data.length === 0 || length === 0 || !isUtf8(data.subarray(0, length))) return false;
    position += length;
  }
  return true;
};

/** Whether a whole file decodes as GB18030 (which holds GBK and GB2312). */
const isGb18030File = async (file: FileHandle, size: number): Promise<boolean> => {
  const decoder = new TextDecoder('gb18030', { fatal: true });
  try {
    for (let position = 0; position < size; position += SCAN_BYTES)
      decoder.decode(await readAt(file, position, SCAN_BYTES), { stream: true });
    decoder.decode();
    return true;
  } catch {
    return false;
  }
};

/** UTF-16 without a mark: ASCII digits and delimiters leave a zero in every other byte. */
const guessUtf16 = (sample: Buffer): 'utf-16le' | 'utf-16be' | undefined => {
  let even = 0;
  let odd = 0;
  for (let i = 0; i + 1 < sample.length; i += 2) {
    if (sample[i] === 0) even += 1;
    if (sample[i + 1] === 0) odd += 1;
  }
  const pairs = sample.length >> 1;
  if (odd > pairs * 0.3 && even < pairs * 0.02) return 'utf-16le';
  if (even > pairs * 0.3 && odd < pairs * 0.02) return 'utf-16be';
  return undefined;
};

const findEncoding = async (
  file: FileHandle,
  size: number,
  sample: Buffer,
): Promise<{ encoding: Encoding; bomBytes: number }> => {
  if (startsWith(sample, 0xef, 0xbb, 0xbf)) return { encoding: 'utf-8', bomBytes: 3 };
  if (startsWith(sample, 0xff, 0xfe)) return { encoding: 'utf-16le', bomBytes: 2 };
  if (startsWith(sample, 0xfe, 0xff)) return { encoding: 'utf-16be', bomBytes: 2 };
  const utf16 = guessUtf16(sample);
  if (utf16 !== undefined) return { encoding: utf16, bomBytes: 0 };
  if (sample.includes(0)) throw new FileError('binaryFile');
  if (await isUtf8File(file, size)) return { encoding: 'utf-8', bomBytes: 0 };
  if (await isGb18030File(file, size)) return { encoding: 'gb18030', bomBytes: 0 };
  throw new FileError('unknownEncoding');
};

/**
 * The delimiter by which the first rows have most cells, equally many in each. A single column has none of them; a comma
 * does no harm there.
 */
export const guessDelimiter = (text: string, newline: '\n' | '\r'): Delimiter => {
  let best: Delimiter = ',';
  let bestScore = 0;
  for (const delimiter of DELIMITERS) {
    const counts: number[] = [];
    const parser = new CsvParser({ delimiter, newline }, (cells, _row, fault) => {
      if (counts.length < 50 && fault === undefined && (cells.length > 1 || cells[0] !== '')) counts.push(cells.length);
    });
    parser.push(text);
    if (counts.length === 0) parser.end();
    const first = counts[0] ?? 1;
    const same = counts.filter((n) => n === first).length / Math.max(1, counts.length);
    const score = (first - 1) * same ** 4;
    if (score > bestScore) {
      bestScore = score;
      best = delimiter;
    }
  }
  return best;
};

/** LF wherever one stands; CR alone only in a text without any. */
export const guessNewline = (text: string): '\n' | '\r' => (text.includes('\n') || !text.includes('\r') ? '\n' : '\r');

/**
 * Looks at a file: what it is, and for text its encoding, delimiter and line ends. What the caller has decided is not
 * guessed. Throws `FileError` for what no table can be read from.
 */
export const sniffFile = async (path: string, options: ImportSourceOptions = {}): Promise<FileKind> => {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const sample = await readAt(file, 0, Math.min(SAMPLE_BYTES, Math.max(size, 1)));
    if (checkMagic(sample) === 'zip') return { format: 'xlsx' };
    const found =
      options.encoding === undefined
        ? await findEncoding(file, size, sample)
        : { encoding: options.encoding, bomBytes: bomOf(sample, options.encoding) };
    const text = new TextDecoder(found.encoding, { ignoreBOM: true }).decode(sample.subarray(found.bomBytes), {
      stream: true,
    });
    if (!/[^\s\0]/.test(text)) throw new FileError('emptyFile');
    // Control characters do not occur in tables, whatever the encoding is said to be.
    let controls = 0;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code < 9 || (code > 13 && code < 32)) controls += 1;
    }
    if (controls > text.length * 0.01) throw new FileError('binaryFile');
    const newline = guessNewline(text);
    return { format: 'csv', ...found, newline, delimiter: options.delimiter ?? guessDelimiter(text, newline) };
  } finally {
    await file.close();
  }
};

const bomOf = (sample: Buffer, encoding: Encoding): number => {
  if (encoding === 'utf-8' && startsWith(sample, 0xef, 0xbb, 0xbf)) return 3;
  if (encoding === 'utf-16le' && startsWith(sample, 0xff, 0xfe)) return 2;
  if (encoding === 'utf-16be' && startsWith(sample, 0xfe, 0xff)) return 2;
  return 0;
};
