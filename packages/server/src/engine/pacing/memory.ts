import type { CampaignId } from '@qianhu/core';
import type { Pool } from 'pg';
import { inTransaction } from '../../platform/database.ts';
import { checkFence, type Lease } from '../lease.ts';

/** Row that holds a campaign's pacer. */
export const pacingKey = (id: CampaignId): string => `pacing:${id}`;

/**
 * What the engine has learned and would be slow to learn again: pacers' states, answer models. The truth stands in attempts
 * and dials; losing these rows costs only quality for a while.
 */
export const recall = async (pool: Pool, key: string): Promise<unknown> => {
  const { rows } = await pool.query<{ state: unknown }>('SELECT state FROM engine_memory WHERE key = $1', [key]);
  return rows[0]?.state;
};

/** Saves under the lease: a process that was replaced must not overwrite what its follower has learned. */
export const remember = (
  pool: Pool,
  lease: Lease,
  things: readonly { readonly key: string; readonly state: object }[],
): Promise<void> =>
  inTransaction(pool, async (client) => {
    await checkFence(client, lease);
    await client.query(
      `INSERT INTO engine_memory (key, state, saved_at) SELECT x.key, x.state, now() FROM json_to_recordset($1) AS x(key text, state jsonb)
       ON CONFLICT (key) DO UPDATE SET state = excluded.state, saved_at = excluded.saved_at`,
      [JSON.stringify(things)],
    );
  });
