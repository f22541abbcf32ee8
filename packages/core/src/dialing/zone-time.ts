import type { EpochMs } from '../ids.ts';

/** A civil date, `YYYY-MM-DD`. */
export type LocalDate = string;

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** One zone's days are kept until this many are held, then all are forgotten: a bound, not a tuning knob. */
const MAX_CACHED_DAYS = 2_000;

/** A stretch of instants, `fromMs` included and `toMs` excluded, in which a zone's offset from UTC is `offsetMs`. */
export type OffsetStretch = { readonly fromMs: EpochMs; readonly toMs: EpochMs; readonly offsetMs: number };

type Zone = { readonly format: Intl.DateTimeFormat; readonly days: Map<number, readonly OffsetStretch[]> };

// Both maps only remember what Intl would say again: the functions here stay referentially transparent.
const zones = new Map<string, Zone | null>();

const zoneOf = (name: string): Zone | null => {
  const known = zones.get(name);
  if (known !== undefined) return known;
  let zone: Zone | null;
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    zone = { format, days: new Map() };
  } catch {
    zone = null;
  }
  if (zones.size > 1_000) zones.clear();
  zones.set(name, zone);
  return zone;
};

/** Whether the name is an IANA time zone known here. */
export const isTimeZone = (name: string): boolean => name !== '' && zoneOf(name) !== null;

const askOffset = (zone: Zone, atMs: EpochMs): number => {
  const fields = { year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0 };
  for (const part of zone.format.formatToParts(atMs)) {
    if (part.type in fields) fields[part.type as keyof typeof fields] = Number(part.value);
  }
  const wall = Date.UTC(fields.year, fields.month - 1, fields.day, fields.hour, fields.minute, fields.second);
  return wall - Math.floor(atMs / 1000) * 1000;
};

/**
 * The offsets in force during one UTC day (days since the epoch). At most one change a day is looked for: no zone has
 * ever had two within 24 hours since 1972.
 */
const stretchesOfUtcDay = (zone: Zone, utcDay: number): readonly OffsetStretch[] => {
  const cached = zone.days.get(utcDay);
  if (cached) return cached;
  const fromMs = utcDay * DAY_MS;
  const toMs = fromMs + DAY_MS;
  const first = askOffset(zone, fromMs);
  const last = askOffset(zone, toMs);
  let stretches: readonly OffsetStretch[];
  if (first === last) {
    stretches = [{ fromMs, toMs, offsetMs: first }];
  } else {
    // Changes fall on whole minutes; bisect for the first minute that has the new offset.
    let before = 0;
    let after = DAY_MS / MINUTE_MS;
    while (after - before > 1) {
      const middle = (before + after) >> 1;
      if (askOffset(zone, fromMs + middle * MINUTE_MS) === first) before = middle;
      else after = middle;
    }
    const changeMs = fromMs + after * MINUTE_MS;
    stretches = [{ fromMs, toMs: changeMs, offsetMs: first }];
    if (changeMs < toMs) stretches = [...stretches, { fromMs: changeMs, toMs, offsetMs: last }];
  }
  if (zone.days.size >= MAX_CACHED_DAYS) zone.days.clear();
  zone.days.set(utcDay, stretches);
  return stretches;
};

/** The offset of a zone from UTC at an instant, in milliseconds; `undefined` for a name that is no zone. */
export const zoneOffsetMs = (zoneName: string, atMs: EpochMs): number | undefined => {
  const zone = zoneOf(zoneName);
  if (!zone) return undefined;
  for (const stretch of stretchesOfUtcDay(zone, Math.floor(atMs / DAY_MS))) {
    if (atMs < stretch.toMs) return stretch.offsetMs;
  }
  return askOffset(zone, atMs);
};

/** The civil date of a day number (days since 1970-01-01). */
export const dateOfDay = (day: number): LocalDate => new Date(day * DAY_MS).toISOString().slice(0, 10);

/** The day number (days since 1970-01-01) of a civil date; `undefined` when it is not a date of the calendar. */
export const dayOfDate = (date: LocalDate): number | undefined => {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) return undefined;
  const ms = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(ms)) return undefined;
  const day = ms / DAY_MS;
  return dateOfDay(day) === date ? day : undefined;
};

/** The civil day number in a zone at an instant; `undefined` for a name that is no zone. */
export const localDay = (zoneName: string, atMs: EpochMs): number | undefined => {
  const offsetMs = zoneOffsetMs(zoneName, atMs);
  return offsetMs === undefined ? undefined : Math.floor((atMs + offsetMs) / DAY_MS);
};

/**
 * The instants whose wall clock in the zone reads from `fromMinute` (included) to `toMinute` (excluded) on a civil day,
 * as sorted stretches that do not touch: usually one, two where a change of the clock repeats or skips an hour.
 * An hour that the clock skips has no instants; one that it repeats is there twice.
 */
export const wallStretches = (
  zoneName: string,
  day: number,
  fromMinute: number,
  toMinute: number,
): readonly { readonly fromMs: EpochMs; readonly toMs: EpochMs }[] => {
  const zone = zoneOf(zoneName);
  if (!zone || toMinute <= fromMinute) return [];
  const wallFrom = day * DAY_MS + fromMinute * MINUTE_MS;
  const wallTo = day * DAY_MS + toMinute * MINUTE_MS;
  const found: { fromMs: EpochMs; toMs: EpochMs }[] = [];
  // Offsets lie between -12 h and +14 h, so the civil day touches at most the neighbouring UTC days.
  for (let utcDay = day - 1; utcDay <= day + 1; utcDay++) {
    for (const stretch of stretchesOfUtcDay(zone, utcDay)) {
      const fromMs = Math.max(stretch.fromMs, wallFrom - stretch.offsetMs);
      const toMs = Math.min(stretch.toMs, wallTo - stretch.offsetMs);
      if (toMs <= fromMs) continue;
      const previous = found.at(-1);
      if (previous && previous.toMs === fromMs) previous.toMs = toMs;
      else found.push({ fromMs, toMs });
    }
  }
  return found;
};

/** The first instant of a civil day in a zone; `undefined` for a name that is no zone. */
export const startOfDayMs = (zoneName: string, day: number): EpochMs | undefined =>
  wallStretches(zoneName, day, 0, 1440)[0]?.fromMs;
