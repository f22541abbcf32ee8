import { z } from 'zod';
import { outcome, verdict } from './campaigns.ts';
import {
  agentId,
  attemptId,
  callId,
  campaignId,
  dialId,
  durationMs,
  epochMs,
  leadId,
  listId,
  listOf,
  pageOf,
  pageQuery,
  shownNumber,
  trunkId,
  queryEpochMs,
} from './common.ts';
import { recording } from './recordings.ts';
import { defineRoute } from './route.ts';

const optionalTime = z.exactOptional(epochMs);

export const attempt = z
  .object({
    attemptId,
    campaignId,
    campaignName: z.string().meta({ description: 'Name of its campaign.', examples: ['十一月回访'] }),
    listId,
    leadId,
    leadName: z.exactOptional(z.string()).meta({ description: 'Name of the lead.', examples: ['王伟'], pii: true }),
    callId,
    number: shownNumber,
    ordinal: z.int().meta({ description: 'Which attempt of the lead it was.', examples: [1] }),
    outcome: z.exactOptional(outcome).meta({ description: 'Absent while the attempt is open.' }),
    outcomeDetail: z
      .exactOptional(z.string())
      .meta({ description: 'Why the outcome is what it is.', examples: ['settled from the switch’s log'] }),
    agentId: z.exactOptional(agentId),
    agentName: z.exactOptional(z.string()).meta({ description: 'Name of the agent.', examples: ['李娜'] }),
    disposition: z
      .exactOptional(z.string())
      .meta({ description: 'Code that the agent put on it.', examples: ['success'] }),
    createdAtMs: epochMs,
    ringingAtMs: optionalTime,
    answeredAtMs: optionalTime,
    bridgedAtMs: optionalTime,
    endedAtMs: optionalTime,
    talkMs: z.exactOptional(durationMs).meta({ description: 'From bridge to end.' }),
    hasRecording: z.boolean().meta({ description: 'Whether a recording can be played.', examples: [true] }),
  })
  .meta({ id: 'Attempt', description: 'One try to reach one lead.' });
export type Attempt = z.infer<typeof attempt>;

export const dial = z
  .object({
    dialId,
    trunkId,
    trunkName: z.exactOptional(z.string()).meta({ description: 'Name of the trunk.', examples: ['北京联通'] }),
    dialString: z.string().meta({
      description: 'The number as the carrier got it; masked like the number.',
      examples: ['013800138000'],
      pii: true,
    }),
    callerId: z.exactOptional(z.string()).meta({ description: 'The number shown.', examples: ['+861088886666'] }),
    createdAtMs: epochMs,
    ringingAtMs: optionalTime,
    answeredAtMs: optionalTime,
    endedAtMs: optionalTime,
    cause: z.exactOptional(z.int()).meta({ description: 'Q.850 cause.', examples: [17] }),
    sipStatus: z.exactOptional(z.int()).meta({ description: 'SIP status from the far end.', examples: [486] }),
    endedBy: z
      .exactOptional(z.enum(['them', 'us', 'switch']))
      .meta({ description: 'Who ended it.', examples: ['them'] }),
    outcome: z.exactOptional(outcome),
  })
  .meta({ id: 'Dial', description: 'One INVITE on one trunk.' });

export const timelineEvent = z
  .object({
    atMs: epochMs,
    aggregate: z.string().meta({ description: 'call, attempt, agent …', examples: ['call'] }),
    aggregateId: z.string().meta({ description: 'Which one.', examples: ['018f3c2e-7d4a-7abc-8def-0123456789ab'] }),
    seq: z.int().meta({ description: 'Order within it.', examples: [3] }),
    type: z.string().meta({ description: 'What happened, in the past tense.', examples: ['legAnswered'] }),
    data: z
      .record(z.string(), z.unknown())
      .meta({ description: 'Facts, without personal data.', examples: [{ legId: 'x' }] }),
  })
  .meta({ id: 'TimelineEvent', description: 'Something that happened, from the append-only history.' });

/** A custom field of a lead, as people read it. */
export const leadField = z
  .object({
    key: z.string().meta({ description: 'Field key.', examples: ['city'] }),
    label: z.string().meta({ description: 'As in the file.', examples: ['城市'] }),
    value: z.string().meta({ description: 'Value.', examples: ['北京'], pii: true }),
  })
  .meta({
    id: 'LeadField',
    description: 'A custom field of a lead.',
    examples: [{ key: 'city', label: '城市', value: '北京' }],
  });

