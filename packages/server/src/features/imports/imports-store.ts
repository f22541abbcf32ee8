import type { FileFault, ImportId, ImportQuery, ImportSettings, ImportView, UserId } from '@qianhu/contracts';
import type { ListId } from '@qianhu/core';
import type { Selectable } from 'kysely';
import { decodeCursor, pageFrom, type Page } from '../../platform/cursor.ts';
import type { Database } from '../../platform/database.ts';
import type { ImportsTable } from '../../platform/schema.ts';
import { tryLockImport } from './import-batches.ts';

/** An import as it is stored; paths are not for showing. */
export type StoredImport = {
  readonly view: ImportView;
  readonly filePath: string;
  readonly rejectsPath: string | undefined;
  readonly notesPath: string | undefined;
};

/** How an import ended. */
export type ImportEnd = {
  readonly state: 'done' | 'cancelled' | 'failed';
  readonly error?: { readonly code: FileFault; readonly message: string };
  readonly rejectsPath?: string;
  readonly notesPath?: string;
};

export type ImportsStore = ReturnType<typeof createImportsStore>;

const toView = (row: Selectable<ImportsTable>): ImportView => {
  const rowsImported = Number(row.rows_imported);
  const canStart = row.state === 'uploaded' || row.state === 'failed' || row.state === 'cancelled';
  return {
    importId: row.id as ImportId,
    ...(row.list_id === null ? {} : { listId: row.list_id as ListId }),
    state: row.state,
    fileName: row.file_name,
    fileBytes: Number(row.file_bytes),
    bytesRead: Number(row.bytes_read),
    rowsRead: Number(row.rows_read),
    rowsImported,
    rowsUpdated: Number(row.rows_updated),
    rowsRejected: Number(row.rows_rejected),
    rowsDuplicate: Number(row.rows_duplicate),
    rowsNoted: Number(row.rows_noted),
    reasons: row.reasons,
    hasRejects: row.rejects_path !== null,
    hasNotes: row.notes_path !== null,
    canStart,
    canRemoveLeads: rowsImported > 0 && row.state !== 'running',
    ...(row.error === null ? {} : { error: row.error as NonNullable<ImportView['error']> }),
    ...(row.settings === null ? {} : { settings: row.settings as ImportSettings }),
    createdAtMs: row.created_at.getTime(),
    ...(row.started_at === null ? {} : { startedAtMs: row.started_at.getTime() }),
    ...(row.finished_at === null ? {} : { finishedAtMs: row.finished_at.getTime() }),
  };
};

const toStored = (row: Selectable<ImportsTable>): StoredImport => ({
  view: toView(row),
  filePath: row.file_path,
  rejectsPath: row.rejects_path ?? undefined,
  notesPath: row.notes_path ?? undefined,
});

