import { callerIdRest } from './caller-ids.ts';
import { OUTCOMES, RULE_IDS, WEEKDAYS, type CampaignSettings, type Outcome } from '@qianhu/core';
import { z } from 'zod';
import {
  campaignId,
  count,
  done,
  durationMs,
  epochMs,
  listId,
  listOf,
  pageOf,
  pageQuery,
  phoneNumber,
  shortText,
  trunkId,
  userId,
} from './common.ts';
import { defineRoute } from './route.ts';

export const outcome = z.enum(OUTCOMES).meta({
  id: 'Outcome',
  description: 'What the machine saw of an attempt.',
  examples: ['answered'],
});

const daySpan = z
  .object({
    fromMinute: z
      .int()
      .min(0)
      .max(1439)
      .meta({ description: 'Minute of the day, included.', examples: [540] }),
    toMinute: z
      .int()
      .min(1)
      .max(1440)
      .meta({ description: 'Minute of the day, excluded.', examples: [720] }),
  })
  .meta({
    id: 'DaySpan',
    description: 'Part of a day in wall-clock minutes.',
    examples: [{ fromMinute: 540, toMinute: 720 }],
  });
const daySpans = listOf(daySpan, { max: 24 });

export const callingWindow = z
  .object({
    weekly: z
      .object(
        Object.fromEntries(WEEKDAYS.map((day) => [day, daySpans])) as Record<
          (typeof WEEKDAYS)[number],
          typeof daySpans
        >,
      )
      .meta({ description: 'Hours of each weekday; no span is a day off.' }),
    dates: z
      .exactOptional(z.record(z.string().regex(/^\d{4}-\d{2}-\d{2}$/), daySpans))
      .meta({ description: 'Hours of single dates, instead of the weekday’s.', examples: [{ '2027-02-06': [] }] }),
  })
  .meta({ id: 'CallingWindow', description: 'When calls may be made, in the callee’s time.' });

const cap = z.exactOptional(z.int().min(1).max(1_000_000));
const numberCaps = z
  .object({
    perHour: cap.meta({ description: 'In any hour.', examples: [1] }),
    per24h: cap.meta({ description: 'In any 24 hours.', examples: [3] }),
    perDay: cap.meta({ description: 'In a civil day of the callee.', examples: [3] }),
    per30d: cap.meta({ description: 'In any 30 days.', examples: [10] }),
    inAll: cap.meta({ description: 'Ever.', examples: [20] }),
    minGapMs: z.exactOptional(durationMs).meta({ description: 'Between two dials.', examples: [3_600_000] }),
  })
  .meta({
    id: 'NumberCaps',
    description: 'Most dials to one number; absent is no cap of one’s own.',
    examples: [{ perDay: 2 }],
  });

const quietMs = z.exactOptional(durationMs);
const quietTimes = z
  .object({
    afterRejectedMs: quietMs.meta({ description: 'After the callee declined.', examples: [86_400_000] }),
    afterOptOutMs: z
      .exactOptional(z.union([durationMs, z.literal('forever')]))
      .meta({ description: 'After the callee asked not to be called.', examples: ['forever'] }),
    afterDropMs: quietMs.meta({ description: 'After a dropped call.', examples: [86_400_000] }),
    afterMachineMs: quietMs.meta({ description: 'After a machine answered.', examples: [14_400_000] }),
  })
  .meta({
    id: 'QuietTimes',
    description: 'How long a number is left alone.',
    examples: [{ afterRejectedMs: 86_400_000 }],
  });

const retryDelay = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z.literal('list'),
      delaysMs: listOf(durationMs, { min: 1, max: 50 }).meta({
        description: 'The last repeats.',
        examples: [[3_600_000]],
      }),
    }),
    z.object({
      kind: z.literal('backOff'),
      firstMs: durationMs,
      factor: z
        .number()
        .min(1)
        .max(100)
        .meta({ description: 'Each delay is the one before times this.', examples: [3] }),
      maxMs: durationMs,
    }),
  ])
  .meta({
    id: 'RetryDelay',
    description: 'Delay before the next attempt.',
    examples: [{ kind: 'list', delaysMs: [3_600_000] }],
  });

const outcomeRetry = z
  .object({
    maxAttempts: z
      .number()
      .min(0)
      .max(1000)
      .meta({ description: 'Most attempts that end so.', examples: [3] }),
    delay: retryDelay,
    nextNumber: z
      .enum(['same', 'next', 'nextNow', 'otherOnly'])
      .meta({ description: 'Which of the lead’s numbers comes next.', examples: ['same'] }),
  })
  .meta({ id: 'OutcomeRetry', description: 'What follows one outcome.' });

