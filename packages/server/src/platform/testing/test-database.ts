import { createHash, randomBytes } from 'node:crypto';
import pg from 'pg';
import { createDatabase, type Database } from '../database.ts';
import { ensureEventPartitions, migrate, readMigrations } from '../migrate.ts';
import { findAppPaths } from '../paths.ts';
import { testPostgresUrl } from './test-postgres.ts';

/** A database of one test file: migrated, empty, removed by `drop`. */
export type TestDatabase = Database & {
  readonly url: string;
  /** Closes the pool and removes the database. */
  drop(): Promise<void>;
};

/** Any constant: one process at a time makes the template. */
const TEMPLATE_LOCK = 7_141_800_002;

const withDatabase = (url: string, name: string): string => {
  const parsed = new URL(url);
  parsed.pathname = `/${name}`;
  return parsed.toString();
};

const withClient = async <T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
};

/** Makes the migrated template for these migrations once; its name carries their checksum. */
const ensureTemplate = async (adminUrl: string): Promise<string> => {
  const migrations = await readMigrations(findAppPaths().migrations);
  const digest = createHash('sha256')
    .update(migrations.map((m) => m.checksum).join())
    .digest('hex');
  const template = `template_${digest.slice(0, 16)}`;
  const exists = async (client: pg.Client): Promise<boolean> =>
    (await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [template])).rowCount === 1;
  await withClient(adminUrl, async (client) => {
    if (await exists(client)) return;
    await client.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    if (await exists(client)) return;
    const draft = `draft_${randomBytes(6).toString('hex')}`;
    await client.query(`CREATE DATABASE ${draft}`);
    const database = createDatabase({ connectionString: withDatabase(adminUrl, draft), max: 1 });
    try {
      await migrate(database.pool, migrations);
      await ensureEventPartitions(database.pool, Date.now());
    } finally {
      await database.close();
    }
    // A closed connection's backend lives a moment longer, and a database in use cannot be renamed.
    const users = 'SELECT 1 FROM pg_stat_activity WHERE datname = $1';
    while (((await client.query(users, [draft])).rowCount ?? 0) > 0) await new Promise((r) => setTimeout(r, 20));
    await client.query(`ALTER DATABASE ${draft} RENAME TO ${template}`);
  });
  return template;
};

/** A fresh database cloned from the template. Call in `beforeAll`, and `drop` in `afterAll`. */
export const createTestDatabase = async (options: { max?: number } = {}): Promise<TestDatabase> => {
  const adminUrl = await testPostgresUrl();
  const template = await ensureTemplate(adminUrl);
  const name = `test_${randomBytes(8).toString('hex')}`;
  await withClient(adminUrl, async (client) => {
    // Cloning needs the template unused; the lock keeps our own clones from colliding.
    await client.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  });
  const url = withDatabase(adminUrl, name);
  const database = createDatabase({ connectionString: url, max: options.max ?? 5, applicationName: 'qianhu-test' });
  return {
    ...database,
    url,
    drop: async () => {
      await database.close();
      await withClient(adminUrl, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    },
  };
};
