import type { EpochMs } from '../ids.ts';
import type { LocalDate } from './zone-time.ts';
import { dateOfDay, dayOfDate, isTimeZone, localDay, wallStretches } from './zone-time.ts';

/** Days of the week, Monday first. */
export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** Part of a day in wall-clock minutes, `fromMinute` included and `toMinute` excluded; 0 ≤ from < to ≤ 1440. */
export type DaySpan = { readonly fromMinute: number; readonly toMinute: number };

/**
 * When calls may be made, in the callee's wall-clock time. A day with no spans is a day off. `dates` replaces the weekly
 * hours of single dates: holidays (no spans), or a Saturday that is worked.
 */
export type CallingWindow = {
  readonly weekly: Readonly<Record<Weekday, readonly DaySpan[]>>;
  readonly dates?: Readonly<Record<LocalDate, readonly DaySpan[]>>;
};

/** Instants in which calls may be made, `fromMs` included and `toMs` excluded. */
export type OpenStretch = { readonly fromMs: EpochMs; readonly toMs: EpochMs };

/** How far ahead an opening is looked for. A window that stays closed longer is closed for good. */
export const OPENING_HORIZON_DAYS = 400;

const WHOLE_DAY: readonly DaySpan[] = [{ fromMinute: 0, toMinute: 1440 }];

/** The same hours every day. */
export const everyDay = (...spans: readonly DaySpan[]): CallingWindow => ({
  weekly: { mon: spans, tue: spans, wed: spans, thu: spans, fri: spans, sat: spans, sun: spans },
});

/** Open at any time. */
export const ALWAYS_OPEN: CallingWindow = everyDay(...WHOLE_DAY);

/** A span from clock readings, `hours(9, 12)` or `hours(9.5, 12)` for half past nine. */
export const hours = (from: number, to: number): DaySpan => ({
  fromMinute: Math.round(from * 60),
  toMinute: Math.round(to * 60),
});

/** 1970-01-01 was a Thursday. */
const weekdayOfDay = (day: number): Weekday => WEEKDAYS[(((day + 3) % 7) + 7) % 7] ?? 'mon';

/** The weekday of a civil date; `undefined` when it is no date. */
export const weekdayOf = (date: LocalDate): Weekday | undefined => {
  const day = dayOfDate(date);
  return day === undefined ? undefined : weekdayOfDay(day);
};

const spansOfDay = (window: CallingWindow, day: number): readonly DaySpan[] =>
  window.dates?.[dateOfDay(day)] ?? window.weekly[weekdayOfDay(day)];

const intersectSpans = (a: readonly DaySpan[], b: readonly DaySpan[]): readonly DaySpan[] =>
  a
    .flatMap((x) =>
      b.map((y) => ({
        fromMinute: Math.max(x.fromMinute, y.fromMinute),
        toMinute: Math.min(x.toMinute, y.toMinute),
      })),
    )
    .filter((span) => span.toMinute > span.fromMinute)
    .sort((x, y) => x.fromMinute - y.fromMinute);

/** The window in which both are open. */
export const intersectWindows = (a: CallingWindow, b: CallingWindow): CallingWindow => {
  const weekly = Object.fromEntries(
    WEEKDAYS.map((weekday) => [weekday, intersectSpans(a.weekly[weekday], b.weekly[weekday])]),
  ) as Record<Weekday, readonly DaySpan[]>;
  const dates: Record<LocalDate, readonly DaySpan[]> = {};
  for (const date of [...Object.keys(a.dates ?? {}), ...Object.keys(b.dates ?? {})]) {
    const weekday = weekdayOf(date);
    if (weekday === undefined) continue;
    dates[date] = intersectSpans(a.dates?.[date] ?? a.weekly[weekday], b.dates?.[date] ?? b.weekly[weekday]);
  }
  return Object.keys(dates).length === 0 ? { weekly } : { weekly, dates };
};

// A window never changes after it is made, so what one day in one zone comes to is worked out once. Entries go with
// their window, and a window's own map is emptied when it grows past a bound.
const dayCache = new WeakMap<CallingWindow, Map<string, readonly OpenStretch[]>>();
const MAX_CACHED_DAYS = 5_000;

const stretchesOfDay = (window: CallingWindow, zone: string, day: number): readonly OpenStretch[] => {
  let days = dayCache.get(window);
  if (!days) {
    days = new Map();
    dayCache.set(window, days);
  }
  const key = `${zone}|${day}`;
  const cached = days.get(key);
  if (cached) return cached;
  const merged: { fromMs: EpochMs; toMs: EpochMs }[] = [];
  const all = spansOfDay(window, day)
    .flatMap((span) => wallStretches(zone, day, Math.max(0, span.fromMinute), Math.min(1440, span.toMinute)))
    .sort((a, b) => a.fromMs - b.fromMs);
  for (const stretch of all) {
    const previous = merged.at(-1);
    if (previous && stretch.fromMs <= previous.toMs) previous.toMs = Math.max(previous.toMs, stretch.toMs);
    else merged.push({ ...stretch });
  }
  if (days.size >= MAX_CACHED_DAYS) days.clear();
  days.set(key, merged);
  return merged;
};

