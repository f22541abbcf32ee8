import fc from 'fast-check';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StringTable } from './string-table.ts';
import { makeXlsx, makeZip } from './testing/make-xlsx.ts';
import { columnOf, isDateFormat, numberToText, serialToText } from './xlsx-cells.ts';
import { openXlsxSource, XLSX_LIMITS } from './xlsx-source.ts';
import { XmlScanner } from './xml-scanner.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xlsx-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const fixture = fileURLToPath(new URL('./testing/exceljs.xlsx', import.meta.url));

const rowsOf = async (
  data: Buffer | string,
  sheet = 0,
  limits = XLSX_LIMITS,
): Promise<(readonly [number, string[]])[]> => {
  const path = typeof data === 'string' ? data : join(folder, 'file.xlsx');
  if (typeof data !== 'string') await writeFile(path, data);
  const source = await openXlsxSource(path, { sheet }, limits);
  const rows: (readonly [number, string[]])[] = [];
  try {
    await source.read(
      (cells, row) => rows.push([row, cells]),
      () => Promise.resolve(true),
    );
    expect(source.bytesRead()).toBe(source.fileBytes);
  } finally {
    await source.close();
  }
  return rows;
};

const faultOf = async (data: Buffer, limits = XLSX_LIMITS): Promise<string> => {
  try {
    await rowsOf(data, 0, limits);
    return 'none';
  } catch (error) {
    return (error as { fault?: string }).fault ?? String(error);
  }
};

describe('an XLSX workbook of another program', () => {
  it('gives texts, numbers in full, dates, formulas and rich text as people see them', async () => {
    const rows = await rowsOf(fixture);
    expect(rows[0]).toEqual([1, ['姓名', '手机号', '生日', '回拨时间', '金额', '备注']]);
    expect(rows[1]).toEqual([2, ['张三', '13800138000', '1990-05-06', '2030-11-22 15:30', '1234.5', '富文本']]);
    expect(rows.find(([row]) => row === 4)?.[1]).toMatchObject({
      0: '李四',
      1: '１３９００１３９０００',
      4: '2',
      5: 'a & b <c> "d"',
    });
    expect(rows.find(([row]) => row === 5)?.[1]).toMatchObject({ 1: '1.38E+10', 4: 'TRUE', 5: '#N/A' });
    expect(rows.at(-1)).toEqual([7, ['', '', '', '', '', '', '', '远']]);
  });

  it('gives the sheet that is asked for', async () => {
    expect((await rowsOf(fixture, 1)).map(([, cells]) => cells)).toEqual([['phone'], ['010-88888888']]);
    await expect(rowsOf(fixture, 2)).rejects.toMatchObject({ fault: 'noSuchSheet' });
  });

  it('cut off anywhere is a clear fault, never a crash or a wrong row', async () => {
    const whole = await readFile(fixture);
    for (const share of [0.1, 0.5, 0.9, 0.99])
      expect(await faultOf(whole.subarray(0, Math.floor(whole.length * share)))).toBe('truncatedFile');
  });

  it('with any byte changed gives rows or a fault of the file', async () => {
    const whole = await readFile(fixture);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
        const copy = Buffer.from(whole);
        copy[at] = ((copy[at] ?? 0) + by) % 256;
        expect(await faultOf(copy)).toMatch(
          /^(?:none|corruptFile|truncatedFile|encryptedFile|fileTooLarge|notXlsx|noSuchSheet|tooManyColumns)$/,
        );
      }),
      { numRuns: 150 },
    );
  }, 120_000);
});

