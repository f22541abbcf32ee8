import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { VirtualClock } from '@qianhu/switch';
import { silentLogger } from '../platform/log.ts';
import { createTestDatabase, type TestDatabase } from '../platform/testing/test-database.ts';
import {
  acquireLease,
  checkFence,
  FencedError,
  keepLease,
  LEASE_RENEW_MS,
  releaseLease,
  renewLease,
  type Lease,
} from './lease.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase({ max: 3 });
});
afterEach(async () => {
  await db.pool.query('TRUNCATE leases');
});
afterAll(async () => {
  await db.drop();
});

const take = async (holder: string): Promise<Lease> => {
  const lease = await acquireLease(db.pool, 'pool', holder);
  if (lease === undefined) throw new Error(`${holder} did not get the lease.`);
  return lease;
};
const expire = () => db.pool.query("UPDATE leases SET expires_at = now() - interval '1 second'");
const leftMs = async (): Promise<number> => {
  const { rows } = await db.pool.query<{ ms: string }>(
    'SELECT extract(epoch FROM expires_at - now()) * 1000 AS ms FROM leases',
  );
  return Number(rows[0]?.ms);
};
const fence = async (lease: Lease): Promise<void> => {
  const client = await db.pool.connect();
  try {
    await client.query('BEGIN');
    await checkFence(client, lease);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
};

describe('a lease', () => {
  it('has one holder while it lives', async () => {
    await take('a');
    expect(await acquireLease(db.pool, 'pool', 'b')).toBeUndefined();
  });

  it('goes to the next with a higher epoch when it has run out, and every write of the last is refused', async () => {
    const first = await take('a');
    await expire();
    const second = await take('b');
    expect(Number(second.epoch)).toBe(Number(first.epoch) + 1);
    expect(await renewLease(db.pool, first)).toBe(false);
    await expect(fence(first)).rejects.toBeInstanceOf(FencedError);
    await expect(fence(second)).resolves.toBeUndefined();
  });

  it('fences the earlier run of the same holder, which may still be alive', async () => {
    const first = await take('a');
    const second = await take('a');
    expect(second.epoch).not.toBe(first.epoch);
    await expect(fence(first)).rejects.toBeInstanceOf(FencedError);
  });

  it('goes at once when it is given up, and giving up an old one does no harm', async () => {
    const first = await take('a');
    await releaseLease(db.pool, first);
    await db.pool.query("UPDATE leases SET expires_at = expires_at - interval '1 millisecond'");
    const second = await take('b');
    await releaseLease(db.pool, first);
    expect(await leftMs()).toBeGreaterThan(0);
    expect(await renewLease(db.pool, second)).toBe(true);
  });

  it('has exactly one winner when several want it at once', async () => {
    const winners = (
      await Promise.all(['a', 'b', 'c', 'd'].map((holder) => acquireLease(db.pool, 'pool', holder)))
    ).filter((lease) => lease !== undefined);
    expect(winners).toHaveLength(1);
  });
});

/** Lets what the timer began come to its end. */
const settle = async (done: () => boolean | Promise<boolean>): Promise<void> => {
  for (let i = 0; i < 200 && !(await done()); i++) await new Promise((resolve) => setTimeout(resolve, 5));
};

describe('keeping a lease', () => {
  it('renews it in time, again and again', async () => {
    const clock = new VirtualClock();
    const lost: string[] = [];
    const stop = keepLease(db.pool, await take('a'), { clock, log: silentLogger(), onLost: () => lost.push('lost') });
    for (let i = 0; i < 3; i++) {
      await db.pool.query("UPDATE leases SET expires_at = now() + interval '1 second'");
      clock.advance(LEASE_RENEW_MS);
      await settle(async () => (await leftMs()) > 5_000 && clock.pending === 1);
      expect(await leftMs()).toBeGreaterThan(5_000);
    }
    stop();
    expect([lost, clock.pending]).toEqual([[], 0]);
  });

  it('says once that it is lost when another has taken it', async () => {
    const clock = new VirtualClock();
    const lost: string[] = [];
    keepLease(db.pool, await take('a'), { clock, log: silentLogger(), onLost: () => lost.push('lost') });
    await expire();
    await take('b');
    clock.advance(LEASE_RENEW_MS);
    await settle(() => lost.length > 0);
    clock.advance(10 * LEASE_RENEW_MS);
    expect([lost, clock.pending]).toEqual([['lost'], 0]);
  });

  it('stays owner while the database is away: nobody can take a lease from it either', async () => {
    const clock = new VirtualClock();
    const lost: string[] = [];
    const lease = await take('a');
    let away = true;
    const pool = {
      query: (...args: Parameters<typeof db.pool.query>) =>
        away ? Promise.reject(new Error('away')) : db.pool.query(...args),
    } as unknown as typeof db.pool;
    const stop = keepLease(pool, lease, { clock, log: silentLogger(), onLost: () => lost.push('lost') });
    for (let i = 0; i < 5; i++) {
      clock.advance(LEASE_RENEW_MS);
      await settle(() => clock.pending === 1);
    }
    expect(lost).toEqual([]);
    away = false;
    await db.pool.query("UPDATE leases SET expires_at = now() + interval '1 second'");
    clock.advance(LEASE_RENEW_MS);
    await settle(async () => (await leftMs()) > 5_000);
    expect([lost, (await leftMs()) > 5_000]).toEqual([[], true]);
    stop();
  });
});