/** Whether calls may be made at an instant to someone in this zone. An unknown zone is never open. */
export const isOpen = (window: CallingWindow, zone: string, atMs: EpochMs): boolean => {
  const day = localDay(zone, atMs);
  if (day === undefined) return false;
  return stretchesOfDay(window, zone, day).some((stretch) => atMs >= stretch.fromMs && atMs < stretch.toMs);
};

/**
 * The first instant, not before `fromMs`, at which the window is open: `fromMs` itself when it is open then.
 * `undefined` when the zone is unknown or nothing opens within `OPENING_HORIZON_DAYS`.
 * It depends on nothing but its arguments, so a clock that jumped is right again with the next question.
 */
export const nextOpening = (window: CallingWindow, zone: string, fromMs: EpochMs): EpochMs | undefined => {
  const today = localDay(zone, fromMs);
  if (today === undefined) return undefined;
  for (let day = today; day <= today + OPENING_HORIZON_DAYS; day++) {
    for (const stretch of stretchesOfDay(window, zone, day)) {
      if (fromMs < stretch.toMs) return Math.max(fromMs, stretch.fromMs);
    }
  }
  return undefined;
};

/**
 * When the present opening ends; `undefined` when it is closed now, or open without an end within a week. A window that
 * is open over midnight is followed over it.
 */
export const closesAt = (window: CallingWindow, zone: string, atMs: EpochMs): EpochMs | undefined => {
  const today = localDay(zone, atMs);
  if (today === undefined || !isOpen(window, zone, atMs)) return undefined;
  let endMs = atMs;
  for (let day = today; day <= today + 7; day++) {
    for (const stretch of stretchesOfDay(window, zone, day)) {
      if (stretch.toMs <= endMs) continue;
      if (stretch.fromMs > endMs) return endMs;
      endMs = stretch.toMs;
    }
  }
  return localDay(zone, endMs) === today + 8 ? undefined : endMs;
};

/**
 * The first instant, not before `fromMs`, at which the window is open in every one of the zones. A number whose zone is
 * not certain (a mobile of a country with several) is called only when all candidates agree.
 */
export const nextOpeningInAll = (
  window: CallingWindow,
  zoneNames: readonly string[],
  fromMs: EpochMs,
): EpochMs | undefined => {
  if (zoneNames.length === 0) return undefined;
  let atMs = fromMs;
  const horizonMs = fromMs + OPENING_HORIZON_DAYS * 86_400_000;
  while (atMs <= horizonMs) {
    let latestMs = atMs;
    for (const zone of zoneNames) {
      const openingMs = nextOpening(window, zone, latestMs);
      if (openingMs === undefined) return undefined;
      latestMs = openingMs;
    }
    if (latestMs === atMs) return atMs;
    atMs = latestMs;
  }
  return undefined;
};

/** What is wrong with a window, as codes with the place; empty when it is sound. */
export const windowProblems = (window: CallingWindow): readonly { readonly code: string; readonly at: string }[] => {
  const problems: { code: string; at: string }[] = [];
  const days: readonly (readonly [string, readonly DaySpan[]])[] = [
    ...WEEKDAYS.map((weekday) => [weekday, window.weekly[weekday]] as const),
    ...Object.entries(window.dates ?? {}),
  ];
  for (const [at, spans] of days) {
    let previousEnd = -1;
    for (const span of [...spans].sort((a, b) => a.fromMinute - b.fromMinute)) {
      const sound =
        Number.isInteger(span.fromMinute) &&
        Number.isInteger(span.toMinute) &&
        span.fromMinute >= 0 &&
        span.toMinute <= 1440 &&
        span.fromMinute < span.toMinute;
      if (!sound) problems.push({ code: 'spanNonsense', at });
      else if (span.fromMinute < previousEnd) problems.push({ code: 'spansOverlap', at });
      previousEnd = Math.max(previousEnd, span.toMinute);
    }
  }
  for (const date of Object.keys(window.dates ?? {})) {
    if (dayOfDate(date) === undefined) problems.push({ code: 'notADate', at: date });
  }
  const opens = days.some(([, spans]) => spans.some((span) => span.toMinute > span.fromMinute));
  if (!opens) problems.push({ code: 'windowNeverOpen', at: 'weekly' });
  return problems;
};

/** Whether every zone is a known IANA name and there is at least one. */
export const zonesAreKnown = (zoneNames: readonly string[]): boolean =>
  zoneNames.length > 0 && zoneNames.every(isTimeZone);
