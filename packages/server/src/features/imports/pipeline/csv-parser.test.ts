import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { csvCell, csvRow } from './csv-writer.ts';
import { CsvParser, MAX_CELL_CHARS } from './csv-parser.ts';

type Row = { cells: string[]; row: number; fault?: string };

const parseAll = (pieces: readonly string[], delimiter = ',', newline: '\n' | '\r' = '\n'): Row[] => {
  const rows: Row[] = [];
  const parser = new CsvParser({ delimiter, newline }, (cells, row, fault) => {
    rows.push({ cells, row, ...(fault === undefined ? {} : { fault }) });
  });
  for (const piece of pieces) parser.push(piece);
  parser.end();
  return rows;
};

const cut = (text: string, at: readonly number[]): string[] => {
  const places = [...new Set(at.map((n) => n % (text.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, i) => text.slice(from, places[i] ?? text.length));
};

const cell = fc.string({ unit: fc.constantFrom('a', '号', '"', ',', '\n', '\r\n', ' ', '1', ';'), maxLength: 8 });
const quoted = (value: string): string => `"${value.replaceAll('"', '""')}"`;
const plain = (value: string): string => value.replaceAll(/[",\r\n]/g, '');

// Properties run long on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

describe('CsvParser', () => {
  it('reads what csv-parse reads, however the text is cut', () => {
    const rows = fc.array(fc.array(fc.tuple(cell, fc.boolean()), { minLength: 1, maxLength: 5 }), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(
        rows,
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        fc.array(fc.nat(), { maxLength: 12 }),
        (table, eol, isEnded, cuts) => {
          const lines = table.map((row) =>
            row.map(([value, isQuoted]) => (isQuoted ? quoted(value) : plain(value))).join(','),
          );
          const text = lines.join(eol) + (isEnded ? eol : '');
          const expected = parse(text, { relax_column_count: true, skip_empty_lines: false, record_delimiter: eol });
          const got = parseAll(cut(text, cuts));
          // Of a blank last line the two differ: it is no row here.
          expect(got.map((r) => r.cells)).toEqual(
            lines.at(-1) === '' && !isEnded ? expected.slice(0, got.length) : expected,
          );
          expect(got.every((r) => r.fault === undefined)).toBe(true);
        },
      ),
      { numRuns: 800 },
    );
  });

  it('gives the same rows whether the text comes at once or character by character', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r'), maxLength: 60 }), (text) => {
        expect(parseAll([...text])).toEqual(parseAll([text]));
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps a quote inside an unquoted cell', () => {
    expect(parseAll(['5" pipe,13800138000\n'])).toEqual([{ cells: ['5" pipe', '13800138000'], row: 1 }]);
  });

  it('ends a row with a stray quote at its line end and reads on', () => {
    expect(parseAll(['"张三"经理,138\n李四,139\n'])).toEqual([
      { cells: ['"张三"经理', '138'], row: 1, fault: 'badQuotes' },
      { cells: ['李四', '139'], row: 2 },
    ]);
  });

  it('does not lose the rest of the file to a quote that is never closed', () => {
    const rest = Array.from({ length: 5_000 }, (_, i) => `客户${i},1380013${String(i).padStart(4, '0')}`);
    const rows = parseAll(cut(['a,b', '"张三,138', ...rest].join('\n'), [100, 3_000, 40_000]));
    expect(rows).toHaveLength(5_002);
    expect(rows[1]).toEqual({ cells: ['"张三', '138'], row: 2, fault: 'unclosedQuote' });
    expect(rows.slice(2).every((r) => r.fault === undefined)).toBe(true);
  });

  it('finds an unclosed quote in a short file too', () => {
    expect(parseAll(['a\n"b\nc'])).toEqual([
      { cells: ['a'], row: 1 },
      { cells: ['"b'], row: 2, fault: 'unclosedQuote' },
      { cells: ['c'], row: 3 },
    ]);
  });

  it('reads line ends of CR alone', () => {
    expect(parseAll(['a,b\rc,"d\re"\r'], ',', '\r').map((r) => r.cells)).toEqual([
      ['a', 'b'],
      ['c', 'd\re'],
    ]);
  });

  it('takes a quoted cell of the greatest length', () => {
    const long = 'x'.repeat(MAX_CELL_CHARS);
    expect(parseAll([`"${long}",1\n`])).toEqual([{ cells: [long, '1'], row: 1 }]);
  });

  it('gives up on text that never ends a row', () => {
    expect(() => parseAll(Array.from({ length: 50 }, () => 'x'.repeat(100_000)))).toThrow(/delimiter/);
  });
});

describe('report cells', () => {
  it.each(['=1+1', '+8613800138000', '-2', '@SUM(A1)', '\t=1', ' =cmd', '＝1'])('are harmless for %j', (value) => {
    expect(csvCell(value)).toMatch(/^"?'/);
  });

  it('come back unchanged but for the apostrophe', () => {
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 6 }), (cells) => {
        fc.pre(cells.some((c) => c !== ''));
        expect(parseAll([csvRow(cells)]).map((r) => r.cells)).toEqual([
          cells.map((c) => (/^\s*[=+\-@\t\r]/.test(c) ? `'${c}` : c)),
        ]);
      }),
    );
  });
});