export const retryPolicy = z
  .object({
    maxAttempts: z
      .int()
      .min(1)
      .max(1000)
      .meta({ description: 'Most attempts of a lead in all.', examples: [5] }),
    perOutcome: z
      .partialRecord(outcome, outcomeRetry)
      .meta({ description: 'An outcome without an entry ends the lead.' }),
  })
  .meta({ id: 'RetryPolicy', description: 'Which outcomes are tried again, and when.' });

const leadOrder = z
  .object({
    dueCallbacks: z.enum(['first', 'inTurn']).meta({ description: 'Promised callbacks.', examples: ['first'] }),
    untried: z.enum(['first', 'last', 'inTurn']).meta({ description: 'Leads never tried.', examples: ['first'] }),
    fewerAttemptsFirst: z.boolean().meta({ description: 'Leads with fewer attempts first.', examples: [true] }),
    then: z
      .enum(['oldest', 'newest', 'longestDue', 'bestTime'])
      .meta({ description: 'What decides at last.', examples: ['longestDue'] }),
  })
  .meta({ id: 'LeadOrder', description: 'In which order leads are dialled.' });

const promptName = z
  .string()
  .regex(/^[a-zA-Z0-9_-]{1,64}$/)
  .meta({ id: 'PromptName', description: 'A prompt by name.', examples: ['drop'] });

export const disposition = z
  .object({
    code: z
      .string()
      .regex(/^[a-zA-Z0-9_-]{1,40}$/)
      .meta({ description: 'Stable code.', examples: ['success'] }),
    label: z
      .object({
        zh: z
          .string()
          .min(1)
          .max(40)
          .meta({ description: 'In Chinese.', examples: ['成功'] }),
        en: z
          .string()
          .min(1)
          .max(40)
          .meta({ description: 'In English.', examples: ['Success'] }),
      })
      .meta({ description: 'As shown to the agent.' }),
    then: z
      .enum(['done', 'retry', 'callback', 'optOut'])
      .meta({ description: 'What it does to the lead.', examples: ['done'] }),
  })
  .meta({
    id: 'Disposition',
    description: 'A code that an agent puts on a finished call.',
    examples: [{ code: 'success', label: { zh: '成功', en: 'Success' }, then: 'done' }],
  });

/** The same shape as core's `CampaignSettings`; core's `checkSettings` judges the sense of the values. */
const campaignSettingsShape = z.object({
  listIds: listOf(listId, { max: 100 }).meta({ description: 'Lists dialled; all demonstration lists or none.' }),
  trunkIds: listOf(trunkId, { max: 100 }).meta({ description: 'Trunks in order of preference.' }),
  callerIds: listOf(phoneNumber, { max: 10_000 }).meta({ description: 'Numbers that may be shown.' }),
  callerIdUse: z
    .object({
      sameCityFirst: z.boolean().meta({ description: 'Prefer the callee’s city.', examples: [true] }),
      maxPerDay: z.int().meta({ description: 'Dials a day per caller ID.', examples: [200] }),
      maxConcurrent: z.int().meta({ description: 'Open dials per caller ID.', examples: [10] }),
    })
    .meta({ description: 'How caller IDs are chosen and spared.' }),
  rulePack: z.enum(['china', 'usa', 'uk', 'lab']).meta({ description: 'Country rules.', examples: ['china'] }),
  voice: z.enum(['person', 'artificial']).meta({ description: 'Who speaks to the callee.', examples: ['person'] }),
  mode: z
    .discriminatedUnion('kind', [
      z.object({ kind: z.literal('progressive') }),
      z.object({
        kind: z.literal('ratio'),
        linesPerAgent: z.number().meta({ description: 'Lines per free agent.', examples: [1.5] }),
      }),
      z.object({
        kind: z.literal('predictive'),
        dropLimit: z
          .number()
          .meta({ description: 'Greatest share (0–1) of people who answered and found nobody.', examples: [0.03] }),
      }),
    ])
    .meta({ description: 'How many lines are dialled.', examples: [{ kind: 'progressive' }] }),
  ringTimeoutMs: durationMs,
  retry: retryPolicy,
  leadOrder,
  priority: z.int().meta({ description: '1–99, higher first.', examples: [50] }),
  window: callingWindow,
  caps: numberCaps,
  quiet: quietTimes,
  consent: z
    .enum(['never', 'artificialVoice', 'always'])
    .meta({ description: 'When consent must be on record.', examples: ['never'] }),
  maxChannels: z.int().meta({ description: 'Most open dials and calls.', examples: [30] }),
  newCallsPerSecond: z.number().meta({ description: 'New calls per second.', examples: [5] }),
  agentWaitMs: durationMs,
  dropMessage: z
    .union([promptName, z.null()])
    .meta({ description: 'For a callee whom nobody was in time for.', examples: ['drop'] }),
  wrapUp: z
    .object({
      maxMs: z
        .union([durationMs, z.null()])
        .meta({ description: 'Ready by itself after; null waits.', examples: [30_000] }),
      dispositionRequired: z.boolean().meta({ description: 'A disposition must be chosen.', examples: [true] }),
    })
    .meta({ description: 'After-call work.' }),
  recording: z.enum(['answered', 'none']).meta({ description: 'What is recorded.', examples: ['answered'] }),
  onAgentLost: z
    .discriminatedUnion('kind', [
      z.object({ kind: z.literal('anotherAgent'), waitMs: durationMs, message: promptName }),
      z.object({ kind: z.literal('message'), message: promptName }),
    ])
    .meta({
      description: 'What a callee hears whose agent vanished.',
      examples: [{ kind: 'message', message: 'goodbye' }],
    }),
  dispositions: listOf(disposition, { max: 100 }).meta({ description: 'Result codes of this campaign.' }),
});

