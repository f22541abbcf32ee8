import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ensureEventPartitions,
  eventPartitions,
  migrate,
  readMigrations,
  schemaFault,
  type Migration,
} from './migrate.ts';
import { findAppPaths } from './paths.ts';
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(async () => {
  await db.drop();
});

const extra = (sql: string, isBreaking = false, version = 2): Migration => ({
  version,
  name: 'extra',
  sql,
  checksum: sql,
  isBreaking,
});

describe('migrate', () => {
  it('does nothing when everything is applied', async () => {
    const known = await readMigrations(findAppPaths().migrations);
    expect(await migrate(db.pool, known)).toEqual({ applied: [], version: known.length });
  });

  it('rolls a failing migration back whole and says which', async () => {
    const known = await readMigrations(findAppPaths().migrations);
    const bad = extra('CREATE TABLE half (a int); SELECT 1/0;', false, known.length + 1);
    await expect(migrate(db.pool, [...known, bad])).rejects.toThrow(/“extra” failed and was rolled back/);
    const { rows } = await db.pool.query(`SELECT to_regclass('half') AS found`);
    expect(rows[0]).toEqual({ found: null });
  });

  it('runs once when two servers start at the same time', async () => {
    const known = await readMigrations(findAppPaths().migrations);
    const next = extra('CREATE TABLE once (a int)', false, known.length + 1);
    const reports = await Promise.all([migrate(db.pool, [...known, next]), migrate(db.pool, [...known, next])]);
    expect(reports.flatMap((r) => r.applied)).toEqual([known.length + 1]);
  });

  it('accepts a newer schema that is compatible and refuses one that is not', () => {
    const row = (is_breaking: boolean) => ({ version: 1, name: 'new', checksum: 'x', is_breaking });
    expect(schemaFault([], [row(false)])).toBeUndefined();
    expect(schemaFault([], [row(true)])?.message).toMatch(/newer Qianhu/);
    expect(schemaFault([extra('y', false, 1)], [row(false)])?.message).toMatch(/other contents/);
  });
});

describe('event partitions', () => {
  it('are named by month and meet without a gap', () => {
    const months = eventPartitions(Date.UTC(2026, 10, 30, 23), 2);
    expect(months.map((m) => m.name)).toEqual(['events_2026_11', 'events_2026_12', 'events_2027_01']);
    expect(months[0]?.to).toBe(months[1]?.from);
  });

  it('take over rows that fell into the default partition', async () => {
    const at = Date.UTC(2031, 4, 10);
    await db.pool.query(
      `INSERT INTO events (at, aggregate, aggregate_id, seq, type, data)
       VALUES ($1, 'call', '018f3c2e-7d4a-7abc-8def-0123456789ab', 1, 'dialed', '{}')`,
      [new Date(at)],
    );
    await ensureEventPartitions(db.pool, at, 1);
    const { rows } = await db.pool.query('SELECT tableoid::regclass::text AS part FROM events WHERE seq = 1');
    expect(rows).toEqual([{ part: 'events_2031_05' }]);
  });
});