/** How likely an answer seemed at the dial. */
export const answerOdds = z
  .object({
    probability: z.number().meta({ description: 'Chance (0–1) that a person answers.', examples: [0.3] }),
    reasons: listOf(
      z.object({
        feature: z.string().meta({ description: 'What was looked at.', examples: ['answeredBefore'] }),
        value: z.string().meta({ description: 'Its value.', examples: ['thisHour'] }),
        oddsFactor: z
          .number()
          .meta({ description: 'How many times the odds of an answer are multiplied by it.', examples: [1.8] }),
      }),
    ).meta({ description: 'Strongest first; few.' }),
  })
  .meta({
    id: 'AnswerOdds',
    description: 'How likely an answer seemed at the dial, from this installation’s own calls, and why.',
    examples: [{ probability: 0.3, reasons: [{ feature: 'answeredBefore', value: 'thisHour', oddsFactor: 1.8 }] }],
  });

/** The whole story of one attempt. */
export const attemptStory = z
  .object({
    attempt,
    verdict,
    odds: z.exactOptional(answerOdds),
    dials: listOf(dial).meta({ description: 'In order; fail-over makes several.' }),
    events: listOf(timelineEvent).meta({ description: 'On one time line.' }),
    recordings: listOf(recording).meta({ description: 'Usually one.' }),
    note: z.exactOptional(z.string()).meta({ description: 'The agent’s note.', examples: ['周五再打'], pii: true }),
    callbackAtMs: z.exactOptional(epochMs).meta({ description: 'Promised re-dial.' }),
    disposedAtMs: z.exactOptional(epochMs),
    leadFields: listOf(leadField).meta({ description: 'Custom fields of the lead, in the order of its list.' }),
  })
  .meta({ id: 'AttemptStory', description: 'Verdict, dials, events, recording and disposition of one attempt.' });
export type AttemptStory = z.infer<typeof attemptStory>;

const filters = {
  campaignId: z.exactOptional(campaignId),
  listId: z.exactOptional(listId),
  leadId: z.exactOptional(leadId),
  outcome: z
    .exactOptional(z.union([outcome, z.literal('open')]))
    .meta({ description: 'An outcome, or `open`.', examples: ['answered'] }),
  agentId: z.exactOptional(agentId),
  disposition: z.exactOptional(z.string().max(40)).meta({ description: 'Disposition code.', examples: ['success'] }),
  number: z
    .exactOptional(z.string().regex(/^\+?\d{3,15}$/))
    .meta({ description: 'A whole number, or its beginning with plus.', examples: ['+8613800138000'], pii: true }),
  fromMs: z.exactOptional(queryEpochMs).meta({ description: 'Created at or after.', examples: [1_763_800_000_000] }),
  toMs: z.exactOptional(queryEpochMs).meta({ description: 'Created before.', examples: [1_763_900_000_000] }),
};

export const attemptQuery = z.object({ ...filters, ...pageQuery.shape });
export type AttemptQuery = z.infer<typeof attemptQuery>;
export const attemptExportQuery = z.object(filters);
export type AttemptFilter = z.infer<typeof attemptExportQuery>;

const supervisors = ['administrator', 'supervisor'] as const;

export const attemptRoutes = {
  listAttempts: defineRoute({
    method: 'GET',
    path: '/attempts',
    operationId: 'listAttempts',
    tag: 'attempts',
    summary: 'Attempts, newest first',
    description: 'Agents see their own only.',
    access: 'session',
    query: attemptQuery,
    response: pageOf('AttemptPage', attempt),
  }),
  exportAttempts: defineRoute({
    method: 'GET',
    path: '/attempts/export.csv',
    operationId: 'exportAttempts',
    tag: 'attempts',
    summary: 'Attempts as CSV (UTF-8 with byte order mark), oldest first, streamed',
    access: supervisors,
    query: attemptExportQuery,
    produces: 'text/csv',
  }),
  getAttempt: defineRoute({
    method: 'GET',
    path: '/attempts/:attemptId',
    operationId: 'getAttempt',
    tag: 'attempts',
    summary: 'The whole story of one attempt',
    access: 'session',
    params: z.object({ attemptId }),
    response: attemptStory,
    problems: [404],
  }),
} as const;
