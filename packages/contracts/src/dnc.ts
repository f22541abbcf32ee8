import { z } from 'zod';

const isoTime = z.iso.datetime({ offset: true });

/** A number that must not be called: everywhere, or for one campaign. */
export const dncEntry = z
  .object({
    id: z.string().describe('Decimal text.'),
    number: z.string().meta({ pii: true }),
    campaignId: z.uuid().nullable().describe('Null: everywhere.'),
    reason: z.string().nullable(),
    source: z.string().describe('manual, file, disposition …'),
    createdBy: z.uuid().nullable(),
    createdAt: isoTime,
    expiresAt: isoTime.nullable().describe('Null: for good.'),
    isExpired: z.boolean(),
  })
  .meta({ id: 'DncEntry' });
export type DncEntryView = z.infer<typeof dncEntry>;

export const addDncEntry = z
  .object({
    number: z.string().trim().min(3).max(64).meta({ pii: true }),
    defaultRegion: z
      .string()
      .regex(/^[A-Z]{2}$/)
      .default('CN'),
    campaignId: z.uuid().nullable().default(null),
    reason: z.string().trim().max(500).optional(),
    expiresAt: isoTime.nullable().default(null),
  })
  .meta({ id: 'AddDncEntry', examples: [{ number: '13800138000', reason: '客户要求不再来电' }] });
export type AddDncEntry = z.infer<typeof addDncEntry>;

export const removeDncEntry = z
  .object({
    reason: z.string().trim().min(1).max(500).describe('Why the number may be called again; kept in the audit.'),
  })
  .meta({ id: 'RemoveDncEntry', examples: [{ reason: '客户书面同意恢复联系' }] });

export const dncQuery = z.object({
  number: z
    .string()
    .trim()
    .regex(/^\+?[\d\s-]{3,20}$/)
    .optional()
    .describe('Beginning of the number, with or without country code.'),
  campaignId: z.uuid().optional().describe('Only entries of this campaign.'),
  includeExpired: z.stringbool().default(false),
  cursor: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
export type DncQuery = z.infer<typeof dncQuery>;
export const dncPage = z
  .object({ items: z.array(dncEntry), nextCursor: z.string().nullable() })
  .meta({ id: 'DncPage' });

/** Of a file or a pasted text of numbers, one or more a line. */
export const dncBulkResult = z
  .object({
    added: z.int(),
    existing: z.int().describe('Already on the list; an expiry that would end earlier than the new one was put off.'),
    rejected: z.int(),
    rejects: z
      .array(z.object({ line: z.int(), text: z.string().meta({ pii: true }), reason: z.string() }))
      .describe('At most the first 1,000.'),
  })
  .meta({ id: 'DncBulkResult' });
export type DncBulkResult = z.infer<typeof dncBulkResult>;

export const dncBulkQuery = z.object({
  defaultRegion: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .default('CN'),
  campaignId: z.uuid().optional(),
  reason: z.string().trim().max(500).optional(),
  expiresAt: isoTime.optional(),
});
export type DncBulkQuery = z.infer<typeof dncBulkQuery>;
