import type { ParsedPhone, PhoneParser } from '../../../numbers/phone-parser.ts';
import type { NoteReason, RejectReason } from '@qianhu/contracts';

/** Numbers of a lead, in the order to try them. */
export type PhoneCells =
  | {
      readonly ok: true;
      readonly numbers: readonly string[];
      readonly country: string;
      readonly extension: string | undefined;
      readonly notes: readonly NoteReason[];
    }
  | { readonly ok: false; readonly reason: RejectReason };

export type PhoneCellOptions = { readonly maxNumbers: number; readonly tooMany: 'reject' | 'keepFirst' };

/** Excel's way to show a long number; in text its last digits are gone for good. */
const SCIENTIFIC = /^[+']?\s*\d(?:[.,]\d+)?\s*E\s*\+?\s*\d{1,2}$/i;
/** What programs that think of numbers leave behind. */
const TRAILING_ZEROS = /^(\+?\d{5,})\.0+$/;
const FORMULA_ERROR = /^#(?:N\/A|REF!|VALUE!|NAME\?|NUM!|DIV\/0!|NULL!|SPILL!|CALC!|GETTING_DATA)$/i;
const SEPARATORS = /[;；/／、,，|｜\n\r]+|\s+(?:or|或)\s*|或/i;
const HAS_SEPARATOR = /[;；/／、,，|｜\n\r或]|\sor\s/i;
/** Extensions as they are written in Chinese offices; the English ways the library knows. */
const CHINESE_EXTENSION = /\s*(?:转|轉|分机号?|分機|内线|內線)[:：\s-]*(\d{1,8})\s*$/;
/** `010-88888888-8001`: area code, number, extension. */
const DASHED_EXTENSION = /^(.*\d[-－—]\d{7,8})[-－—](\d{1,6})$/;
const NO_NOTES: readonly NoteReason[] = [];
const ONLY_DIGITS = /^\d{7,15}$/;

type One = { number: string; country: string; extension: string | undefined } | { fault: RejectReason };

const parseOne = (text: string, parser: PhoneParser): One => {
  const direct = parser.parse(text);
  if (direct.ok) return { ...direct.phone, extension: direct.extension };
  if (SCIENTIFIC.test(text.normalize('NFKC'))) return { fault: 'scientificNotation' };
  if (FORMULA_ERROR.test(text)) return { fault: 'cellError' };
  const mended = TRAILING_ZEROS.exec(text)?.[1];
  const withExtension = CHINESE_EXTENSION.exec(text) ?? undefined;
  const dashed = DASHED_EXTENSION.exec(text);
  const head = mended ?? (withExtension ? text.slice(0, withExtension.index) : dashed?.[1]);
  if (head !== undefined) {
    const again = parser.parse(head);
    const extension = mended === undefined ? (withExtension?.[1] ?? dashed?.[2]) : undefined;
    if (again.ok) return { ...again.phone, extension };
  }
  return { fault: direct.fault };
};

/** Numbers of one cell, further numbers written beside it by any of the usual separators. */
const parseCell = (cell: string, parser: PhoneParser): One[] => {
  // Both may hold what looks like a separator: 1,38E+10 and #N/A.
  if (FORMULA_ERROR.test(cell)) return [{ fault: 'cellError' }];
  if (SCIENTIFIC.test(cell)) return [{ fault: 'scientificNotation' }];
  if (ONLY_DIGITS.test(cell) || !HAS_SEPARATOR.test(cell)) {
    const one = parseOne(cell, parser);
    if (!('fault' in one) || one.fault === 'scientificNotation') return [one];
    // `13800138000 13900139000`: blanks inside a number and between numbers look alike; it is several if each is one.
    const parts = cell.trim().split(/\s+/);
    if (parts.length < 2) return [one];
    const several = parts.map((part) => parseOne(part, parser));
    return several.every((part) => !('fault' in part)) ? several : [one];
  }
  return cell
    .split(SEPARATORS)
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => parseOne(part, parser));
};

/**
 * The numbers of a row's phone cells, in E.164 and without doubles. One valid number makes a lead; faulty ones beside it are
 * noted. No valid number: the first fault is the reason.
 */
export const parsePhoneCells = (
  cells: readonly string[],
  parser: PhoneParser,
  options: PhoneCellOptions,
): PhoneCells => {
  const only = cells.length === 1 ? (cells[0] ?? '') : '';
  if (ONLY_DIGITS.test(only)) {
    // Nine of ten rows: one cell of digits.
    const { phone } = parser.parse(only) as { phone?: ParsedPhone };
    if (phone !== undefined)
      return { ok: true, numbers: [phone.number], country: phone.country, extension: undefined, notes: NO_NOTES };
  }
  const numbers: string[] = [];
  const notes = new Set<NoteReason>();
  let country = '';
  let extension: string | undefined;
  let fault: RejectReason = 'noPhone';
  for (const raw of cells) {
    const cell = raw.trim();
    if (cell === '') continue;
    for (const one of parseCell(cell, parser)) {
      if ('fault' in one) {
        if (fault === 'noPhone') fault = one.fault;
        continue;
      }
      if (numbers.includes(one.number)) continue;
      if (numbers.length === 0) country = one.country;
      numbers.push(one.number);
      // The extension belongs to the first number; kept as a field for the agent who is put through to a switchboard.
      if (numbers.length === 1) extension = one.extension;
    }
  }
  if (numbers.length === 0) return { ok: false, reason: fault };
  if (numbers.length > options.maxNumbers) {
    if (options.tooMany === 'reject') return { ok: false, reason: 'tooManyNumbers' };
    numbers.length = options.maxNumbers;
    notes.add('numbersDropped');
  }
  if (fault !== 'noPhone') notes.add('someNumbersInvalid');
  if (extension !== undefined) notes.add('extensionKept');
  return { ok: true, numbers, country, extension, notes: [...notes] };
};
