import type { CampaignId, EpochMs, LegalWindow } from '@qianhu/core';
import type { Pool } from 'pg';
import { iso } from '../rows.ts';
import { DECIDED_SQL, verdictSql } from './verdict-sql.ts';

/** People who answered and those of them who found nobody, in one period of one legal window. */
export type WindowCounts = { readonly humans: number; readonly drops: number };

/**
 * Counts each window's present period from the attempts, by the ledger's definition: a talk that began later than `graceMs`
 * after the answer is a drop, whatever was said afterwards, and who hung up before that is none.
 */
export const countDrops = async (
  pool: Pool,
  campaignId: CampaignId,
  windows: readonly LegalWindow[],
  graceMs: number,
  nowMs: EpochMs,
): Promise<readonly WindowCounts[]> => {
  const { rows } = await pool.query<{ humans: string; drops: string }>(
    `SELECT count(*) FILTER (WHERE v.verdict IN ('connected', 'dropped')) AS humans,
            count(*) FILTER (WHERE v.verdict = 'dropped') AS drops
     FROM unnest($2::timestamptz[]) WITH ORDINALITY AS w(since, n)
     LEFT JOIN LATERAL (
       SELECT ${verdictSql(graceMs)} AS verdict FROM attempts a
       WHERE a.campaign_id = $1 AND a.answered_at >= w.since AND ${DECIDED_SQL}
     ) v ON true
     GROUP BY w.n ORDER BY w.n`,
    [
      campaignId,
      windows.map(({ anchorMs, lengthMs }) => iso(anchorMs + Math.floor((nowMs - anchorMs) / lengthMs) * lengthMs)),
    ],
  );
  return rows.map((row) => ({ humans: Number(row.humans), drops: Number(row.drops) }));
};
