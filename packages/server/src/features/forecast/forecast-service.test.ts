import type { Campaign, CampaignForecast } from '@qianhu/contracts';
import { defaultCampaignSettings, rulePackAt, type CampaignId, type CampaignSettings } from '@qianhu/core';
import { describe, expect, it } from 'vitest';
import type { Viewer } from '../../http/viewer.ts';
import { realClock } from '../../platform/clock.ts';
import { runForecast, type ForecastEnd, type ForecastJob } from './forecast-job.ts';
import { createForecastService, hoursPerDayOf } from './forecast-service.ts';
import type { ForecastStore } from './forecast-store.ts';

const id = '018f3c2e-7d4a-7abc-8def-0123456789ab' as CampaignId;
const viewer = (login: string): Viewer => ({ login, name: login, role: 'supervisor', locale: 'en' });
const nothing = { dials: 0, people: 0, answerDelays: [], talks: [], wrapUps: [] };
const one = { low: 1, middle: 2, high: 3 };
const end: ForecastEnd = {
  forecast: {
    talkMinutesPerHour: one,
    occupancy: one,
    agentWaitSec: one,
    dropRate: one,
    finishHours: { low: 1, middle: 2, high: Infinity },
    ringingLinesNeeded: 9,
  },
  days: 3,
};

const serviceOf = (
  settings: Partial<CampaignSettings> = {},
  simulate: (job: ForecastJob, signal: AbortSignal) => Promise<ForecastEnd> = () => Promise.resolve(end),
) => {
  const kept: CampaignForecast[] = [];
  const jobs: ForecastJob[] = [];
  const campaign = {
    campaignId: id,
    phase: 'draft',
    isDemo: false,
    settings: { ...defaultCampaignSettings, maxChannels: 30, ...settings },
    agentIds: ['a', 'b', 'c', 'd'],
  } as unknown as Campaign;
  const store: ForecastStore = {
    samples: () => Promise.resolve(nothing),
    pacer: () => Promise.resolve(undefined),
    trunkLines: () => Promise.resolve(20),
    leads: () => Promise.resolve(500),
    keep: (_, forecast) => {
      kept.push(forecast);
      return Promise.resolve();
    },
    kept: () => Promise.resolve(kept[0]),
    happened: () => Promise.resolve({ dials: 0, people: 0, agentHours: 0 }),
  };
  const service = createForecastService({
    store,
    campaigns: { get: () => Promise.resolve(campaign) },
    clock: realClock(),
    simulate: (job, signal) => {
      jobs.push(job);
      return simulate(job, signal);
    },
  });
  return { service, kept, jobs };
};
const never = new AbortController().signal;
/** Waits until it is ended, as a thread is. */
const untilEnded = (_: ForecastJob, signal: AbortSignal): Promise<ForecastEnd> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });

describe('a what-if', () => {
  it('takes the campaign’s own team, lines and mode where nothing is asked, and is kept for later', async () => {
    const { service, kept, jobs } = serviceOf();
    const answer = await service.ask(id, {}, viewer('s'), never);
    expect(answer.asked).toMatchObject({ agents: 4, lines: 20, mode: 'progressive', leads: 500 });
    expect(answer).toMatchObject({ finishHours: null, linesNeeded: 13, days: 3 });
    expect(jobs[0]?.question.lines).toBe(17);
    expect(kept).toEqual([answer]);
    expect((await service.record(id)).predicted).toEqual(answer);
  });

  it('is not kept as the campaign’s forecast when something else was asked', async () => {
    const { service, kept, jobs } = serviceOf({ mode: { kind: 'predictive', dropLimit: 0.02 } });
    const answer = await service.ask(id, { agents: 50, dropLimit: 0.09 }, viewer('s'), never);
    // Never above what the rules allow.
    expect(answer.asked).toMatchObject({ agents: 50, mode: 'predictive', dropLimit: 0.03 });
    expect(jobs[0]?.question.settings.windows[0]?.limit).toBe(0.03);
    expect(kept).toEqual([]);
  });

  it('ends a person’s earlier question, and one whose asker went away', async () => {
    const { service } = serviceOf({}, untilEnded);
    const gone = new AbortController();
    const first = service.ask(id, {}, viewer('s'), never);
    const firstEnd = expect(first).rejects.toMatchObject({ code: 'conflict' });
    await new Promise((resolve) => setImmediate(resolve));
    const second = service.ask(id, {}, viewer('s'), gone.signal);
    const secondEnd = expect(second).rejects.toMatchObject({ code: 'conflict' });
    await firstEnd;
    gone.abort();
    await secondEnd;
  });

  it('refuses a third person while two are being answered', async () => {
    const { service } = serviceOf({}, untilEnded);
    const gone = new AbortController();
    const open = ['a', 'b'].map((login) => service.ask(id, {}, viewer(login), gone.signal).catch(() => 'ended'));
    await new Promise((resolve) => setImmediate(resolve));
    await expect(service.ask(id, {}, viewer('c'), never)).rejects.toMatchObject({ code: 'unavailable' });
    gone.abort();
    expect(await Promise.all(open)).toEqual(['ended', 'ended']);
  });

  it('foretells more talk and some drops for predictive, none to speak of for progressive', async () => {
    const { service, jobs } = serviceOf();
    await service.ask(id, { agents: 4 }, viewer('s'), never);
    await service.ask(id, { agents: 4, mode: 'predictive' }, viewer('s'), never);
    const [progressive, predictive] = jobs.map((job) =>
      runForecast({ ...job, mostDays: 2, leastDays: 2, question: { ...job.question, hoursPerDay: 2 } }, () => 0),
    );
    expect(predictive?.forecast.occupancy.middle).toBeGreaterThan((progressive?.forecast.occupancy.middle ?? 1) + 0.05);
    expect(progressive?.forecast.dropRate.middle).toBeLessThan(0.005);
  });

  it('counts the hours that both the campaign and the rules allow', () => {
    const pack = rulePackAt('china', Date.UTC(2026, 10, 1));
    const { weekly } = defaultCampaignSettings.window;
    const monday = { fromMinute: 600, toMinute: 660 };
    const none = Object.fromEntries(Object.keys(weekly).map((day) => [day, []])) as unknown as typeof weekly;
    const settings = { ...defaultCampaignSettings, window: { weekly: { ...none, mon: [monday] } } };
    expect(hoursPerDayOf(settings, pack)).toBe(1);
    expect(hoursPerDayOf({ ...settings, window: { weekly: none } }, pack)).toBe(0);
  });
});
