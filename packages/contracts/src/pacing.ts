import { z } from 'zod';
import { campaignId, count, durationMs, epochMs, listOf } from './common.ts';
import { defineRoute } from './route.ts';

/** Figures that a "what if" may change; what is absent is the campaign's own. */
export const forecastBody = z
  .object({
    agents: z.exactOptional(z.int().min(1).max(1000)).meta({ description: 'Agents at work.', examples: [10] }),
    lines: z
      .exactOptional(z.int().min(1).max(5000))
      .meta({ description: 'Lines, conversations included.', examples: [30] }),
    mode: z
      .exactOptional(z.enum(['progressive', 'predictive']))
      .meta({ description: 'How lines are dialled.', examples: ['predictive'] }),
    dropLimit: z
      .exactOptional(z.number().min(0.001).max(0.1))
      .meta({ description: 'Greatest share (0–1) of people who answered and found nobody.', examples: [0.03] }),
    answerRate: z
      .exactOptional(z.number().min(0.005).max(0.98))
      .meta({ description: 'Share (0–1) of dials that a person answers.', examples: [0.3] }),
    talkSec: z
      .exactOptional(z.number().min(2).max(3600))
      .meta({ description: 'Mean length of a talk, seconds.', examples: [120] }),
    wrapUpSec: z
      .exactOptional(z.number().min(0.5).max(1800))
      .meta({ description: 'Mean length of wrap-up, seconds.', examples: [20] }),
  })
  .meta({
    id: 'ForecastQuestion',
    description: 'A "what if" of a campaign; empty: as it is set.',
    examples: [{}, { agents: 12, dropLimit: 0.02 }],
  });
export type ForecastBody = z.infer<typeof forecastBody>;

const range = z
  .object({
    low: z.number().meta({ description: 'One day in ten is below.', examples: [38] }),
    middle: z.number().meta({ description: 'Median day.', examples: [43] }),
    high: z.number().meta({ description: 'One day in ten is above.', examples: [46] }),
  })
  .meta({
    id: 'ForecastRange',
    description: 'A figure with its range over simulated days.',
    examples: [{ low: 38, middle: 43, high: 46 }],
  });

const FIGURE_SOURCES = ['asked', 'pacer', 'campaign', 'house', 'assumed'] as const;
const figure = z
  .object({
    value: z.number().meta({ description: 'Mean.', examples: [0.3] }),
    from: z.enum(FIGURE_SOURCES).meta({
      description:
        'asked: in the question; pacer: learned by the running campaign; campaign, house: measured in its own or all earlier calls; assumed: nothing was measured yet.',
      examples: ['campaign'],
    }),
    seen: z.exactOptional(count).meta({ description: 'Calls it was measured from.', examples: [420] }),
  })
  .meta({
    id: 'ForecastFigure',
    description: 'A figure that a forecast was computed from, and where it comes from.',
    examples: [{ value: 0.3, from: 'campaign', seen: 420 }],
  });

export const campaignForecast = z
  .object({
    asked: z
      .object({
        agents: count,
        lines: count,
        mode: z
          .enum(['progressive', 'ratio', 'predictive'])
          .meta({ description: 'How lines are dialled.', examples: ['predictive'] }),
        dropLimit: z.number().meta({ description: 'Share 0–1.', examples: [0.03] }),
        leads: count,
        hoursPerDay: z.number().meta({ description: 'Hours of dialing on a working day.', examples: [8] }),
      })
      .meta({ description: 'What was simulated.' }),
    basis: z
      .object({ answerRate: figure, talkSec: figure, wrapUpSec: figure, answerDelaySec: figure })
      .meta({ description: 'What it was computed from.' }),
    talkMinutesPerHour: range,
    occupancy: range,
    agentWaitSec: range,
    dropRate: range,
    finishHours: z.union([range, z.null()]).meta({
      description: 'Working hours until each lead was dialled once; null when nothing can be dialled.',
    }),
    linesNeeded: count,
    days: z
      .int()
      .min(1)
      .meta({ description: 'Simulated days that the ranges are over.', examples: [12] }),
    madeAtMs: epochMs,
  })
  .meta({ id: 'CampaignForecast', description: 'What a campaign may be expected to bring.' });
export type CampaignForecast = z.infer<typeof campaignForecast>;

