import { forecast, quantile, type Forecast, type ForecastQuestion, type Range } from '@qianhu/core';

/** What the forecasting thread is started with. */
export type ForecastJob = {
  readonly question: ForecastQuestion;
  readonly seed: number;
  /** Days that are simulated at most and at least, and the time after which no further one is begun. */
  readonly mostDays: number;
  readonly leastDays: number;
  readonly budgetMs: number;
};

export type ForecastEnd = { readonly forecast: Forecast; readonly days: number };

type Figure = 'talkMinutesPerHour' | 'occupancy' | 'agentWaitSec' | 'dropRate' | 'finishHours';

/** Simulates one day after another until the time is up: how many, and so how good the ranges are, depends on the machine. */
export const runForecast = (job: ForecastJob, now: () => number): ForecastEnd => {
  const startedMs = now();
  const days: Forecast[] = [];
  do days.push(forecast(job.question, { seed: job.seed + days.length, repetitions: 1 }));
  while (days.length < job.mostDays && (days.length < job.leastDays || now() - startedMs < job.budgetMs));
  const rangeOf = (figure: Figure): Range => {
    const values = days.map((day) => day[figure].middle);
    return { low: quantile(values, 0.1), middle: quantile(values, 0.5), high: quantile(values, 0.9) };
  };
  return {
    forecast: {
      talkMinutesPerHour: rangeOf('talkMinutesPerHour'),
      occupancy: rangeOf('occupancy'),
      agentWaitSec: rangeOf('agentWaitSec'),
      dropRate: rangeOf('dropRate'),
      finishHours: rangeOf('finishHours'),
      ringingLinesNeeded: Math.max(...days.map((day) => day.ringingLinesNeeded)),
    },
    days: days.length,
  };
};
