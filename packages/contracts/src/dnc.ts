import { z } from 'zod';
import {
  campaignId,
  count,
  done,
  epochMs,
  listOf,
  pageOf,
  pageQuery,
  phoneNumber,
  shortText,
  userId,
  queryEpochMs,
} from './common.ts';
import { numberPrefix } from './lists.ts';
import { defineRoute } from './route.ts';

const entryId = z
  .string()
  .regex(/^\d{1,18}$/)
  .meta({ id: 'DncEntryId', description: 'One do-not-call entry, as decimal text.', examples: ['17'] });

const reason = shortText(500).meta({
  description: 'Why the number must not be called.',
  examples: ['客户要求不再来电'],
});

const defaultRegion = z
  .string()
  .regex(/^[A-Z]{2}$/)
  .default('CN')
  .meta({ description: 'ISO 3166 code of numbers without a country code.', examples: ['CN'] });

/** A number that must not be called: everywhere, or for one campaign. */
export const dncEntry = z
  .object({
    entryId,
    number: phoneNumber,
    campaignId: z.exactOptional(campaignId).meta({ description: 'Absent: everywhere.' }),
    reason: z.exactOptional(z.string()).meta({ description: 'Why.', examples: ['客户要求不再来电'] }),
    source: z.string().meta({ description: 'manual, file, disposition …', examples: ['manual'] }),
    createdBy: z.exactOptional(userId),
    createdAtMs: epochMs,
    expiresAtMs: z.exactOptional(epochMs).meta({ description: 'Absent: for good.' }),
    isExpired: z.boolean().meta({ description: 'It holds no longer.', examples: [false] }),
  })
  .meta({ id: 'DncEntry', description: 'A number that must not be called.' });
export type DncEntryView = z.infer<typeof dncEntry>;

export const addDncEntry = z
  .object({
    number: z
      .string()
      .trim()
      .min(3)
      .max(64)
      .meta({ description: 'In any dress.', examples: ['13800138000'], pii: true }),
    defaultRegion,
    campaignId: z.exactOptional(campaignId).meta({ description: 'Absent: everywhere.' }),
    reason: z.exactOptional(reason),
    expiresAtMs: z.exactOptional(epochMs).meta({ description: 'Absent: for good.' }),
  })
  .meta({
    id: 'AddDncEntry',
    description: 'A number to add.',
    examples: [{ number: '13800138000', reason: '客户要求不再来电' }],
  });
export type AddDncEntry = z.infer<typeof addDncEntry>;

export const removeDncEntry = z
  .object({
    reason: shortText(500).meta({
      description: 'Why the number may be called again; kept in the audit.',
      examples: ['客户书面同意恢复联系'],
    }),
  })
  .meta({ id: 'RemoveDncEntry', description: 'Why.', examples: [{ reason: '客户书面同意恢复联系' }] });

export const dncQuery = z.object({
  number: z.exactOptional(numberPrefix),
  campaignId: z.exactOptional(campaignId).meta({ description: 'Only entries of this campaign.' }),
  includeExpired: z
    .stringbool()
    .default(false)
    .meta({ description: 'Show entries that hold no longer.', examples: ['true'] }),
  ...pageQuery.shape,
});
export type DncQuery = z.infer<typeof dncQuery>;

export const dncBulkOptions = z.object({
  defaultRegion,
  campaignId: z.exactOptional(campaignId).meta({ description: 'Absent: everywhere.' }),
  reason: z.exactOptional(reason),
  expiresAtMs: z.exactOptional(queryEpochMs).meta({ description: 'Absent: for good.', examples: ['1763800000000'] }),
});
export type DncBulkOptions = z.infer<typeof dncBulkOptions>;

/** Of a file of numbers: CSV, XLSX or plain text. */
export const dncBulkResult = z
  .object({
    added: count.meta({ description: 'New entries.' }),
    existing: count.meta({ description: 'Already on the list; an earlier end was put off to the new one.' }),
    rejected: count.meta({ description: 'Rows without a valid number.' }),
    rejects: listOf(
      z.object({
        row: count.meta({ description: 'Row of the file, from 1.' }),
        text: z.string().meta({ description: 'What stands there.', examples: ['12345'], pii: true }),
        reason: z.string().meta({ description: 'Code as of imports.', examples: ['tooShort'] }),
      }),
    ).meta({ description: 'At most the first 1,000.' }),
  })
  .meta({
    id: 'DncBulkResult',
    description: 'What became of the rows.',
    examples: [{ added: 120, existing: 3, rejected: 0, rejects: [] }],
  });
export type DncBulkResult = z.infer<typeof dncBulkResult>;

const MANAGERS = ['administrator', 'supervisor'] as const;

export const dncRoutes = {
  listDnc: defineRoute({
    method: 'GET',
    path: '/dnc',
    operationId: 'listDnc',
    tag: 'dnc',
    summary: 'Numbers that must not be called, newest first',
    access: MANAGERS,
    query: dncQuery,
    response: pageOf('DncPage', dncEntry),
  }),
  addDnc: defineRoute({
    method: 'POST',
    path: '/dnc',
    operationId: 'addDnc',
    tag: 'dnc',
    summary: 'Add a number; holds from the next dial on',
    access: MANAGERS,
    body: addDncEntry,
    response: dncEntry,
    status: 201,
    problems: [422],
  }),
  addDncFile: defineRoute({
    method: 'POST',
    path: '/dnc/file',
    operationId: 'addDncFile',
    tag: 'dnc',
    summary: 'Add all numbers of a file (multipart/form-data, field `file`)',
    access: MANAGERS,
    query: dncBulkOptions,
    response: dncBulkResult,
    problems: [413, 422],
  }),
  removeDnc: defineRoute({
    method: 'POST',
    path: '/dnc/:entryId/remove',
    operationId: 'removeDnc',
    tag: 'dnc',
    summary: 'Take a number off the list, with a reason',
    access: MANAGERS,
    params: z.object({ entryId }),
    body: removeDncEntry,
    response: done,
    problems: [404],
  }),
} as const;
