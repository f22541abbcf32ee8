import type { Pool, PoolClient } from 'pg';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/log.ts';

/** How long a lease lives without renewal. An owner that dies is replaced after at most this time. */
export const LEASE_TTL_MS = 10_000;
/** How often an owner renews. */
export const LEASE_RENEW_MS = 3_000;

/** The right to write: `epoch` grows by one with each new owner, and every write of an owner checks it (fencing). */
export type Lease = { readonly resource: string; readonly epoch: string };

/** Another owner has taken over: whatever was about to be written must not be. */
export class FencedError extends Error {
  readonly code = 'fenced';
  constructor(lease: Lease) {
    super(`Another process owns ${lease.resource}; epoch ${lease.epoch} is over.`);
    this.name = 'FencedError';
  }
}

/**
 * Takes the lease when it is free or has run out (by the database's clock, so that two machines with different clocks
 * agree), or when that clock was set back since. Returns undefined while another holder lives.
 */
export const acquireLease = async (pool: Pool, resource: string, holder: string): Promise<Lease | undefined> => {
  const { rows } = await pool.query<{ epoch: string }>(
    `INSERT INTO leases AS l (resource, holder, epoch, expires_at)
     VALUES ($1, $2, 1, now() + $3 * interval '1 millisecond')
     ON CONFLICT (resource) DO UPDATE
       SET holder = excluded.holder, epoch = l.epoch + 1, expires_at = excluded.expires_at
       -- No lease lasts longer than its life from now: one that does was written before the clock was set back.
       WHERE l.expires_at < now() OR l.holder = excluded.holder OR l.expires_at > now() + 2 * $3 * interval '1 millisecond'
     RETURNING epoch`,
    [resource, holder, LEASE_TTL_MS],
  );
  const epoch = rows[0]?.epoch;
  return epoch === undefined ? undefined : { resource, epoch };
};

/** Prolongs the lease; false when another has it. */
export const renewLease = async (pool: Pool, lease: Lease): Promise<boolean> => {
  const { rowCount } = await pool.query(
    `UPDATE leases SET expires_at = now() + $3 * interval '1 millisecond' WHERE resource = $1 AND epoch = $2`,
    [lease.resource, lease.epoch, LEASE_TTL_MS],
  );
  return rowCount === 1;
};

/** Gives the lease up so that the next owner need not wait. */
export const releaseLease = async (pool: Pool, lease: Lease): Promise<void> => {
  await pool.query('UPDATE leases SET expires_at = now() WHERE resource = $1 AND epoch = $2', [
    lease.resource,
    lease.epoch,
  ]);
};

/** Inside a transaction: locks the lease's row against a takeover until the commit, or throws `FencedError`. */
export const checkFence = async (client: PoolClient, lease: Lease): Promise<void> => {
  const { rowCount } = await client.query('SELECT 1 FROM leases WHERE resource = $1 AND epoch = $2 FOR SHARE', [
    lease.resource,
    lease.epoch,
  ]);
  if (rowCount !== 1) throw new FencedError(lease);
};

/** Keeps a lease alive; calls `onLost` once when another has it or when it could not be renewed within its life. */
export const keepLease = (
  pool: Pool,
  lease: Lease,
  { clock, log, onLost }: { readonly clock: Clock; readonly log: Logger; readonly onLost: () => void },
): (() => void) => {
  let stopped = false;
  let goodUntilMs = clock.now() + LEASE_TTL_MS;
  let cancel = (): void => undefined;
  const lost = (): void => {
    if (stopped) return;
    stopped = true;
    onLost();
  };
  const renew = async (): Promise<void> => {
    const startedMs = clock.now();
    try {
      if (!(await renewLease(pool, lease))) return lost();
      goodUntilMs = startedMs + LEASE_TTL_MS;
    } catch (error) {
      // The database is away. We stay owner: nobody can take a lease from a database that is away, and every write is
      // fenced anyway. Calls that are up must not be dropped for it.
      log.warn({ err: error, overdueMs: Math.max(0, clock.now() - goodUntilMs) }, 'lease not renewed');
    }
    if (!stopped) cancel = clock.setTimer(LEASE_RENEW_MS, () => void renew());
  };
  cancel = clock.setTimer(LEASE_RENEW_MS, () => void renew());
  return () => {
    stopped = true;
    cancel();
  };
};
