import { dateOfDay } from '@qianhu/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addRange, changeHours, MAX_RANGE_DAYS, rangeFault, rangesOf, removeRange } from './special-dates.ts';
import { fromSimple } from './window-form.ts';

const usual = [{ fromMinute: 540, toMinute: 720 }];
const later = [{ fromMinute: 600, toMinute: 720 }];
const workdays = fromSimple({ days: ['mon', 'tue', 'wed', 'thu', 'fri'], spans: usual });

it('shows a holiday and the worked Saturday after it as two ranges, over the end of a month', () => {
  const holiday = addRange(workdays, { from: '2027-01-30', to: '2027-02-02', spans: [] });
  const window = addRange(holiday, { from: '2027-02-06', to: '2027-02-06', spans: usual });
  expect(Object.keys(window.dates ?? {})).toHaveLength(5);
  expect(rangesOf(window)).toEqual([
    { from: '2027-01-30', to: '2027-02-02', spans: [] },
    { from: '2027-02-06', to: '2027-02-06', spans: usual },
  ]);
});

it('cuts a range where a date inside it gets other hours', () => {
  const holiday = addRange(workdays, { from: '2027-02-01', to: '2027-02-03', spans: [] });
  expect(rangesOf(addRange(holiday, { from: '2027-02-02', to: '2027-02-02', spans: later }))).toHaveLength(3);
});

it('keeps the dates when the weekly hours change, and takes those along that are called at the usual hours', () => {
  const holiday = addRange(workdays, { from: '2027-02-01', to: '2027-02-01', spans: [] });
  const window = addRange(holiday, { from: '2027-02-06', to: '2027-02-06', spans: usual });
  const changed = changeHours(window, { days: ['mon'], spans: later });
  expect(changed).toEqual({
    ...fromSimple({ days: ['mon'], spans: later }),
    dates: { '2027-02-01': [], '2027-02-06': later },
  });
});

it('opens no day off when no weekday was called before', () => {
  const none = addRange(fromSimple({ days: [], spans: [] }), { from: '2027-02-01', to: '2027-02-01', spans: [] });
  expect(changeHours(none, { days: ['mon'], spans: usual }).dates).toEqual({ '2027-02-01': [] });
});

it('refuses what is no range of dates', () => {
  expect(rangeFault('', '2027-02-01')).toBe('dateMissing');
  expect(rangeFault('2027-02-30', '2027-03-01')).toBe('dateMissing');
  expect(rangeFault('2027-02-02', '2027-02-01')).toBe('dateOrder');
  expect(rangeFault('2026-02-01', '2027-02-01')).toBe('dateTooLong');
  expect(rangeFault('2027-02-01', '2027-02-01')).toBeUndefined();
});

it('takes away what it has added', () => {
  const day = fc.integer({ min: 20_000, max: 21_000 });
  fc.assert(
    fc.property(day, fc.integer({ min: 0, max: MAX_RANGE_DAYS - 1 }), (first, length) => {
      const range = { from: dateOfDay(first), to: dateOfDay(first + length), spans: [] };
      const window = addRange(workdays, range);
      expect(rangesOf(window)).toEqual([range]);
      expect(removeRange(window, range)).toEqual(workdays);
    }),
  );
});
