import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Schema } from './schema.ts';

/** The one way to PostgreSQL: a pool, and the query builder on the same pool. */
export type Database = {
  readonly pool: pg.Pool;
  readonly kysely: Kysely<Schema>;
  /** Waits for running queries, then closes every connection. Idempotent. */
  close(): Promise<void>;
};

export type DatabaseOptions = {
  readonly connectionString: string;
  /** Most connections at once. */
  readonly max?: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName?: string;
  /** Told when an idle connection breaks (the server was restarted); the pool has dropped it and goes on. */
  readonly onConnectionError?: (error: Error) => void;
};

/**
 * Opens a pool (lazily: the first query connects). Types as they arrive: `timestamptz` as `Date` (`±infinity` as a number),
 * `bigint` as decimal text, `jsonb` parsed, `bytea` as `Buffer`.
 */
export const createDatabase = (options: DatabaseOptions): Database => {
  const pool = new pg.Pool({
    connectionString: options.connectionString,
    max: options.max ?? 10,
    application_name: options.applicationName ?? 'qianhu',
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
  });
  pool.on('error', (error) => options.onConnectionError?.(error));
  // The pool listens to idle connections only: one that breaks between two queries of a transaction would end the process.
  // Whoever has taken it learns of it by the next query.
  pool.on('connect', (client) => client.on('error', () => undefined));
  const kysely = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  let closing: Promise<void> | undefined;
  return {
    pool,
    kysely,
    close: () => (closing ??= closeBoth(kysely, pool)),
  };
};

/** A query builder that was never used closes nothing, so the pool is asked as well. */
const closeBoth = async (kysely: Kysely<Schema>, pool: pg.Pool): Promise<void> => {
  await kysely.destroy();
  if (!pool.ended) await pool.end();
};

/** Runs `work` in one transaction on one connection of the pool; rolls back when it throws. */
export const inTransaction = async <T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (error) {
    try {
      await client.query('ROLLBACK');
      client.release();
    } catch (rollbackError) {
      // The connection is broken: the server has rolled back by itself; never give it back to the pool.
      client.release(rollbackError instanceof Error ? rollbackError : true);
    }
    throw error;
  }
};

/** SQLSTATE of a PostgreSQL error, for example `23505` (unique violation); undefined for anything else. */
export const sqlState = (error: unknown): string | undefined =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  typeof error.code === 'string' &&
  error.code.length === 5
    ? error.code
    : undefined;

/** SQLSTATE codes that we act on (PostgreSQL manual, appendix A). */
export const SQL_STATE = { uniqueViolation: '23505', foreignKeyViolation: '23503', checkViolation: '23514' } as const;
