import { z } from 'zod';
import {
  attemptId,
  campaignId,
  count,
  done,
  epochMs,
  leadId,
  listId,
  listOf,
  pageOf,
  pageQuery,
  agentId,
  shortText,
  shownNumber,
} from './common.ts';
import { defineRoute } from './route.ts';

const regionCode = z
  .string()
  .regex(/^[A-Z]{2}$/)
  .meta({ description: 'ISO 3166 country code.', examples: ['CN'] });

export const leadState = z.enum(['ready', 'dialing', 'done']).meta({
  id: 'LeadState',
  description: 'Whether a lead may be dialled, is being dialled, or is finished.',
  examples: ['ready'],
});

export const fieldDef = z.object({
  key: z.string().meta({ description: 'Name of the field in each lead.', examples: ['公司'] }),
  label: z.string().meta({ description: 'Shown to people.', examples: ['公司'] }),
});

const leadsByState = z
  .object({ ready: count, dialing: count, done: count })
  .meta({ description: 'Leads by state.', examples: [{ ready: 980, dialing: 2, done: 18 }] });

/** That the people of a list agreed to be called, as somebody puts it on record. */
export const consentStatement = z
  .object({
    evidence: shortText(2_000).meta({
      description: 'How and when they agreed, and where the proof is.',
      examples: ['2026 年 9 月活动报名表第 3 条，原件存档于 CRM'],
    }),
  })
  .meta({
    id: 'ConsentStatement',
    description:
      'Everybody in the list, those already in it included, agreed to be called. Holds for the whole list until it is withdrawn.',
    examples: [{ evidence: '2026 年 9 月活动报名表第 3 条，原件存档于 CRM' }],
  });
export type ConsentStatement = z.infer<typeof consentStatement>;

/** Leads that came together. */
export const listView = z
  .object({
    listId,
    name: z.string().meta({ description: 'Shown to people.', examples: ['十一月回访'] }),
    defaultRegion: regionCode,
    isDemo: z
      .boolean()
      .meta({ description: 'Dialled over lab trunks only, and never over a real one.', examples: [false] }),
    fieldDefs: listOf(fieldDef).meta({ description: 'Fields of your own that its leads carry.' }),
    leads: leadsByState,
    consent: z
      .exactOptional(
        z.object({
          atMs: epochMs.meta({ description: 'When it was put on record.' }),
          evidence: z.string().meta({ description: 'How they agreed; empty when not said.', examples: [''] }),
        }),
      )
      .meta({ description: 'Absent: none is on record, and rule packs that ask for consent block every dial.' }),
    campaigns: listOf(
      z.object({
        campaignId,
        name: z.string().meta({ description: 'Of the campaign.', examples: ['回访'] }),
        phase: z.string().meta({ description: 'Of the campaign.', examples: ['running'] }),
      }),
    ).meta({ description: 'Campaigns that use it.' }),
    createdAtMs: epochMs,
  })
  .meta({ id: 'List', description: 'Leads that came together.' });
export type ListView = z.infer<typeof listView>;

export const createList = z
  .object({
    name: shortText(200).meta({ description: 'Shown to people.', examples: ['十一月回访'] }),
    defaultRegion: regionCode.default('CN'),
    isDemo: z
      .boolean()
      .default(false)
      .meta({
        description: 'For good: a list never changes between demonstration and real.',
        examples: [false],
      }),
    consent: z.exactOptional(consentStatement).meta({ description: 'Absent: none is on record.' }),
  })
  .meta({ id: 'CreateList', description: 'A new, empty list.', examples: [{ name: '十一月回访' }] });
export type CreateList = z.infer<typeof createList>;

export const updateList = z
  .object({
    name: z.exactOptional(shortText(200)).meta({ description: 'Shown to people.', examples: ['十二月回访'] }),
    consent: z.exactOptional(consentStatement.nullable()).meta({
      description:
        'Puts consent on record, or with null withdraws it. Leads that were finished for want of consent may be dialled again.',
    }),
  })
  .refine((change) => Object.keys(change).length > 0, 'Say what is to be changed.')
  .meta({ id: 'UpdateList', description: 'What is to be changed.', examples: [{ name: '十二月回访' }] });
export type UpdateList = z.infer<typeof updateList>;

export const listsQuery = z.object({
  search: z.exactOptional(z.string().trim().max(100)).meta({ description: 'Part of the name.', examples: ['回访'] }),
  ...pageQuery.shape,
});
export type ListsQuery = z.infer<typeof listsQuery>;