export const campaignSettings = campaignSettingsShape.meta({
  id: 'CampaignSettings',
  description: 'Everything that a supervisor sets for a campaign.',
}) satisfies z.ZodType<CampaignSettings>;

/** Settings where what is absent keeps its present (or default) value. */
export const campaignSettingsPatch = z
  .object(
    Object.fromEntries(
      Object.entries(campaignSettingsShape.shape).map(([key, schema]) => [key, z.exactOptional(schema)]),
    ) as {
      [K in keyof typeof campaignSettingsShape.shape]: z.ZodExactOptional<(typeof campaignSettingsShape.shape)[K]>;
    },
  )
  .meta({
    id: 'CampaignSettingsPatch',
    description: 'Settings; what is absent keeps its value, or the default in a new campaign.',
    examples: [{ maxChannels: 10 }],
  });
export type CampaignSettingsPatch = z.infer<typeof campaignSettingsPatch>;

export const campaignPhase = z
  .enum(['draft', 'running', 'paused', 'draining', 'stopped', 'finished'])
  .meta({ id: 'CampaignPhase', description: 'Where the campaign is in its life.', examples: ['running'] });

export const agentPhase = z
  .enum(['loggedOut', 'connecting', 'paused', 'ready', 'ringing', 'talking', 'held', 'wrapUp'])
  .meta({ id: 'AgentPhase', description: 'What an agent is doing.', examples: ['ready'] });

const callCounts = z
  .object({ dialing: count, ringing: count, waiting: count, talking: count, announcing: count })
  .meta({
    id: 'CallCounts',
    description: 'Open calls by what they do.',
    examples: [{ dialing: 1, ringing: 3, waiting: 0, talking: 2, announcing: 0 }],
  });

const outcomeCounts = z
  .partialRecord(outcome, count)
  .meta({ description: 'Settled attempts by outcome.', examples: [{ answered: 12, busy: 3 }] }) as unknown as z.ZodType<
  Readonly<Partial<Record<Outcome, number>>>
>;
const leadCounts = z
  .object({ ready: count, dialing: count, done: count })
  .meta({ id: 'LeadCounts', description: 'Leads by state.', examples: [{ ready: 100, dialing: 3, done: 12 }] });

/** The live view of one campaign. */
export const campaignView = z
  .object({
    campaignId,
    name: z.string().meta({ description: 'Name.', examples: ['十一月回访'] }),
    phase: campaignPhase,
    demo: z.boolean().meta({ description: 'Part of the demonstration.', examples: [false] }),
    calls: callCounts,
    outcomes: outcomeCounts,
    leads: leadCounts,
    agents: z.partialRecord(agentPhase, count).meta({ description: 'Its agents by phase.', examples: [{ ready: 2 }] }),
    limitedBy: z
      .exactOptional(z.string())
      .meta({ description: 'Code of why not more lines now.', examples: ['noAgents', 'windowClosed'] }),
    nextOpeningMs: z.exactOptional(epochMs).meta({ description: 'When the window opens.' }),
    restingCallerIds: z.exactOptional(listOf(callerIdRest, { max: 50 })).meta({
      description: 'Its caller IDs that are not shown for a while; the first 50.',
    }),
    pacing: z
      .record(z.string(), z.number())
      .meta({ description: 'The pacer’s named figures.', examples: [{ linesWanted: 3 }] }),
  })
  .meta({ id: 'CampaignView', description: 'A campaign as it is at this moment.' });
