import { dateOfDay, dayOfDate, type CallingWindow, type DaySpan, type LocalDate } from '@qianhu/core';
import { fromSimple, sameSpans, toSimple, type SimpleWindow } from './window-form.ts';

/** Dates that follow one another and have the same hours instead of those of their weekdays; both ends included. */
export type DateRange = { readonly from: LocalDate; readonly to: LocalDate; readonly spans: readonly DaySpan[] };

/** Most days that are added at once: a slip of the keyboard in the year must not close a campaign for a century. */
export const MAX_RANGE_DAYS = 62;

/** What is wrong with two typed dates; undefined when they can be added. */
export const rangeFault = (from: string, to: string): 'dateMissing' | 'dateOrder' | 'dateTooLong' | undefined => {
  const first = dayOfDate(from);
  const last = dayOfDate(to);
  if (first === undefined || last === undefined) return 'dateMissing';
  if (last < first) return 'dateOrder';
  return last - first >= MAX_RANGE_DAYS ? 'dateTooLong' : undefined;
};

/** The single dates of a window as ranges, in order of the calendar. */
export const rangesOf = (window: CallingWindow): readonly DateRange[] => {
  const ranges: { from: LocalDate; to: LocalDate; spans: readonly DaySpan[] }[] = [];
  for (const [date, spans] of Object.entries(window.dates ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const last = ranges.at(-1);
    const follows = last !== undefined && (dayOfDate(last.to) ?? 0) + 1 === dayOfDate(date);
    if (follows && sameSpans(last.spans, spans)) last.to = date;
    else ranges.push({ from: date, to: date, spans });
  }
  return ranges;
};

const datesIn = ({ from, to }: Pick<DateRange, 'from' | 'to'>): readonly LocalDate[] => {
  const first = dayOfDate(from) ?? 0;
  return Array.from({ length: (dayOfDate(to) ?? -1) - first + 1 }, (_, i) => dateOfDay(first + i));
};

const withDates = (window: CallingWindow, dates: Readonly<Record<LocalDate, readonly DaySpan[]>>): CallingWindow =>
  Object.keys(dates).length === 0 ? { weekly: window.weekly } : { weekly: window.weekly, dates };

/** Gives dates hours of their own; what was said of them before is replaced. */
export const addRange = (window: CallingWindow, range: DateRange): CallingWindow =>
  withDates(window, { ...window.dates, ...Object.fromEntries(datesIn(range).map((date) => [date, range.spans])) });

/** Gives dates back to the hours of their weekdays. */
export const removeRange = (window: CallingWindow, range: Pick<DateRange, 'from' | 'to'>): CallingWindow => {
  const gone = new Set(datesIn(range));
  return withDates(window, Object.fromEntries(Object.entries(window.dates ?? {}).filter(([date]) => !gone.has(date))));
};

/** Changes the weekly hours and keeps the single dates; a date that is called at the usual hours goes along with them. */
export const changeHours = (window: CallingWindow, simple: SimpleWindow): CallingWindow => {
  const usual = toSimple(window).simple.spans;
  const dates = Object.entries(window.dates ?? {}).map(
    ([date, spans]) => [date, spans.length > 0 && sameSpans(spans, usual) ? simple.spans : spans] as const,
  );
  return withDates(fromSimple(simple), Object.fromEntries(dates));
};
