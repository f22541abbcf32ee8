import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { realClock } from '../platform/clock.ts';
import { silentLogger } from '../platform/log.ts';
import { createTestDatabase, type TestDatabase } from '../platform/testing/test-database.ts';
import { Committer } from './committer.ts';
import { acquireLease, FencedError, type Lease } from './lease.ts';
import type { DncRow, RowWrites } from './rows.ts';

let db: TestDatabase;
const open: Committer[] = [];

beforeAll(async () => {
  db = await createTestDatabase({ max: 4 });
  // Connections are cut on purpose.
  db.pool.on('error', () => undefined);
});
afterEach(async () => {
  for (const committer of open.splice(0)) await committer.close();
  await db.pool.query('TRUNCATE outbox, dnc_entries, events, leases, numbers');
});
afterAll(async () => {
  await db.drop();
});

const rig = async (resource = 'engine'): Promise<{ committer: Committer; lease: Lease; fenced: string[] }> => {
  const lease = await acquireLease(db.pool, resource, 'me');
  if (lease === undefined) throw new Error('The lease is taken.');
  const fenced: string[] = [];
  const committer = new Committer({
    pool: db.pool,
    lease,
    clock: realClock(),
    log: silentLogger(),
    onFenced: () => fenced.push('fenced'),
  });
  open.push(committer);
  return { committer, lease, fenced };
};

const unit = (n: number): RowWrites => ({
  outbox: [{ kind: 'test', key: String(n).padStart(4, '0'), payload: { n } }],
});
/** A row that PostgreSQL refuses: a DNC entry without a number. */
const badUnit: RowWrites = {
  dnc: [
    {
      number: null as unknown as string,
      campaign_id: null,
      reason: '',
      source: 'test',
      created_by: null,
    } satisfies DncRow,
  ],
};

const written = async (): Promise<readonly number[]> => {
  const { rows } = await db.pool.query<{ n: number }>("SELECT (payload->>'n')::int AS n FROM outbox ORDER BY id");
  return rows.map((row) => row.n);
};

describe('group commit', () => {
  it('commits units in the order they came, many to a transaction', async () => {
    const { committer } = await rig();
    await Promise.all(Array.from({ length: 700 }, (_, n) => committer.commit(unit(n))));
    expect(await written()).toEqual(Array.from({ length: 700 }, (_, n) => n));
    // At most 500 share one.
    expect(await transactions()).toBe(2);
    expect(committer.pending).toBe(0);
  });

  it('lets the later state of an aggregate win, also within one commit', async () => {
    const { committer } = await rig();
    const refused = (at: string): RowWrites => ({ numbers: [{ number: '+861', refused_at: at }] });
    await Promise.all([
      committer.commit(refused('2026-01-01T00:00:00Z')),
      committer.commit(refused('2026-02-01T00:00:00Z')),
    ]);
    const { rows } = await db.pool.query<{ refused_at: Date }>('SELECT refused_at FROM numbers');
    expect(rows.map((row) => row.refused_at.toISOString())).toEqual(['2026-02-01T00:00:00.000Z']);
  });

  it('lets a bad row harm itself alone', async () => {
    const { committer } = await rig();
    const results = await Promise.allSettled([unit(1), unit(2), badUnit, unit(3)].map((one) => committer.commit(one)));
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(await written()).toEqual([1, 2, 3]);
    await committer.commit(unit(4));
    expect(await written()).toEqual([1, 2, 3, 4]);
  });

  it('waits out a database whose connections are cut, and loses and doubles nothing', async () => {
    const { committer, fenced } = await rig();
    const done: Promise<void>[] = [];
    for (let n = 0; n < 60; n++) {
      done.push(committer.commit(unit(n)));
      if (n % 20 === 10) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        await db.pool
          .query(
            'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
          )
          .catch(() => undefined);
      }
    }
    await Promise.all(done);
    expect(await written()).toEqual(Array.from({ length: 60 }, (_, n) => n));
    expect(fenced).toEqual([]);
  });

  it('writes nothing more once another owner has taken over, and says so once', async () => {
    const { committer, lease, fenced } = await rig();
    await committer.commit(unit(1));
    await db.pool.query('UPDATE leases SET epoch = epoch + 1, holder = $1 WHERE resource = $2', [
      'other',
      lease.resource,
    ]);
    const results = await Promise.allSettled([committer.commit(unit(2)), committer.commit(unit(3))]);
    expect(
      results.map((result) => (result.status === 'rejected' ? result.reason instanceof FencedError : false)),
    ).toEqual([true, true]);
    await expect(committer.commit(unit(4))).rejects.toBeInstanceOf(FencedError);
    expect([await written(), fenced]).toEqual([[1], ['fenced']]);
  });

  it('writes what waits when it is closed, and takes nothing after', async () => {
    const { committer } = await rig();
    const last = committer.commit(unit(1));
    await committer.close();
    await last;
    expect(await written()).toEqual([1]);
    await expect(committer.commit(unit(2))).rejects.toThrow('closed');
  });
});

/** In how many transactions the rows of the outbox were written. */
const transactions = async (): Promise<number> => {
  const { rows } = await db.pool.query<{ n: number }>('SELECT count(DISTINCT xmin::text)::int AS n FROM outbox');
  return rows[0]?.n ?? 0;
};