export type CampaignLive = z.infer<typeof campaignView>;

const campaignName = shortText(80).meta({ description: 'Name.', examples: ['十一月回访'] });
const agents = listOf(userId, { max: 5000 }).meta({
  description: 'Who takes its calls.',
  examples: [['018f3c2e-7d4a-7abc-8def-0123456789ab']],
});

export const campaign = z
  .object({
    campaignId,
    name: campaignName,
    phase: campaignPhase,
    isDemo: z.boolean().meta({ description: 'Part of the demonstration.', examples: [false] }),
    settings: campaignSettings,
    agentIds: agents,
    createdAtMs: epochMs,
    startedAtMs: z.exactOptional(epochMs),
    finishedAtMs: z.exactOptional(epochMs),
    live: z.exactOptional(campaignView).meta({ description: 'Its live view, where the engine knows it.' }),
  })
  .meta({ id: 'Campaign', description: 'A campaign with its settings.' });
export type Campaign = z.infer<typeof campaign>;

export const campaignSummary = z
  .object({
    campaignId,
    name: campaignName,
    phase: campaignPhase,
    isDemo: z.boolean().meta({ description: 'Part of the demonstration.', examples: [false] }),
    modeKind: z
      .enum(['progressive', 'ratio', 'predictive'])
      .meta({ description: 'Dial mode.', examples: ['progressive'] }),
    lists: listOf(z.object({ listId, name: z.string().meta({ description: 'Name.', examples: ['客户 11 月'] }) })).meta(
      {
        description: 'Its lists.',
      },
    ),
    leads: leadCounts,
    attempts: count,
    answered: count,
    createdAtMs: epochMs,
    startedAtMs: z.exactOptional(epochMs),
    finishedAtMs: z.exactOptional(epochMs),
  })
  .meta({ id: 'CampaignSummary', description: 'A row of the table of campaigns.' });

export const createCampaignBody = z
  .object({
    name: campaignName,
    settings: campaignSettingsPatch.default({}),
    agentIds: z
      .exactOptional(agents)
      .meta({ description: 'Who takes its calls; absent: everybody whose role is agent.' }),
  })
  .meta({
    id: 'CreateCampaign',
    description: 'A new campaign; what its settings leave out is the default.',
    examples: [{ name: '十一月回访', settings: { listIds: ['018f3c2e-7d4a-7abc-8def-0123456789ab'] } }],
  });

export const updateCampaignBody = z
  .object({
    name: z.exactOptional(campaignName),
    settings: z.exactOptional(campaignSettingsPatch),
    agentIds: z.exactOptional(agents),
  })
  .meta({
    id: 'UpdateCampaign',
    description: 'What changes; absent fields stay. A running campaign takes it over at once.',
    examples: [{ name: '十二月回访' }],
  });

/** One thing that keeps a campaign from starting, or from dialing well. */
export const campaignCheck = z
  .object({
    field: z.string().meta({ description: 'Setting or part concerned.', examples: ['callerIds'] }),
    code: z.string().meta({ description: 'What is wrong; translated by the screens.', examples: ['missing'] }),
    severity: z.enum(['error', 'warning']).meta({ description: 'An error prevents the start.', examples: ['error'] }),
    limit: z.exactOptional(z.number()).meta({ description: 'The bound that was passed.', examples: [15_000] }),
    subject: z
      .exactOptional(z.string())
      .meta({ description: 'Name of the list, trunk or campaign concerned.', examples: ['北京联通'] }),
    message: z.string().meta({ description: 'In English, for programs and logs.', examples: ['No caller ID is set.'] }),
  })
  .meta({
    id: 'CampaignCheck',
    description: 'A problem of a campaign.',
    examples: [{ field: 'callerIds', code: 'missing', severity: 'error', message: 'No caller ID is set.' }],
  });
export type CampaignCheck = z.infer<typeof campaignCheck>;

export const campaignChecks = z
  .object({
    canStart: z.boolean().meta({ description: 'Whether no error stands.', examples: [true] }),
    problems: listOf(campaignCheck).meta({ description: 'All problems at once.' }),
  })
  .meta({
    id: 'CampaignChecks',
    description: 'What is wrong with a campaign.',
    examples: [{ canStart: true, problems: [] }],
  });

export const campaignCommand = z.enum(['start', 'pause', 'drain', 'stop']).meta({
  id: 'CampaignCommand',
  description:
    'start (also resumes); pause: no new dials; drain: no new dials, stopped when the last call ends; stop: ringing lines are hung up, talks go on.',
  examples: ['start'],
});

