import type { FileFault, ImportPreview, ImportSourceOptions } from '@qianhu/contracts';
import type { PhoneParser } from '../../../numbers/phone-parser.ts';
import { FileError } from './file-error.ts';
import { openRowSource } from './row-source.ts';
import { columnLetter, guessHeader, suggestMapping } from './suggest-mapping.ts';
import { MAX_COLUMNS } from './xlsx-cells.ts';

const SAMPLE_ROWS = 200;
const SHOWN_ROWS = 20;
const SHOWN_SAMPLES = 5;

/** Reads the first rows of a file and says how it would be imported. Throws `FileError`. */
export const previewFile = async (
  path: string,
  options: ImportSourceOptions,
  parser: PhoneParser,
): Promise<ImportPreview> => {
  const source = await openRowSource(path, options);
  try {
    const rows: string[][] = [];
    await source.read(
      (cells, _row, fault) => {
        if (rows.length <= SAMPLE_ROWS && fault === undefined && cells.some((cell) => cell.trim() !== ''))
          rows.push(cells.map((cell) => cell.trim()));
      },
      () => Promise.resolve(rows.length <= SAMPLE_ROWS),
    );
    if (rows.length === 0) throw new FileError('noRows');
    const hasHeader = options.hasHeader ?? guessHeader(rows, parser);
    const header = hasHeader ? (rows[0] ?? []) : [];
    const body = hasHeader ? rows.slice(1) : rows;
    let width = hasHeader
      ? widthOf(header, body, source.source.format === 'xlsx')
      : Math.max(...rows.map((row) => row.length));
    // Columns without name and data at the right edge are none: spreadsheets leave them behind.
    while (width > 1 && (header[width - 1] ?? '') === '' && body.every((row) => (row[width - 1] ?? '') === ''))
      width -= 1;
    if (width > MAX_COLUMNS) throw new FileError('tooManyColumns');
    const samples = Array.from({ length: width }, (_, i) => ({
      name: header[i] || columnLetter(i),
      cells: body.map((row) => row[i] ?? ''),
    }));
    const suggestions = suggestMapping(samples, hasHeader, parser);
    const columns = samples.map(({ name, cells }, i) => ({
      name,
      samples: cells.filter((cell) => cell !== '').slice(0, SHOWN_SAMPLES),
      suggested: suggestions[i]?.suggested ?? { to: 'ignore' as const },
      phoneShare: suggestions[i]?.phoneShare ?? 0,
    }));
    const faults: FileFault[] = [];
    if (body.length === 0) faults.push('noRows');
    if (!columns.some((c) => c.suggested.to === 'phone')) faults.push('noPhoneColumn');
    return {
      source: { ...source.source, hasHeader, sheets: [...source.sheets] },
      columns,
      rows: body.slice(0, SHOWN_ROWS),
      faults,
    };
  } finally {
    await source.close();
  }
};

/**
 * How many columns a table with a header has. A sheet cannot have cells too many by mistake, so a column without a name
 * counts. In delimited text a few longer rows are faulty ones; only when most are longer is there a nameless column.
 */
const widthOf = (header: readonly string[], body: readonly (readonly string[])[], isSheet: boolean): number => {
  const widths = body.map((row) => row.findLastIndex((cell) => cell !== '') + 1);
  const longer = widths.filter((width) => width > header.length);
  const isNameless = isSheet ? longer.length > 0 : longer.length > body.length / 2;
  return isNameless ? Math.max(...longer) : header.length;
};
