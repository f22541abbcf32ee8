import { z } from 'zod';

const isoTime = z.iso.datetime({ offset: true });
const regionCode = z
  .string()
  .regex(/^[A-Z]{2}$/)
  .describe('ISO 3166 country code.');

export const LEAD_STATES = ['ready', 'dialing', 'done'] as const;

export const fieldDef = z.object({ key: z.string(), label: z.string() });

/** Leads that came together. */
export const listView = z
  .object({
    id: z.uuid(),
    name: z.string(),
    defaultRegion: regionCode,
    isDemo: z.boolean().describe('Dialled over lab trunks only, and never over a real one.'),
    fieldDefs: z.array(fieldDef).describe('Fields of your own that its leads carry.'),
    leads: z.object({ ready: z.int(), dialing: z.int(), done: z.int() }),
    campaigns: z
      .array(z.object({ id: z.uuid(), name: z.string(), phase: z.string() }))
      .describe('Campaigns that use it.'),
    createdAt: isoTime,
  })
  .meta({
    id: 'List',
    examples: [
      {
        id: '018f3c2e-7d4a-7abc-8def-0123456789ab',
        name: '十一月回访',
        defaultRegion: 'CN',
        isDemo: false,
        fieldDefs: [{ key: '公司', label: '公司' }],
        leads: { ready: 980, dialing: 2, done: 18 },
        campaigns: [],
        createdAt: '2026-11-22T08:00:00.000Z',
      },
    ],
  });
export type ListView = z.infer<typeof listView>;

export const createList = z
  .object({
    name: z.string().trim().min(1).max(200),
    defaultRegion: regionCode.default('CN'),
    isDemo: z.boolean().default(false).describe('For good: a list never changes between demonstration and real.'),
  })
  .meta({ id: 'CreateList', examples: [{ name: '十一月回访' }] });
export type CreateList = z.infer<typeof createList>;

export const updateList = z
  .object({ name: z.string().trim().min(1).max(200) })
  .meta({ id: 'UpdateList', examples: [{ name: '十二月回访' }] });

export const listQuery = z.object({
  search: z.string().trim().max(100).optional().describe('Part of the name.'),
  cursor: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type ListQuery = z.infer<typeof listQuery>;
export const listPage = z
  .object({ items: z.array(listView), nextCursor: z.string().nullable() })
  .meta({ id: 'ListPage' });

export const leadView = z
  .object({
    id: z.string().describe('Decimal text.'),
    listId: z.uuid(),
    number: z.string().meta({ pii: true }),
    altNumbers: z.array(z.string()).meta({ pii: true }),
    region: z.string().describe('ISO 3166 code of the number, or 001 for numbers of no country.'),
    zones: z
      .array(z.string())
      .describe("The callee's zone; several where the number leaves it open, none where nothing is known."),
    name: z.string().nullable().meta({ pii: true }),
    fields: z.record(z.string(), z.string()).meta({ pii: true }),
    priority: z.int(),
    state: z.enum(LEAD_STATES),
    doneReason: z.string().nullable(),
    nextAt: isoTime.nullable().describe('Not before; null: at once.'),
    isCallback: z.boolean(),
    attempts: z.int(),
    lastOutcome: z.string().nullable(),
    lastAttemptAt: isoTime.nullable(),
  })
  .meta({ id: 'Lead' });
export type LeadView = z.infer<typeof leadView>;

export const leadQuery = z.object({
  state: z.enum(LEAD_STATES).optional(),
  lastOutcome: z.string().max(40).optional(),
  number: z
    .string()
    .trim()
    .regex(/^\+?[\d\s-]{3,20}$/)
    .optional()
    .describe('Beginning of the number, with or without country code.'),
  name: z.string().trim().min(1).max(100).optional().describe('Part of the name.'),
  cursor: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
export type LeadQuery = z.infer<typeof leadQuery>;
export const leadPage = z
  .object({ items: z.array(leadView), nextCursor: z.string().nullable() })
  .meta({ id: 'LeadPage' });

export const leadAttempt = z.object({
  id: z.uuid(),
  campaignId: z.uuid(),
  number: z.string().meta({ pii: true }),
  ordinal: z.int(),
  outcome: z.string().nullable().describe('Null while the attempt is open.'),
  outcomeDetail: z.string().nullable(),
  disposition: z.string().nullable(),
  note: z.string().nullable().meta({ pii: true }),
  agentId: z.uuid().nullable(),
  createdAt: isoTime,
  answeredAt: isoTime.nullable(),
  bridgedAt: isoTime.nullable(),
  endedAt: isoTime.nullable(),
});

export const leadDetail = leadView
  .extend({
    blockedVerdict: z.unknown().describe('The verdict that last kept this lead from being dialled, or null.'),
    blockedAt: isoTime.nullable(),
    attemptList: z.array(leadAttempt).describe('Newest first, at most 200.'),
  })
  .meta({ id: 'LeadDetail' });
export type LeadDetail = z.infer<typeof leadDetail>;
