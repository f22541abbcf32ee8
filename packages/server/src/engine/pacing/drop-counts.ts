import type { CampaignId, EpochMs, LegalWindow } from '@qianhu/core';
import type { Pool } from 'pg';
import { iso } from '../rows.ts';

/** People who answered and those of them who found nobody, in one period of one legal window. */
export type WindowCounts = { readonly humans: number; readonly drops: number };

/**
 * Counts each window's present period from the attempts. A talk that began later than `graceMs` after the answer is a drop
 * (16 CFR 310.4(b)(4)(iii)), whatever was said afterwards.
 */
export const countDrops = async (
  pool: Pool,
  campaignId: CampaignId,
  windows: readonly LegalWindow[],
  graceMs: number,
  nowMs: EpochMs,
): Promise<readonly WindowCounts[]> => {
  const { rows } = await pool.query<{ humans: string; drops: string }>(
    `SELECT count(a.id) AS humans,
            count(a.id) FILTER (WHERE a.outcome = 'dropped' OR a.bridged_at > a.answered_at + make_interval(secs => $3)) AS drops
     FROM unnest($2::timestamptz[]) WITH ORDINALITY AS w(since, n)
     LEFT JOIN attempts a ON a.campaign_id = $1 AND a.answered_at >= w.since AND (a.outcome = 'dropped' OR a.bridged_at IS NOT NULL)
     GROUP BY w.n ORDER BY w.n`,
    [
      campaignId,
      windows.map(({ anchorMs, lengthMs }) => iso(anchorMs + Math.floor((nowMs - anchorMs) / lengthMs) * lengthMs)),
      graceMs / 1000,
    ],
  );
  return rows.map((row) => ({ humans: Number(row.humans), drops: Number(row.drops) }));
};
