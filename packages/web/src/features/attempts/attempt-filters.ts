import { OUTCOMES } from '@qianhu/core';

export const PERIODS = ['today', 'last7', 'any'] as const;
export type Period = (typeof PERIODS)[number];

/** The filters of the table as they stand in the page's address, so that a view can be shared and gone back to. */
export type AttemptFilters = {
  readonly campaign?: string;
  readonly outcome?: (typeof OUTCOMES)[number] | 'open';
  readonly agent?: string;
  readonly number?: string;
  readonly period: Period;
};

/** Reads filters from an address; what is not understood is left out. */
export const filtersFrom = (search: URLSearchParams): AttemptFilters => {
  const outcome = [...OUTCOMES, 'open' as const].find((name) => name === search.get('outcome'));
  const number = (search.get('number') ?? '').replace(/[\s-]/g, '');
  const campaign = search.get('campaign');
  const agent = search.get('agent');
  return {
    period: PERIODS.find((name) => name === search.get('period')) ?? 'any',
    ...(outcome === undefined ? {} : { outcome }),
    ...(campaign === null ? {} : { campaign }),
    ...(agent === null ? {} : { agent }),
    ...(/^\+?\d{3,15}$/.test(number) ? { number } : {}),
  };
};

/** Beginning of the period in epoch milliseconds; undefined for any time. Days begin at this browser's midnight. */
export const periodStart = (period: Period, nowMs: number): number | undefined => {
  if (period === 'any') return undefined;
  const day = new Date(nowMs);
  day.setHours(0, 0, 0, 0);
  if (period === 'last7') day.setDate(day.getDate() - 6);
  return day.getTime();
};
