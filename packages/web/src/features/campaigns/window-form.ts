import { WEEKDAYS, type CallingWindow, type DaySpan, type Weekday } from '@qianhu/core';

/** The same hours on each chosen day: all that most campaigns need, and what the form edits. */
export type SimpleWindow = { readonly days: readonly Weekday[]; readonly spans: readonly DaySpan[] };

/** Whether two days have the same hours. */
export const sameSpans = (a: readonly DaySpan[], b: readonly DaySpan[]): boolean =>
  a.length === b.length &&
  a.every((span, i) => span.fromMinute === b[i]?.fromMinute && span.toMinute === b[i]?.toMinute);

/** A window as the form shows it; `isExact` false when its days differ, which the form cannot show. Single dates are `special-dates.ts`. */
export const toSimple = (window: CallingWindow): { readonly simple: SimpleWindow; readonly isExact: boolean } => {
  const days = WEEKDAYS.filter((day) => window.weekly[day].length > 0);
  const spans = window.weekly[days[0] ?? 'mon'];
  const isExact = days.every((day) => sameSpans(window.weekly[day], spans));
  return { simple: { days, spans }, isExact };
};

/** The form's hours as a window. */
export const fromSimple = ({ days, spans }: SimpleWindow): CallingWindow => {
  const of = (day: Weekday): readonly DaySpan[] => (days.includes(day) ? spans : []);
  return {
    weekly: {
      mon: of('mon'),
      tue: of('tue'),
      wed: of('wed'),
      thu: of('thu'),
      fri: of('fri'),
      sat: of('sat'),
      sun: of('sun'),
    },
  };
};

/** Minutes of the day as `09:30`; the day's end is `24:00`. */
export const minuteText = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

/** `9`, `9:30`, `0930`, `9：30` as minutes; undefined when it is no time of day. */
export const parseMinute = (text: string): number | undefined => {
  const match = /^(\d{1,2})(?:[:：.]?(\d{2}))?$/.exec(text.trim());
  if (match === null) return undefined;
  const minute = Number(match[1]) * 60 + Number(match[2] ?? '0');
  return Number(match[2] ?? '0') < 60 && minute <= 1440 ? minute : undefined;
};

/** Spans as `09:00–12:00, 14:00–20:00`. */
export const spansText = (spans: readonly DaySpan[]): string =>
  spans.map((span) => `${minuteText(span.fromMinute)}–${minuteText(span.toMinute)}`).join(', ');
