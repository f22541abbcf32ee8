import type {
  AgentId,
  AttemptId,
  CallId,
  CampaignId,
  DialId,
  LeadId,
  ListId,
  PhoneNumber,
  RecordingId,
  TrunkId,
} from '@qianhu/core';
import { z } from 'zod';

/** Id of a person who may log in. An agent's id is the same text. */
export type UserId = string & { readonly __brand: 'UserId' };
/** Id of one upload and its import run. */
export type ImportId = string & { readonly __brand: 'ImportId' };

const SAMPLE_UUID = '018f3c2e-7d4a-7abc-8def-0123456789ab';

/** A UUID in the type of one kind of id: ids of different kinds never mix at compile time. */
const idSchema = <Id extends string>(name: string, description: string): z.ZodType<Id, string> =>
  z.uuid().meta({ id: name, description, examples: [SAMPLE_UUID] }) as unknown as z.ZodType<Id, string>;

export const userId = idSchema<UserId>('UserId', 'A person who may log in.');
export const agentId = idSchema<AgentId>('AgentId', 'A person who takes calls; the same text as the user’s id.');
export const trunkId = idSchema<TrunkId>('TrunkId', 'A line to a carrier.');
export const campaignId = idSchema<CampaignId>('CampaignId', 'A campaign.');
export const listId = idSchema<ListId>('ListId', 'A list of leads.');
export const attemptId = idSchema<AttemptId>('AttemptId', 'One try to reach one lead.');
export const callId = idSchema<CallId>('CallId', 'One conversation from first leg to last hang-up.');
export const dialId = idSchema<DialId>('DialId', 'One INVITE on one trunk; also the leg’s id at the switch.');
export const recordingId = idSchema<RecordingId>('RecordingId', 'One stereo recording.');
export const importId = idSchema<ImportId>('ImportId', 'One uploaded file and its import.');
export const leadId = z
  .string()
  .regex(/^\d{1,18}$/)
  .meta({
    id: 'LeadId',
    description: 'One dialable row, as decimal text.',
    examples: ['1024'],
  }) as unknown as z.ZodType<LeadId, string>;

/** An E.164 number with plus. Personal data: never in logs outside `pii`. */
export const phoneNumber = z
  .string()
  .regex(/^\+[1-9]\d{4,14}$/, 'An international number such as +8613800138000 is needed.')
  .meta({
    id: 'PhoneNumber',
    description: 'E.164 with plus. Shown masked (+86138****8000) to roles that may not see it.',
    examples: ['+8613800138000'],
    pii: true,
  }) as unknown as z.ZodType<PhoneNumber, string>;

/** A number as this reader may see it: whole, or with its middle hidden. */
export const shownNumber = z
  .string()
  .regex(/^\+[1-9][\d*]{3,18}$/)
  .meta({
    id: 'ShownNumber',
    description: 'E.164 with plus; middle digits are asterisks where the reader may not see them.',
    examples: ['+8613800138000', '+86138****8000'],
    pii: true,
  });

/** The last millisecond of the year 9999: later ones have no four-digit year to write. */
const LAST_INSTANT_MS = 253_402_300_799_999;

/** Epoch milliseconds. Field names end in `AtMs`. */
export const epochMs = z
  .int()
  .nonnegative()
  .max(LAST_INSTANT_MS)
  .meta({
    id: 'EpochMs',
    description: 'Milliseconds since 1970-01-01T00:00:00Z, to the end of the year 9999.',
    examples: [1_763_800_000_000],
  });

/** Epoch milliseconds as a query carries them. */
export const queryEpochMs = z.coerce.number().int().nonnegative().max(LAST_INSTANT_MS);

/** A length of time in milliseconds. Field names end in `Ms`. */
export const durationMs = z
  .int()
  .nonnegative()
  .meta({ id: 'DurationMs', description: 'A length of time in milliseconds.', examples: [30_000] });

/** A count of things. */
export const count = z
  .int()
  .nonnegative()
  .meta({ id: 'Count', description: 'How many.', examples: [12] });

