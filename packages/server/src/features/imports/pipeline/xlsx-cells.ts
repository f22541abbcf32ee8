import { attributeOf, type XmlSink } from './xml-scanner.ts';

/** Limits of the format itself (Excel specifications and limits). */
export const MAX_XLSX_ROWS = 1_048_576;
export const MAX_COLUMNS = 500;

const DAY_MS = 86_400_000;
/** Serial 0 in the 1900 system, moved by the day 1900-02-29 that Excel believes in (all later days count). */
const EPOCH_1900_MS = Date.UTC(1899, 11, 30);
const EPOCH_1904_MS = Date.UTC(1904, 0, 1);

const pad = (n: number): string => String(n).padStart(2, '0');

/** A date serial as text: `2026-11-22`, `2026-11-22 15:30`, or `15:30` for a time alone. Undefined for what is no date. */
export const serialToText = (serial: number, is1904: boolean): string | undefined => {
  if (!Number.isFinite(serial) || serial < 0 || serial > 2_958_465.999_99) return undefined;
  const seconds = Math.round(serial * 86_400);
  const date = new Date((is1904 ? EPOCH_1904_MS : EPOCH_1900_MS) + seconds * 1000);
  const day = `${date.getUTCFullYear()}-${pad(date.getUTCMonth() + 1)}-${pad(date.getUTCDate())}`;
  const withoutDay = seconds * 1000 < DAY_MS;
  if (seconds % 86_400 === 0 && !withoutDay) return day;
  const time = `${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}${date.getUTCSeconds() === 0 ? '' : `:${pad(date.getUTCSeconds())}`}`;
  return withoutDay ? time : `${day} ${time}`;
};

/** Number formats that show a date or a time without being spelled out in the workbook (ECMA-376 part 1, 18.8.30). */
const isBuiltInDate = (id: number): boolean =>
  (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) || (id >= 50 && id <= 58);

/** Whether a spelled-out format shows a date or a time: a letter of dates outside quotes, brackets and escapes. */
export const isDateFormat = (code: string): boolean =>
  /[ymdhs]/i.test(
    code
      .replaceAll(/"[^"]*"|\\.|_.|\*./g, '')
      .replaceAll(/\[(?!h+\]|m+\]|s+\])[^\]]*\]/gi, '')
      .replaceAll(/General/gi, ''),
  );

/** Collects from `styles.xml` which cell styles show dates. */
export const createStyleReader = (): { readonly sink: XmlSink; isDate(style: number): boolean } => {
  const formats = new Map<number, string>();
  const dates: boolean[] = [];
  let isInCellXfs = false;
  return {
    sink: {
      open: (name, attributes) => {
        if (name === 'numFmt')
          formats.set(Number(attributeOf(attributes, 'numFmtId')), attributeOf(attributes, 'formatCode') ?? '');
        else if (name === 'cellXfs') isInCellXfs = true;
        else if (name === 'xf' && isInCellXfs) {
          const id = Number(attributeOf(attributes, 'numFmtId') ?? 0);
          const format = formats.get(id);
          dates.push(format === undefined ? isBuiltInDate(id) : isDateFormat(format));
        }
      },
      close: (name) => {
        if (name === 'cellXfs') isInCellXfs = false;
      },
      text: () => undefined,
    },
    isDate: (style) => dates[style] ?? false,
  };
};

/**
 * A number cell as people see it in a format without decimals: `1.3800138E10` is 13800138000, all digits there. (In a text
 * cell the same letters mean that the digits are lost.)
 */
export const numberToText = (raw: string): string => {
  const value = Number(raw);
  if (!Number.isFinite(value) || raw.trim() === '') return raw;
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return value.toFixed(0);
  return String(value);
};

/** Column of a cell reference, from 0: `A1` → 0, `AB7` → 27. -1 when it is no reference. */
export const columnOf = (reference: string): number => {
  let column = 0;
  for (let i = 0; i < reference.length; i++) {
    const code = reference.charCodeAt(i);
    if (code >= 65 && code <= 90) column = column * 26 + code - 64;
    else return column - 1;
  }
  return column - 1;
};

/** A cell's text from its type (`t`), value (`v`) and style. `strings` looks shared texts up. */
export const cellText = (
  type: string | undefined,
  value: string,
  isDate: boolean,
  is1904: boolean,
  strings: (index: number) => string | undefined,
): string => {
  switch (type) {
    case 's':
      return strings(Number(value)) ?? '';
    case 'inlineStr':
    case 'str':
    case 'e':
      return value;
    case 'b':
      return value === '1' ? 'TRUE' : 'FALSE';
    case 'd':
      return value.replace('T', ' ').replace(/(?::00)?(?:\.0+)?Z?$/, '');
    default:
      return value === ''
        ? ''
        : isDate
          ? (serialToText(Number(value), is1904) ?? numberToText(value))
          : numberToText(value);
  }
};
