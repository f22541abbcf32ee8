import { expect, it } from 'vitest';
import { filtersFrom, periodStart } from './attempt-filters.ts';

it('reads filters from the address and leaves out what it does not understand', () => {
  expect(filtersFrom(new URLSearchParams('outcome=busy&number=138 0013&period=today'))).toEqual({
    outcome: 'busy',
    number: '1380013',
    period: 'today',
  });
  expect(filtersFrom(new URLSearchParams('outcome=nonsense&number=x&period=ever'))).toEqual({ period: 'any' });
});

it('begins today at midnight and a week six days before', () => {
  const now = new Date(2026, 10, 22, 15, 30).getTime();
  expect(periodStart('today', now)).toBe(new Date(2026, 10, 22).getTime());
  expect(periodStart('last7', now)).toBe(new Date(2026, 10, 16).getTime());
  expect(periodStart('any', now)).toBeUndefined();
});
