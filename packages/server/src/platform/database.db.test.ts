import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDatabase, inTransaction } from './database.ts';
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(async () => {
  await db.drop();
});

it('survives that PostgreSQL ends a connection between two queries of a transaction', async () => {
  const database = createDatabase({ connectionString: db.url, max: 2 });
  const running = inTransaction(database.pool, async (client) => {
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const ended = new Promise((resolve) => client.once('end', resolve));
    await db.pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
    await ended;
    await client.query('SELECT 1');
  });
  await expect(running).rejects.toThrow();
  const { rows } = await database.pool.query<{ one: number }>('SELECT 1 AS one');
  expect(rows[0]?.one).toBe(1);
  await database.close();
});