/** An array that nobody changes. Plain `z.array` is typed mutable, which the read-only views of core do not fit. */
export const listOf = <S extends z.ZodType>(
  item: S,
  bounds: { min?: number; max?: number } = {},
): z.ZodType<readonly z.output<S>[], readonly z.input<S>[]> => {
  let schema = z.array(item);
  if (bounds.min !== undefined) schema = schema.min(bounds.min);
  if (bounds.max !== undefined) schema = schema.max(bounds.max);
  return schema as unknown as z.ZodType<readonly z.output<S>[], readonly z.input<S>[]>;
};

/** A short text that a person typed: trimmed, not empty, no control characters. */
export const shortText = (maxLength: number): z.ZodString =>
  z
    .string()
    .trim()
    .min(1)
    .max(maxLength)
    .regex(/^\P{Cc}*$/u, 'Control characters are not allowed.');

/** Query of a page: newest first unless the resource says otherwise. */
export const pageQuery = z.object({
  cursor: z
    .exactOptional(z.string().min(1).max(500))
    .meta({ description: 'The `nextCursor` of the page before. Opaque.', examples: ['eyJpZCI6IjEyIn0'] }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(200)
    .default(50)
    .meta({ description: 'Most items of one page.', examples: [50] }),
});
export type PageQuery = z.infer<typeof pageQuery>;

/** One page of a resource and the way to the next. */
export const pageOf = <S extends z.ZodType>(name: string, item: S) =>
  z
    .object({
      items: listOf(item).meta({ description: 'The items of this page, in order.' }),
      nextCursor: z
        .exactOptional(z.string())
        .meta({ description: 'Ask for the next page with it; absent on the last.', examples: ['eyJpZCI6IjEyIn0'] }),
    })
    .meta({ id: name, description: 'One page.' });

/** Answer of what has nothing to tell. */
export const done = z
  .object({ ok: z.literal(true).meta({ description: 'Always true.', examples: [true] }) })
  .meta({ id: 'Done', description: 'The change is committed.', examples: [{ ok: true }] });

/** Codes of problems, stable for programs. */
export const problemCode = z
  .enum([
    'invalid',
    'unauthenticated',
    'forbidden',
    'notFound',
    'conflict',
    'invalidState',
    'tooLarge',
    'tooMany',
    'unavailable',
    'internal',
  ])
  .meta({ id: 'ProblemCode', description: 'What kind of problem it is.', examples: ['invalid'] });

/** RFC 9457 problem details; every answer that is not 2xx. */
export const problem = z
  .object({
    type: z.string().meta({ description: 'A URI that names the kind of problem.', examples: ['about:blank'] }),
    title: z.string().meta({ description: 'The kind of problem for people.', examples: ['Invalid request'] }),
    status: z.int().meta({ description: 'HTTP status.', examples: [400] }),
    code: problemCode,
    detail: z.string().meta({
      description: 'What is wrong here and how to mend it.',
      examples: ['The name is already used by another trunk.'],
    }),
    errors: z
      .exactOptional(
        listOf(
          z.object({
            path: z.string().meta({
              description: 'Field in the request, dots between names.',
              examples: ['settings.ringTimeoutMs'],
            }),
            message: z.string().meta({ description: 'What is wrong with it.', examples: ['Too small.'] }),
            code: z.exactOptional(z.string()).meta({ description: 'Code for programs.', examples: ['tooSmall'] }),
          }),
        ),
      )
      .meta({ description: 'Each faulty field; all of them at once.' }),
    details: z
      .exactOptional(z.record(z.string(), z.unknown()))
      .meta({ description: 'Further facts, by name.', examples: [{ schemaVersion: 3 }] }),
    requestId: z.exactOptional(z.string()).meta({ description: 'Finds the request in the log.', examples: ['req-1a'] }),
  })
  .meta({
    id: 'Problem',
    description: 'RFC 9457 problem details.',
    examples: [
      {
        type: 'about:blank',
        title: 'Invalid request',
        status: 400,
        code: 'invalid',
        detail: 'The request has 1 fault.',
        errors: [{ path: 'name', message: 'Too short.' }],
      },
    ],
  });
export type Problem = z.infer<typeof problem>;

/** Language of screens and messages. */
export const locale = z
  .enum(['zh', 'en'])
  .meta({ id: 'Locale', description: 'Language of the screens.', examples: ['zh'] });
export type Locale = z.infer<typeof locale>;