const leadShape = {
  leadId,
  listId,
  number: shownNumber,
  altNumbers: listOf(shownNumber).meta({ description: 'Further numbers in the order to try.', pii: true }),
  region: z
    .string()
    .meta({ description: 'ISO 3166 code of the number, or 001 for numbers of no country.', examples: ['CN'] }),
  zones: listOf(z.string()).meta({
    description: "The callee's zone; several where the number leaves it open, none where nothing is known.",
    examples: [['Asia/Shanghai']],
  }),
  name: z.exactOptional(z.string()).meta({ description: 'Of the person or company.', examples: ['张三'], pii: true }),
  fields: z
    .record(z.string(), z.string())
    .meta({ description: 'Fields of your own.', examples: [{ 公司: '千呼' }], pii: true }),
  priority: z.int().meta({ description: 'Higher is dialled earlier.', examples: [0] }),
  state: leadState,
  doneReason: z.exactOptional(z.string()).meta({ description: 'Why nothing more is to do.', examples: ['answered'] }),
  nextAtMs: z.exactOptional(epochMs).meta({ description: 'Not before; absent: at once.' }),
  isCallback: z.boolean().meta({ description: 'The next try is a promise and comes first.', examples: [false] }),
  attempts: count,
  lastOutcome: z.exactOptional(z.string()).meta({ description: 'Of the last attempt.', examples: ['noAnswer'] }),
  lastAttemptAtMs: z.exactOptional(epochMs),
} as const;

export const leadView = z.object(leadShape).meta({ id: 'Lead', description: 'One dialable row.' });
export type LeadView = z.infer<typeof leadView>;

/** Beginning of a number, as people type it. */
export const numberPrefix = z
  .string()
  .trim()
  .regex(/^\+?[\d\s-]{3,20}$/)
  .meta({ description: 'Beginning of the number, with or without country code.', examples: ['138'] });

export const leadsQuery = z.object({
  state: z.exactOptional(leadState),
  lastOutcome: z.exactOptional(z.string().max(40)).meta({ description: 'Of the last attempt.', examples: ['busy'] }),
  number: z.exactOptional(numberPrefix),
  name: z.exactOptional(z.string().trim().min(1).max(100)).meta({ description: 'Part of the name.', examples: ['张'] }),
  ...pageQuery.shape,
});
export type LeadsQuery = z.infer<typeof leadsQuery>;

export const leadAttempt = z.object({
  attemptId,
  campaignId,
  number: shownNumber,
  ordinal: count,
  outcome: z
    .exactOptional(z.string())
    .meta({ description: 'Absent while the attempt is open.', examples: ['answered'] }),
  outcomeDetail: z.exactOptional(z.string()).meta({ description: 'Why it is what it is.', examples: [''] }),
  disposition: z.exactOptional(z.string()).meta({ description: 'Code chosen for it.', examples: ['interested'] }),
  note: z.exactOptional(z.string()).meta({ description: 'Written by the agent.', examples: [''], pii: true }),
  agentId: z.exactOptional(agentId),
  createdAtMs: epochMs,
  answeredAtMs: z.exactOptional(epochMs),
  bridgedAtMs: z.exactOptional(epochMs),
  endedAtMs: z.exactOptional(epochMs),
});

export const leadDetail = z
  .object({
    ...leadShape,
    blockedVerdict: z
      .exactOptional(z.unknown())
      .meta({ description: 'The verdict that last kept this lead from being dialled.', examples: [{}] }),
    blockedAtMs: z.exactOptional(epochMs),
    attemptList: listOf(leadAttempt).meta({ description: 'Newest first, at most 200.' }),
  })
  .meta({ id: 'LeadDetail', description: 'One lead with its attempts.' });
export type LeadDetail = z.infer<typeof leadDetail>;

const MANAGERS = ['administrator', 'supervisor'] as const;
const params = z.object({ listId });

export const listRoutes = {
  listLists: defineRoute({
    method: 'GET',
    path: '/lists',
    operationId: 'listLists',
    tag: 'lists',
    summary: 'Lists, newest first',
    access: MANAGERS,
    query: listsQuery,
    response: pageOf('ListPage', listView),
  }),
  createList: defineRoute({
    method: 'POST',
    path: '/lists',
    operationId: 'createList',
    tag: 'lists',
    summary: 'Make an empty list',
    access: MANAGERS,
    body: createList,
    response: listView,
    status: 201,
    problems: [422],
  }),
  getList: defineRoute({
    method: 'GET',
    path: '/lists/:listId',
    operationId: 'getList',
    tag: 'lists',
    summary: 'One list',
    access: MANAGERS,
    params,
    response: listView,
    problems: [404],
  }),
  updateList: defineRoute({
    method: 'PATCH',
    path: '/lists/:listId',
    operationId: 'updateList',
    tag: 'lists',
    summary: 'Rename a list, put consent on record or withdraw it',
    access: MANAGERS,
    params,
    body: updateList,
    response: listView,
    problems: [404],
  }),
  deleteList: defineRoute({
    method: 'DELETE',
    path: '/lists/:listId',
    operationId: 'deleteList',
    tag: 'lists',
    summary: 'Remove a list and its leads; refused while a campaign runs on it',
    access: MANAGERS,
    params,
    response: done,
    problems: [404, 409],
  }),
  listLeads: defineRoute({
    method: 'GET',
    path: '/lists/:listId/leads',
    operationId: 'listLeads',
    tag: 'lists',
    summary: 'Leads in the order of the file',
    access: MANAGERS,
    params,
    query: leadsQuery,
    response: pageOf('LeadPage', leadView),
    problems: [404],
  }),
  getLead: defineRoute({
    method: 'GET',
    path: '/leads/:leadId',
    operationId: 'getLead',
    tag: 'lists',
    summary: 'One lead with its attempts',
    access: MANAGERS,
    params: z.object({ leadId }),
    response: leadDetail,
    problems: [404],
  }),
} as const;