/** The rows of imports. Progress is written by `ImportBatches`, in the transactions of the leads. */
export const createImportsStore = (db: Database, now: () => number) => ({
  insert: async (entry: {
    readonly id: ImportId;
    readonly userId: UserId | undefined;
    readonly fileName: string;
    readonly filePath: string;
    readonly fileBytes: number;
  }): Promise<void> => {
    await db.kysely
      .insertInto('imports')
      .values({
        id: entry.id,
        user_id: entry.userId ?? null,
        state: 'uploaded',
        file_name: entry.fileName,
        file_path: entry.filePath,
        file_bytes: entry.fileBytes,
        created_at: new Date(now()),
      })
      .execute();
  },

  find: async (id: string): Promise<StoredImport | undefined> => {
    const row = await db.kysely.selectFrom('imports').selectAll().where('id', '=', id).executeTakeFirst();
    return row && toStored(row);
  },

  /** Newest first: ids ascend with time. */
  page: async (query: ImportQuery): Promise<Page<ImportView>> => {
    const after = decodeCursor(query.cursor, 'uuid');
    let rows = db.kysely
      .selectFrom('imports')
      .selectAll()
      .orderBy('id', 'desc')
      .limit(query.limit + 1);
    if (after !== undefined) rows = rows.where('id', '<', after);
    if (query.listId !== undefined) rows = rows.where('list_id', '=', query.listId);
    return pageFrom(await rows.execute(), query.limit, (row) => row.id, toView);
  },

  /** Marks it running with fresh counts; false when it is running already or done. */
  begin: async (id: string, listId: string, settings: ImportSettings): Promise<boolean> => {
    const result = await db.kysely
      .updateTable('imports')
      .set({
        state: 'running',
        list_id: listId,
        settings: JSON.stringify(settings),
        bytes_read: 0,
        rows_read: 0,
        rows_imported: 0,
        rows_updated: 0,
        rows_rejected: 0,
        rows_duplicate: 0,
        rows_noted: 0,
        reasons: '{}',
        rejects_path: null,
        notes_path: null,
        first_lead_id: null,
        last_lead_id: null,
        error: null,
        started_at: new Date(now()),
        finished_at: null,
      })
      .where('id', '=', id)
      .where('state', 'in', ['uploaded', 'failed', 'cancelled'])
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  },

  end: async (id: string, end: ImportEnd): Promise<void> => {
    await db.kysely
      .updateTable('imports')
      .set({
        state: end.state,
        error: end.error === undefined ? null : JSON.stringify(end.error),
        rejects_path: end.rejectsPath ?? null,
        notes_path: end.notesPath ?? null,
        finished_at: new Date(now()),
        ...(end.state === 'done' ? { bytes_read: (eb) => eb.ref('file_bytes') } : {}),
      })
      .where('id', '=', id)
      .where('state', '=', 'running')
      .execute();
  },

  /** Adds the columns of one's own to those that the list knows. */
  addFieldDefs: async (listId: string, keys: readonly string[]): Promise<void> => {
    if (keys.length === 0) return;
    await db.pool.query(
      `UPDATE lists SET field_defs = field_defs || (
         SELECT COALESCE(jsonb_agg(jsonb_build_object('key', k, 'label', k) ORDER BY n), '[]')
         FROM unnest($2::text[]) WITH ORDINALITY AS new (k, n)
         WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(field_defs) AS old WHERE old ->> 'key' = k))
       WHERE id = $1`,
      [listId, keys],
    );
  },

  /** Ids of imports that say they run though no connection holds their lock: their program is gone. */
  findOrphans: async (): Promise<readonly string[]> => {
    const { rows } = await db.pool.query<{ id: string }>(`SELECT id FROM imports WHERE state = 'running'`);
    const orphans: string[] = [];
    for (const { id } of rows) {
      const client = await db.pool.connect();
      try {
        if (await tryLockImport(client, id)) orphans.push(id);
        await client.query('SELECT pg_advisory_unlock_all()');
      } finally {
        client.release();
      }
    }
    return orphans;
  },

  /** Removes the leads that the import brought and nobody has dialled. */
  removeLeads: async (id: string): Promise<{ removed: number; kept: number }> => {
    const { rows } = await db.pool.query<{ removed: string; had: string }>(
      `WITH range AS (
         SELECT list_id, first_lead_id, last_lead_id FROM imports WHERE id = $1 AND state <> 'running'
       ), had AS (
         SELECT l.id FROM leads l JOIN range r ON l.list_id = r.list_id AND l.id BETWEEN r.first_lead_id AND r.last_lead_id
       ), gone AS (
         DELETE FROM leads WHERE id IN (SELECT id FROM had) AND state = 'ready' AND attempts = 0 RETURNING 1
       )
       SELECT (SELECT count(*) FROM gone) AS removed, (SELECT count(*) FROM had) AS had`,
      [id],
    );
    const removed = Number(rows[0]?.removed ?? 0);
    return { removed, kept: Number(rows[0]?.had ?? 0) - removed };
  },

  /** Forgets the import; false when it runs. */
  remove: async (id: string): Promise<boolean> => {
    const result = await db.kysely
      .deleteFrom('imports')
      .where('id', '=', id)
      .where('state', '<>', 'running')
      .executeTakeFirst();
    return result.numDeletedRows === 1n;
  },
});
