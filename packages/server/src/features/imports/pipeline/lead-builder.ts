import type { ImportSettings, NoteReason, RejectReason } from '@qianhu/contracts';
import type { PhoneParser } from '../../../numbers/phone-parser.ts';
import type { PhoneZones } from '../../../numbers/phone-zones.ts';
import { LocalTimes } from './local-time.ts';
import { parsePhoneCells } from './phone-cell.ts';

/** A row made into a lead, ready to be written. */
export type LeadRow = {
  readonly number: string;
  readonly altNumbers: readonly string[];
  readonly region: string;
  /** IANA zones joined by commas; `''` when none is known. */
  readonly zone: string;
  readonly name: string | undefined;
  /** Keys and values of fields that are not empty. */
  readonly fields: readonly (readonly [string, string])[];
  /** Undefined where the row says nothing. */
  readonly priority: number | undefined;
  readonly callbackAtMs: number | undefined;
  readonly notes: readonly NoteReason[];
  /** No text of the lead needs an escape, in JSON or in COPY. */
  readonly isPlain: boolean;
};

export type BuiltRow =
  { readonly ok: true; readonly lead: LeadRow } | { readonly ok: false; readonly reasons: readonly RejectReason[] };

/** Characters that no text of PostgreSQL may hold, and halves of surrogate pairs. */
const clean = (cell: string): string => {
  const text = cell.trim();
  if (!UNCLEAN.test(text)) return text;
  return text
    .replaceAll('\0', '')
    .replaceAll(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd')
    .trim();
};
const trimmed = (cell: string): string => cell.trim();
/** What JSON or COPY would escape, what `clean` would change, and the mark of unreadable characters. */
const NOT_PLAIN = /[\\"\p{Cc}\p{Cs}\ufffd]/u;
const UNCLEAN = /[\0\ud800-\udfff]/;

/** A guard of our own report files, and Excel's mark for text. */
const withoutApostrophe = (cell: string): string => (cell.startsWith("'") ? cell.slice(1) : cell);

/** Reads one row after another by the mapping. All faults of a row are found, not only the first. */
export const createLeadBuilder = (
  settings: ImportSettings,
  parser: PhoneParser,
  zones: PhoneZones,
  nowMs: number,
): ((cells: readonly string[], line?: string) => BuiltRow) => {
  const { columns, options } = settings;
  const columnsTo = (to: string): readonly number[] => columns.flatMap((c, i) => (c.to === to ? [i] : []));
  const phoneColumns = columnsTo('phone');
  const nameColumns = columnsTo('name');
  const priorityColumn = columnsTo('priority')[0];
  const callbackColumn = columnsTo('callbackAt')[0];
  const zoneColumn = columnsTo('zone')[0];
  const fieldColumns = columns.flatMap((c, i) => (c.to === 'field' ? [[i, clean(c.key)] as const] : []));
  const times = new LocalTimes();
  const phoneOptions = { maxNumbers: options.maxNumbers, tooMany: options.tooManyNumbers };
  /** Zones repeat by the million: one joined text for each list of zones. */
  const joined = new Map<readonly string[], string>();
  const zoneOf = (number: string): string => {
    const list = zones.zonesOf(number);
    let text = joined.get(list);
    if (text === undefined) joined.set(list, (text = list.join(',')));
    return text;
  };

  const arePlainKeys = fieldColumns.every(([, key]) => !NOT_PLAIN.test(key));

  return (cells, line) => {
    // One look at the whole line spares several at each of its cells.
    const isPlain = line !== undefined && arePlainKeys && !NOT_PLAIN.test(line);
    const text = isPlain ? trimmed : clean;
    const reasons: RejectReason[] = [];
    for (let i = columns.length; i < cells.length; i++) {
      if ((cells[i] ?? '').trim() === '') continue;
      reasons.push('extraCells');
      break;
    }
    const phones = parsePhoneCells(
      phoneColumns.map((i) => cells[i] ?? ''),
      parser,
      phoneOptions,
    );
    if (!phones.ok) reasons.push(phones.reason);
    const number = phones.ok ? (phones.numbers[0] ?? '') : '';

    let zone = phones.ok ? zoneOf(number) : '';
    const ownZone = zoneColumn === undefined ? '' : (cells[zoneColumn] ?? '').trim();
    if (ownZone !== '') {
      if (times.isZone(ownZone)) zone = ownZone;
      else reasons.push('badZone');
    }

    let priority: number | undefined;
    const priorityText = priorityColumn === undefined ? '' : (cells[priorityColumn] ?? '').trim();
    if (priorityText !== '') {
      priority = /^'?[+-]?\d{1,3}(?:\.0+)?$/.test(priorityText) ? Number(withoutApostrophe(priorityText)) : NaN;
      if (!(Math.abs(priority) <= 100)) reasons.push('badPriority');
    }

    const notes: NoteReason[] = phones.ok ? [...phones.notes] : [];
    let callbackAtMs: number | undefined;
    const callbackText = callbackColumn === undefined ? '' : (cells[callbackColumn] ?? '').trim();
    if (callbackText !== '' && phones.ok) {
      // Where the number leaves several zones open the first is taken: a time in the table is meant in one place.
      callbackAtMs = times.parse(callbackText, zone.split(',')[0] || 'UTC');
      if (callbackAtMs === undefined) reasons.push('badCallbackTime');
      else if (callbackAtMs < nowMs) notes.push('callbackInPast');
    }
    if (reasons.length > 0 || !phones.ok) return { ok: false, reasons };

    let name = '';
    for (const i of nameColumns) {
      const part = text(cells[i] ?? '');
      if (part !== '') name = name === '' ? part : `${name} ${part}`;
    }
    let hasBadCharacters = !isPlain && name.includes('\ufffd');
    const fields: (readonly [string, string])[] = [];
    for (const [i, key] of fieldColumns) {
      const value = text(cells[i] ?? '');
      if (value === '') continue;
      if (!isPlain && value.includes('\ufffd')) hasBadCharacters = true;
      fields.push([key, value]);
    }
    if (phones.extension !== undefined) fields.push(['extension', phones.extension]);
    if (hasBadCharacters) notes.push('badCharacters');
    return {
      ok: true,
      lead: {
        number,
        altNumbers: phones.numbers.slice(1),
        region: phones.country,
        zone,
        name: name === '' ? undefined : name,
        fields,
        priority,
        callbackAtMs,
        notes,
        isPlain,
      },
    };
  };
};
