import type { AuditQuery, UserId } from '@qianhu/contracts';
import type { Kysely } from 'kysely';
import type { AuditEntryInput, AuditTrail } from '../../http/route.ts';
import { decodeCursor, pageFrom } from '../../platform/cursor.ts';
import type { Schema } from '../../platform/schema.ts';

/** Who changed what. */
export type AuditStore = ReturnType<typeof createAuditStore>;

const columnsOf = (entry: AuditEntryInput, details: Readonly<Record<string, unknown>> = entry.details ?? {}) => ({
  user_id: entry.viewer?.userId ?? null,
  action: entry.action,
  subject_type: entry.subjectType,
  subject_id: entry.subjectId ?? null,
  details: JSON.stringify(details),
});

const trailIn = (db: Kysely<Schema>): AuditTrail => ({
  record: async (entry) => {
    await db.insertInto('audit_entries').values(columnsOf(entry)).execute();
  },
  begin: async (entry) => {
    const row = await db
      .insertInto('audit_entries')
      .values(columnsOf(entry, { ...entry.details, unfinished: true }))
      .returning('id')
      .executeTakeFirstOrThrow();
    return row.id;
  },
  complete: async (entryId, entry) => {
    await db.updateTable('audit_entries').set(columnsOf(entry)).where('id', '=', entryId).execute();
  },
  discard: async (entryId) => {
    await db.deleteFrom('audit_entries').where('id', '=', entryId).execute();
  },
});

export const createAuditStore = (db: Kysely<Schema>) => ({
  ...trailIn(db),

  /** Newest first. */
  page: async (query: AuditQuery) => {
    const after = decodeCursor(query.cursor, 'bigint');
    let rows = db
      .selectFrom('audit_entries as a')
      .leftJoin('users as u', 'u.id', 'a.user_id')
      .select([
        'a.id',
        'a.at',
        'a.user_id',
        'a.action',
        'a.subject_type',
        'a.subject_id',
        'a.details',
        'u.display_name',
      ])
      .orderBy('a.id', 'desc')
      .limit(query.limit + 1);
    if (after !== undefined) rows = rows.where('a.id', '<', after);
    if (query.userId !== undefined) rows = rows.where('a.user_id', '=', query.userId);
    if (query.action !== undefined) rows = rows.where('a.action', '=', query.action);
    if (query.subjectType !== undefined) rows = rows.where('a.subject_type', '=', query.subjectType);
    if (query.subjectId !== undefined) rows = rows.where('a.subject_id', '=', query.subjectId);
    const found = await rows.execute();
    return pageFrom(
      found,
      query.limit,
      (row) => row.id,
      (row) => ({
        entryId: row.id,
        atMs: row.at.getTime(),
        ...(row.user_id === null ? {} : { userId: row.user_id as UserId }),
        ...(row.display_name === null ? {} : { userName: row.display_name }),
        action: row.action,
        subjectType: row.subject_type,
        ...(row.subject_id === null ? {} : { subjectId: row.subject_id }),
        details: row.details,
      }),
    );
  },
});