/** One rule's finding, as stored (docs/adr/0005). */
export const ruleFinding = z
  .object({
    rule: z.enum(RULE_IDS).meta({ description: 'Which rule.', examples: ['callingWindow'] }),
    result: z.enum(['pass', 'block', 'notApplicable']).meta({ description: 'What it found.', examples: ['pass'] }),
    code: z.string().meta({ description: 'Text code; translated by the screens.', examples: ['ok'] }),
    input: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), listOf(z.string())]))
      .meta({ description: 'What it looked at.', examples: [{ zone: 'Asia/Shanghai' }] }),
    retryAtMs: z.exactOptional(epochMs).meta({ description: 'When this rule would pass.' }),
  })
  .meta({ id: 'RuleFinding', description: 'What one rule found.' });

export const verdict = z
  .object({
    allowed: z
      .exactOptional(z.boolean())
      .meta({ description: 'Whether the dial was allowed; absent in a look ahead.', examples: [true] }),
    mayBeTried: z
      .exactOptional(z.boolean())
      .meta({ description: 'In a look ahead without a trunk.', examples: [true] }),
    atMs: epochMs,
    pack: z.string().meta({ description: 'Rule pack.', examples: ['china'] }),
    packVersion: z.string().meta({ description: 'Its version.', examples: ['2026-01'] }),
    rules: listOf(ruleFinding).meta({ description: 'Every rule.' }),
    retryAtMs: z.exactOptional(epochMs).meta({ description: 'When all rules would pass.' }),
  })
  .meta({ id: 'Verdict', description: 'The explained answer to “may this number be called now?”' });

const params = z.object({ campaignId });
const supervisors = ['administrator', 'supervisor'] as const;

export const campaignRoutes = {
  listCampaigns: defineRoute({
    method: 'GET',
    path: '/campaigns',
    operationId: 'listCampaigns',
    tag: 'campaigns',
    summary: 'Campaigns, newest first',
    access: supervisors,
    query: pageQuery,
    response: pageOf('CampaignPage', campaignSummary),
  }),
  getCampaignDefaults: defineRoute({
    method: 'GET',
    path: '/campaigns/defaults',
    operationId: 'getCampaignDefaults',
    tag: 'campaigns',
    summary: 'Settings that a new campaign starts with',
    access: supervisors,
    response: campaignSettings,
  }),
  checkNewCampaign: defineRoute({
    method: 'POST',
    path: '/campaigns/checks',
    operationId: 'checkNewCampaign',
    tag: 'campaigns',
    summary: 'What would be wrong with a campaign of these settings',
    access: supervisors,
    body: createCampaignBody,
    isAudited: false,
    response: campaignChecks,
  }),
  createCampaign: defineRoute({
    method: 'POST',
    path: '/campaigns',
    operationId: 'createCampaign',
    tag: 'campaigns',
    summary: 'Adds a campaign in draft',
    access: supervisors,
    body: createCampaignBody,
    response: campaign,
    status: 201,
    problems: [409, 422],
  }),
  getCampaign: defineRoute({
    method: 'GET',
    path: '/campaigns/:campaignId',
    operationId: 'getCampaign',
    tag: 'campaigns',
    summary: 'One campaign with settings and live view',
    access: supervisors,
    params,
    response: campaign,
    problems: [404],
  }),
  updateCampaign: defineRoute({
    method: 'PATCH',
    path: '/campaigns/:campaignId',
    operationId: 'updateCampaign',
    tag: 'campaigns',
    summary: 'Changes a campaign',
    access: supervisors,
    params,
    body: updateCampaignBody,
    response: campaign,
    problems: [404, 409, 422],
  }),
  deleteCampaign: defineRoute({
    method: 'DELETE',
    path: '/campaigns/:campaignId',
    operationId: 'deleteCampaign',
    tag: 'campaigns',
    summary: 'Removes a campaign that never dialled',
    access: supervisors,
    params,
    response: done,
    problems: [404, 409],
  }),
  checkCampaign: defineRoute({
    method: 'GET',
    path: '/campaigns/:campaignId/checks',
    operationId: 'checkCampaign',
    tag: 'campaigns',
    summary: 'What keeps the campaign from starting or dialing well',
    access: supervisors,
    params,
    response: campaignChecks,
    problems: [404],
  }),
  commandCampaign: defineRoute({
    method: 'POST',
    path: '/campaigns/:campaignId/commands/:command',
    operationId: 'commandCampaign',
    tag: 'campaigns',
    summary: 'start, pause, drain or stop',
    access: supervisors,
    params: z.object({ campaignId, command: campaignCommand }),
    response: campaign,
    problems: [404, 409, 422, 503],
  }),
} as const;
