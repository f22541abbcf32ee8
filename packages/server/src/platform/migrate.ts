import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { AppError } from '../errors.ts';
import { sqlState, SQL_STATE } from './database.ts';

/** One numbered SQL file. `isBreaking`: an older program must not run on the schema it leaves (first line `-- breaking`). */
export type Migration = {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
  readonly isBreaking: boolean;
};

export type MigrationReport = {
  /** Versions applied now. */
  readonly applied: readonly number[];
  /** Version of the schema afterwards. */
  readonly version: number;
};

/** Any constant: whoever migrates this product's schema takes this lock first. */
const MIGRATION_LOCK = 7_141_800_001;

const FILE_NAME = /^(\d{4})_([a-z0-9_]+)\.sql$/;

/** Reads the numbered files of a folder, in order. Throws `AppError` when a number is missing, doubled or a name is odd. */
export const readMigrations = async (folder: string): Promise<readonly Migration[]> => {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const migrations: Migration[] = [];
  for (const file of names) {
    const match = FILE_NAME.exec(file);
    if (match === null) throw new AppError('internal', `Migration file ${file} is not named 0001_some_words.sql.`);
    const sql = await readFile(join(folder, file), 'utf8');
    const version = Number(match[1]);
    if (version !== migrations.length + 1)
      throw new AppError(
        'internal',
        `Migration ${file} is out of order: number ${migrations.length + 1} was expected.`,
      );
    migrations.push({
      version,
      name: match[2] ?? '',
      sql,
      checksum: createHash('sha256').update(sql).digest('hex'),
      isBreaking: /^--\s*breaking\b/m.test(sql.slice(0, 200)),
    });
  }
  return migrations;
};

type AppliedRow = { version: number; name: string; checksum: string; is_breaking: boolean };

/** What stands between the schema found and this program; undefined when it may go on. */
export const schemaFault = (known: readonly Migration[], applied: readonly AppliedRow[]): AppError | undefined => {
  for (const row of applied) {
    const migration = known[row.version - 1];
    if (migration === undefined) {
      if (!row.is_breaking) continue;
      return new AppError(
        'unavailable',
        `The database was made by a newer Qianhu (schema ${row.version} “${row.name}”, this program knows up to ${known.length}). ` +
          'Start the newer version, or point DATABASE_URL or QIANHU_HOME at another database. Nothing was changed.',
        { details: { schemaVersion: row.version, knownVersion: known.length } },
      );
    }
    if (migration.checksum !== row.checksum)
      return new AppError(
        'unavailable',
        `Migration ${row.version} “${row.name}” was applied with other contents than this program carries. ` +
          'The database belongs to another build: use that build, or another database. Nothing was changed.',
        { details: { schemaVersion: row.version } },
      );
  }
  return undefined;
};

/**
 * Brings the schema forward: one transaction a file, under an advisory lock so that two starting servers do not collide.
 * Throws `AppError` `unavailable` when the schema is newer and incompatible, or was made by another build.
 */
export const migrate = async (pool: pg.Pool, migrations: readonly Migration[]): Promise<MigrationReport> => {
  const client = await pool.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    try {
      await client.query(`CREATE TABLE IF NOT EXISTS schema_migrations (
        version int PRIMARY KEY,
        name text NOT NULL,
        checksum text NOT NULL,
        is_breaking boolean NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
      )`);
      const { rows } = await client.query<AppliedRow>(
        'SELECT version, name, checksum, is_breaking FROM schema_migrations ORDER BY version',
      );
      const fault = schemaFault(migrations, rows);
      if (fault !== undefined) throw fault;
      const done = new Set(rows.map((row) => row.version));
      const applied: number[] = [];
      for (const migration of migrations) {
        if (done.has(migration.version)) continue;
        await applyOne(client, migration);
        applied.push(migration.version);
      }
      return { applied, version: Math.max(migrations.length, ...done) };
    } finally {
      await client.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
    }
  } finally {
    client.release();
  }
};

const applyOne = async (client: pg.PoolClient, migration: Migration): Promise<void> => {
  await client.query('BEGIN');
  try {
    await client.query(migration.sql);
    await client.query('INSERT INTO schema_migrations (version, name, checksum, is_breaking) VALUES ($1, $2, $3, $4)', [
      migration.version,
      migration.name,
      migration.checksum,
      migration.isBreaking,
    ]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw new AppError(
      'internal',
      `Migration ${migration.version} “${migration.name}” failed and was rolled back: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
};

/** The month of an instant and those after it, as partition name and bounds (UTC). */
export const eventPartitions = (
  nowMs: number,
  monthsAhead: number,
): readonly { readonly name: string; readonly from: string; readonly to: string }[] => {
  const start = new Date(nowMs);
  return Array.from({ length: monthsAhead + 1 }, (_, i) => {
    const from = new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + i, 1));
    const to = new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + i + 1, 1));
    const month = from.toISOString().slice(0, 7);
    return { name: `events_${month.replace('-', '_')}`, from: from.toISOString(), to: to.toISOString() };
  });
};

/**
 * Makes the partitions of `events` for this month and `monthsAhead` more. Rows that fell into the default partition
 * (a clock that jumped, a server that slept for months) are moved into the one they belong to.
 */
export const ensureEventPartitions = async (pool: pg.Pool, nowMs: number, monthsAhead = 3): Promise<void> => {
  for (const { name, from, to } of eventPartitions(nowMs, monthsAhead)) {
    const create = `CREATE TABLE IF NOT EXISTS ${name} PARTITION OF events FOR VALUES FROM ('${from}') TO ('${to}')`;
    try {
      await pool.query(create);
    } catch (error) {
      if (sqlState(error) !== SQL_STATE.checkViolation) throw error;
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        await client.query('LOCK TABLE events IN ACCESS EXCLUSIVE MODE');
        await client.query(
          `CREATE TEMP TABLE moved_events ON COMMIT DROP AS SELECT * FROM events_default WHERE at >= '${from}' AND at < '${to}'`,
        );
        await client.query(`DELETE FROM events_default WHERE at >= '${from}' AND at < '${to}'`);
        await client.query(create);
        await client.query('INSERT INTO events SELECT * FROM moved_events');
        await client.query('COMMIT');
      } catch (moveError) {
        await client.query('ROLLBACK');
        throw moveError;
      } finally {
        client.release();
      }
    }
  }
};
