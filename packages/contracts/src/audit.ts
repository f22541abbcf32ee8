import { z } from 'zod';
import { epochMs, pageOf, pageQuery, userId } from './common.ts';
import { defineRoute } from './route.ts';

export const auditEntry = z
  .object({
    entryId: z.string().meta({ description: 'Ascending number.', examples: ['17'] }),
    atMs: epochMs,
    userId: z.exactOptional(userId).meta({ description: 'Absent: the program itself or the command line.' }),
    userName: z.exactOptional(z.string()).meta({ description: 'Display name.', examples: ['管理员'] }),
    action: z.string().meta({ description: 'What was done.', examples: ['trunk.updated'] }),
    subjectType: z.string().meta({ description: 'To what.', examples: ['trunk'] }),
    subjectId: z
      .exactOptional(z.string())
      .meta({ description: 'Which one.', examples: ['018f3c2e-7d4a-7abc-8def-0123456789ab'] }),
    details: z
      .record(z.string(), z.unknown())
      .meta({ description: 'What changed; no secrets.', examples: [{ fields: ['name'] }] }),
  })
  .meta({ id: 'AuditEntry', description: 'One change.' });

export const auditQuery = z.object({
  userId: z.exactOptional(userId),
  action: z.exactOptional(z.string().max(60)).meta({ description: 'Exact action.', examples: ['trunk.updated'] }),
  subjectType: z.exactOptional(z.string().max(60)).meta({ description: 'Kind of subject.', examples: ['trunk'] }),
  subjectId: z
    .exactOptional(z.string().max(60))
    .meta({ description: 'Which one.', examples: ['018f3c2e-7d4a-7abc-8def-0123456789ab'] }),
  ...pageQuery.shape,
});
export type AuditQuery = z.infer<typeof auditQuery>;

export const auditRoutes = {
  listAudit: defineRoute({
    method: 'GET',
    path: '/audit',
    operationId: 'listAudit',
    tag: 'audit',
    summary: 'Who changed what, newest first',
    access: ['administrator'],
    query: auditQuery,
    response: pageOf('AuditPage', auditEntry),
  }),
} as const;
