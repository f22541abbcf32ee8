import type { ImportOptions, RejectReason } from '@qianhu/contracts';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { finished } from 'node:stream/promises';
import { STAGE_COLUMNS, type Batch, type BatchResult } from './pipeline/batch.ts';

/** A batch as it was committed, for the progress that people see. */
export type CommittedBatch = Omit<BatchResult, 'isStopped'>;

type Row = { row_no: number };

/** Any constant: names the locks of this room among all advisory locks. */
const LIST_LOCK_CLASS = 7_141_803;
const IMPORT_LOCK_CLASS = 7_141_804;

/** Tries to become the one import into a list, until the connection ends. */
export const tryLockList = async (client: pg.ClientBase, listId: string): Promise<boolean> => {
  const { rows } = await client.query<{ ok: boolean }>('SELECT pg_try_advisory_lock($1, hashtext($2)) AS ok', [
    LIST_LOCK_CLASS,
    listId,
  ]);
  return rows[0]?.ok === true;
};

/** Tries to lock an import: who gets it knows that nobody runs it. Held until unlocked or the connection ends. */
export const tryLockImport = async (client: pg.ClientBase, importId: string): Promise<boolean> => {
  const { rows } = await client.query<{ ok: boolean }>('SELECT pg_try_advisory_lock($1, hashtext($2)) AS ok', [
    IMPORT_LOCK_CLASS,
    importId,
  ]);
  return rows[0]?.ok === true;
};

/** Numbers of callable leads are unique in a list by index; this is what a second row of the same number does. */
const INSERT = `INSERT INTO leads (list_id, number, alt_numbers, region, zone, name, fields, priority, next_at, is_callback)
  SELECT $1, number, alt_numbers, region, zone, name, fields, COALESCE(priority, 0),
         COALESCE(callback_at, '-infinity'), callback_at IS NOT NULL
  FROM import_stage`;

/**
 * New data for leads that are there: what the row leaves empty stays, and so does progress (state, attempts). `OFFSET 0`
 * keeps the planner to one probe of the index per row, whatever the statistics of a growing table make it believe.
 */
const UPDATE = (listRule: '=' | '<>'): string => `UPDATE leads SET
    name = COALESCE(s.name, leads.name),
    alt_numbers = COALESCE(s.alt_numbers, leads.alt_numbers),
    zone = s.zone,
    fields = CASE WHEN s.fields IS NULL THEN leads.fields ELSE COALESCE(leads.fields, '{}') || s.fields END,
    priority = COALESCE(s.priority, leads.priority),
    next_at = CASE WHEN s.callback_at IS NOT NULL AND leads.state = 'ready' THEN s.callback_at ELSE leads.next_at END,
    is_callback = leads.is_callback OR (s.callback_at IS NOT NULL AND leads.state = 'ready')
  FROM (
    SELECT s.*, old.id AS lead_id FROM import_stage s
    CROSS JOIN LATERAL (SELECT l.id FROM leads l WHERE l.number = s.number AND l.list_id ${listRule} $1 OFFSET 0) AS old
    OFFSET 0
  ) AS s
  WHERE leads.id = s.lead_id RETURNING s.row_no`;

/**
 * Writes the batches of one import on one connection: COPY into a temporary table (which writes no log), then one INSERT with
 * the rules for doubles, with the progress in the same transaction.
 */
export class ImportBatches {
  readonly #client: pg.ClientBase;
  readonly #importId: string;
  readonly #listId: string;
  readonly #options: ImportOptions;

  constructor(client: pg.ClientBase, importId: string, listId: string, options: ImportOptions) {
    this.#client = client;
    this.#importId = importId;
    this.#listId = listId;
    this.#options = options;
  }