describe('a hostile or odd workbook', () => {
  const cell = (value: string): string => `<row r="1"><c r="A1" t="inlineStr"><is><t>${value}</t></is></c></row>`;

  it('reads inline texts, prefixes and missing references', async () => {
    expect(
      await rowsOf(makeXlsx('<x:row><x:c><x:v>1.3800138E10</x:v></x:c><x:c t="str"><x:v>b</x:v></x:c></x:row>')),
    ).toEqual([[1, ['13800138000', 'b']]]);
  });

  it('resolves entities and refuses document types', async () => {
    expect(await rowsOf(makeXlsx(cell('a&amp;&#x4e2d;&#55357;')))).toEqual([[1, ['a&中\ufffd']]]);
    expect(await faultOf(makeXlsx('<!DOCTYPE x [<!ENTITY a "b">]>'))).toBe('corruptFile');
  });

  it('that would burst when unpacked is refused before it is', async () => {
    const bomb = makeXlsx(cell('x'.repeat(40 << 20)));
    expect(bomb.length).toBeLessThan(100_000);
    expect(await faultOf(bomb)).toBe('fileTooLarge');
  });

  it('that lies about its size is stopped when it passes it', async () => {
    const liar = makeZip([
      { name: 'xl/workbook.xml', data: `<workbook><sheets><sheet name="a"/></sheets></workbook>` },
      {
        name: 'xl/worksheets/sheet1.xml',
        data: `<worksheet>${cell('y'.repeat(1 << 20))}</worksheet>`,
        fakeSize: 1_000,
      },
    ]);
    expect(await faultOf(liar)).toBe('corruptFile');
  });

  it('with too many parts, rows out of order or columns beyond the format is refused', async () => {
    const many = makeXlsx(
      '',
      Array.from({ length: 30 }, (_, i) => ({ name: `p${i}`, data: '' })),
    );
    expect(await faultOf(many, { ...XLSX_LIMITS, maxEntries: 10 })).toBe('fileTooLarge');
    expect(await faultOf(makeXlsx('<row r="5"></row><row r="4"></row>'))).toBe('corruptFile');
    expect(await faultOf(makeXlsx('<row r="1"><c r="ZZZ1"><v>1</v></c></row>'))).toBe('corruptFile');
    expect(await faultOf(makeXlsx('<row r="1"><c r="AAA1"><v>1</v></c></row>'))).toBe('tooManyColumns');
  });

  it('that is another archive is named so', async () => {
    expect(await faultOf(makeZip([{ name: 'word/document.xml', data: '<a/>' }]))).toBe('notXlsx');
  });
});

describe('the parts of the reader', () => {
  it('give cells as people see them', () => {
    expect(numberToText('13800138000')).toBe('13800138000');
    expect(numberToText('0.1')).toBe('0.1');
    expect(serialToText(45_000, false)).toBe('2023-03-15');
    expect(serialToText(0.5, false)).toBe('12:00');
    expect(serialToText(45_000.75, false)).toBe('2023-03-15 18:00');
    expect(serialToText(-1, false)).toBeUndefined();
    expect([columnOf('A1'), columnOf('Z9'), columnOf('AA10'), columnOf('1')]).toEqual([0, 25, 26, -1]);
    expect(
      ['yyyy-mm-dd', '[h]:mm', 'm"月"d"日"', '0.00', '"day"0', '[Red]0', 'General', '#,##0'].map(isDateFormat),
    ).toEqual([true, true, true, false, false, false, false, false]);
  });

  it('keep shared texts of any length', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 50 }), { maxLength: 50 }), (texts) => {
        const table = new StringTable();
        const all = [...texts, 'z'.repeat(1 << 20), 'ü'.repeat(700_000), ...texts];
        for (const text of all) table.add(text);
        for (const [i, text] of all.entries()) expect(table.get(i) === text).toBe(true);
        expect(table.get(all.length)).toBeUndefined();
      }),
      { numRuns: 10 },
    );
    expect(() => {
      new StringTable(100).add('x'.repeat(200));
    }).toThrow(/too large/);
  });

  it('scan XML the same however it is cut', () => {
    const xml = '<?xml version="1.0"?><a b="1&gt;2"><!-- no --><c/>t&amp;x<![CDATA[<raw>]]></a>';
    const scan = (pieces: readonly string[]): string => {
      let seen = '';
      const scanner = new XmlScanner({
        open: (name, attributes, isEmpty) => (seen += `<${name}|${attributes}|${isEmpty}>`),
        close: (name) => (seen += `</${name}>`),
        text: (value) => (seen += value),
      });
      for (const piece of pieces) scanner.push(piece);
      scanner.end();
      return seen;
    };
    expect(scan([xml])).toBe('<a|b="1&gt;2"|false><c||true>t&x<raw></a>');
    for (let at = 1; at < xml.length; at++) expect(scan([xml.slice(0, at), xml.slice(at)])).toBe(scan([xml]));
    expect(scan([...xml])).toBe(scan([xml]));
  });
});