/** What a campaign brought so far, in the terms of its forecast; a figure without calls behind it is absent. */
const happened = z
  .object({
    talkMinutesPerHour: z.exactOptional(z.number()).meta({ description: 'Per agent at work.', examples: [41.5] }),
    agentWaitSec: z.exactOptional(z.number()).meta({ description: 'Mean wait between two talks.', examples: [14] }),
    dropRate: z.exactOptional(z.number()).meta({ description: 'Of people who answered, 0–1.', examples: [0.021] }),
    answerRate: z.exactOptional(z.number()).meta({ description: 'Of settled dials, 0–1.', examples: [0.28] }),
    talkSec: z.exactOptional(z.number()).meta({ description: 'Mean length of a talk.', examples: [131] }),
    dials: count,
    people: count,
    agentHours: z.number().meta({ description: 'Hours that agents were at work.', examples: [36.5] }),
  })
  .meta({ id: 'ForecastOutcome', description: 'What happened, in the terms of the forecast.' });

export const forecastRecord = z
  .object({
    predicted: z
      .exactOptional(campaignForecast)
      .meta({ description: 'What was shown before the start; absent when nothing was.' }),
    happened,
  })
  .meta({ id: 'ForecastRecord', description: 'A forecast beside what happened.' });
export type ForecastRecord = z.infer<typeof forecastRecord>;

const LEDGER_SPANS = ['30days', '24hours', 'day'] as const;
const share = z.number().min(0).max(1);
export const ledgerRow = z
  .object({
    span: z.enum(LEDGER_SPANS).meta({
      description:
        '30days: the FTC’s, from the campaign’s first day; 24hours: from its first minute; day: the callees’ civil day.',
      examples: ['day'],
    }),
    fromMs: epochMs,
    toMs: epochMs,
    connected: count,
    dropped: count,
    machines: count,
    leftEarly: count,
    ftc: share.meta({ description: 'Dropped of people who answered (16 CFR 310.4(b)(4)).', examples: [0.021] }),
    ofcom: share.meta({ description: 'As Ofcom’s Annex 3 counts.', examples: [0.021] }),
    callLoss: share.meta({ description: '呼损率: answered calls that nobody took of all answered.', examples: [0.03] }),
    likelyLow: share.meta({ description: '95 % interval of the FTC rate, lower end.', examples: [0.011] }),
    likelyHigh: share.meta({ description: '95 % interval of the FTC rate, upper end.', examples: [0.039] }),
    isWithinLimit: z.boolean().meta({ description: 'Whether the limit is kept.', examples: [true] }),
  })
  .meta({ id: 'LedgerRow', description: 'Counts and rates of one period.' });
export type LedgerRow = z.infer<typeof ledgerRow>;

export const dropLedger = z
  .object({
    limit: share.meta({ description: 'The limit in force.', examples: [0.03] }),
    graceMs: durationMs,
    ruling: z.enum(LEDGER_SPANS).meta({ description: 'The span that the rule pack counts by.', examples: ['day'] }),
    zone: z.string().meta({ description: 'Whose civil days are counted.', examples: ['Asia/Shanghai'] }),
    rows: listOf(ledgerRow).meta({ description: 'Each span, newest period first.' }),
  })
  .meta({ id: 'DropLedger', description: 'Who answered and found nobody, by the spans of the law.' });
export type DropLedger = z.infer<typeof dropLedger>;

const params = z.object({ campaignId });
const supervisors = ['administrator', 'supervisor'] as const;

export const pacingRoutes = {
  forecastCampaign: defineRoute({
    method: 'POST',
    path: '/campaigns/:campaignId/forecast',
    operationId: 'forecastCampaign',
    tag: 'pacing',
    summary: 'What the campaign may be expected to bring, simulated through the real pacer',
    description:
      'Takes seconds. One at a time per person: a new question ends the one before. Ends when the asker goes away.',
    access: supervisors,
    params,
    body: forecastBody,
    isAudited: false,
    response: campaignForecast,
    problems: [404, 409, 503],
  }),
  getForecast: defineRoute({
    method: 'GET',
    path: '/campaigns/:campaignId/forecast',
    operationId: 'getForecast',
    tag: 'pacing',
    summary: 'The forecast that was shown before the start, beside what happened',
    access: supervisors,
    params,
    response: forecastRecord,
    problems: [404],
  }),
  getDropLedger: defineRoute({
    method: 'GET',
    path: '/campaigns/:campaignId/drop-ledger',
    operationId: 'getDropLedger',
    tag: 'pacing',
    summary: 'Dropped calls by the periods of the law',
    access: supervisors,
    params,
    response: dropLedger,
    problems: [404],
  }),
  exportDropLedger: defineRoute({
    method: 'GET',
    path: '/campaigns/:campaignId/drop-ledger.csv',
    operationId: 'exportDropLedger',
    tag: 'pacing',
    summary: 'Dropped calls by the periods of the law, as CSV evidence; holds no number and no name',
    access: supervisors,
    params,
    produces: 'text/csv',
    problems: [404],
  }),
} as const;