  /** Makes the staging table and remembers where the ids of this import begin. */
  async prepare(): Promise<void> {
    await this.#client.query(`DROP TABLE IF EXISTS pg_temp.import_stage`);
    await this.#client.query(`CREATE TEMP TABLE import_stage (
      row_no int, number text, alt_numbers text[], region text, zone text, name text, fields jsonb, priority smallint,
      callback_at timestamptz
    ) ON COMMIT DELETE ROWS`);
    // The id taken here is used by no lead; from now on `currval` speaks of this connection.
    await this.#client.query(
      `UPDATE imports SET first_lead_id = nextval(pg_get_serial_sequence('leads', 'id')), last_lead_id = NULL WHERE id = $1`,
      [this.#importId],
    );
  }

  /** Leaves the connection as it was found, for the pool. */
  async finish(): Promise<void> {
    await this.#client.query('DROP TABLE IF EXISTS pg_temp.import_stage');
    await this.#client.query('SELECT pg_advisory_unlock_all()');
  }

  /** One batch, one transaction. */
  async write(batch: Batch): Promise<CommittedBatch> {
    const client = this.#client;
    await client.query('BEGIN');
    try {
      const duplicates: { row: number; reason: RejectReason }[] = [];
      let dncRows: number[] = [];
      let updated = 0;
      let inserted = 0;
      if (batch.leads > 0) {
        await this.#copy(batch.copy);
        const { acrossLists, inList } = this.#options;
        if (acrossLists === 'skip') await this.#skipAcrossLists(duplicates);
        if (acrossLists === 'update') updated += await this.#update('<>');
        if (this.#options.checkDnc) dncRows = await this.#onDncList();
        if (inList === 'update') updated += await this.#update('=');
        inserted = await this.#insert(batch.leads - updated - duplicates.length, duplicates);
      }
      const gone = new Set(duplicates.map((d) => d.row));
      dncRows = dncRows.filter((row) => !gone.has(row));
      await this.#saveProgress(batch, { inserted, updated, duplicates, dncRows });
      await client.query('COMMIT');
      return { duplicates, dncRows };
    } catch (error) {
      // Where the connection is gone the server has rolled back by itself.
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  async #copy(lines: Uint8Array): Promise<void> {
    const stream = this.#client.query(copyFrom(`COPY import_stage (${STAGE_COLUMNS}) FROM STDIN`));
    stream.end(lines);
    await finished(stream);
  }

  /** Takes rows out whose number is in another list. */
  async #skipAcrossLists(duplicates: { row: number; reason: RejectReason }[]): Promise<void> {
    const { rows } = await this.#client.query<Row>(
      `DELETE FROM import_stage s
       WHERE (SELECT true FROM leads l WHERE l.number = s.number AND l.list_id <> $1 LIMIT 1) RETURNING row_no`,
      [this.#listId],
    );
    for (const { row_no } of rows) duplicates.push({ row: row_no, reason: 'duplicateAcrossLists' });
  }

  /** Gives rows' data to leads of this (`=`) or other (`<>`) lists and takes the rows out. Returns how many rows. */
  async #update(listRule: '=' | '<>'): Promise<number> {
    const { rows } = await this.#client.query<Row>(UPDATE(listRule), [this.#listId]);
    if (rows.length === 0) return 0;
    const { rowCount } = await this.#client.query('DELETE FROM import_stage WHERE row_no = ANY ($1::int[])', [
      rows.map((row) => row.row_no),
    ]);
    return rowCount ?? 0;
  }

  async #onDncList(): Promise<number[]> {
    const { rows } = await this.#client.query<Row>(
      `SELECT row_no FROM import_stage s
       WHERE (SELECT true FROM dnc_entries d WHERE d.number = ANY (s.number || COALESCE(s.alt_numbers, '{}'))
              AND d.campaign_id IS NULL AND (d.expires_at IS NULL OR d.expires_at > now()) LIMIT 1)`,
    );
    return rows.map((row) => row.row_no);
  }

  async #insert(staged: number, duplicates: { row: number; reason: RejectReason }[]): Promise<number> {
    const result = await this.#client.query(`${INSERT} ON CONFLICT (list_id, number) DO NOTHING`, [this.#listId]);
    const inserted = result.rowCount ?? 0;
    if (inserted < staged) {
      // Those that were there before are the ones that this transaction did not write.
      const { rows } = await this.#client.query<Row>(
        `SELECT s.row_no FROM import_stage s
         CROSS JOIN LATERAL (SELECT l.xmin FROM leads l WHERE l.number = s.number AND l.list_id = $1 OFFSET 0) AS old
         WHERE old.xmin <> pg_current_xact_id()::xid`,
        [this.#listId],
      );
      for (const { row_no } of rows) duplicates.push({ row: row_no, reason: 'duplicateInList' });
    }
    return inserted;
  }

  async #saveProgress(
    batch: Batch,
    done: CommittedBatch & { readonly inserted: number; readonly updated: number },
  ): Promise<void> {
    const reasons: Record<string, number> = { ...batch.rejections };
    const count = (reason: string): void => {
      reasons[reason] = (reasons[reason] ?? 0) + 1;
    };
    const gone = new Set<number>();
    for (const { row, reason } of done.duplicates) {
      gone.add(row);
      count(reason);
    }
    const noted = new Set(done.dncRows);
    for (const _row of done.dncRows) count('onDncList');
    for (const note of batch.notes) {
      if (gone.has(note.row)) continue;
      noted.add(note.row);
      note.reasons.forEach(count);
    }
    await this.#client.query(
      `UPDATE imports SET
         bytes_read = $2, rows_read = rows_read + $3, rows_imported = rows_imported + $4, rows_updated = rows_updated + $5,
         rows_rejected = rows_rejected + $6, rows_duplicate = rows_duplicate + $7, rows_noted = rows_noted + $8,
         reasons = (SELECT COALESCE(jsonb_object_agg(key, n), '{}') FROM (
           SELECT key, sum(value::bigint) AS n
           FROM (SELECT * FROM jsonb_each_text(reasons) UNION ALL SELECT * FROM jsonb_each_text($9::jsonb)) AS both_sides
           GROUP BY key) AS sums),
         last_lead_id = currval(pg_get_serial_sequence('leads', 'id'))
       WHERE id = $1`,
      [
        this.#importId,
        batch.bytesRead,
        batch.rowsRead,
        done.inserted,
        done.updated,
        batch.rowsRejected,
        batch.rowsDuplicate + done.duplicates.length,
        noted.size,
        JSON.stringify(reasons),
      ],
    );
  }
}
