import type { Pool } from 'pg';

/** What a campaign's shift came to, from its rows. */
export type MeasuredShift = {
  readonly people: number;
  readonly dials: number;
  /** (Reserved + talking + wrap-up) as a share (0–1) of the agents' time, from the first dial to the last answer counted. */
  readonly occupancy: number;
  /** Share (0–1) of people who answered and were dropped. */
  readonly dropRate: number;
  /** Mean time from an agent's choice to the bridge, seconds. */
  readonly connectSec: number;
};

const BUSY = new Set(['reserved', 'talking', 'wrapUp']);

/** Measures from the first dial to the answer of the last of `people`. All of the campaign's agents were there all the time. */
export const measureShift = async (pool: Pool, campaignId: string, people: number): Promise<MeasuredShift> => {
  const span = await pool.query<{ from_ms: number; to_ms: number; drops: number; people: number; dials: number }>(
    `WITH answered AS (
       SELECT answered_at, outcome FROM attempts WHERE campaign_id = $1 AND answered_at IS NOT NULL ORDER BY answered_at LIMIT $2),
     bounds AS (SELECT max(answered_at) AS until FROM answered)
     SELECT (SELECT extract(epoch FROM min(created_at)) * 1000 FROM attempts WHERE campaign_id = $1)::float8 AS from_ms,
            extract(epoch FROM until)::float8 * 1000 AS to_ms,
            (SELECT count(*) FROM answered WHERE outcome = 'dropped')::int AS drops,
            (SELECT count(*) FROM answered)::int AS people,
            (SELECT count(*) FROM attempts WHERE campaign_id = $1 AND created_at <= until)::int AS dials
     FROM bounds`,
    [campaignId, people],
  );
  const bounds = span.rows[0];
  if (bounds === undefined) throw new Error('The campaign has no answers.');
  const { rows } = await pool.query<{ id: string; at_ms: number; kind: string }>(
    `SELECT aggregate_id AS id, extract(epoch FROM at)::float8 * 1000 AS at_ms, data->>'to' AS kind FROM events
     WHERE aggregate = 'agent' AND aggregate_id IN (SELECT user_id FROM campaign_agents WHERE campaign_id = $1)
     ORDER BY aggregate_id, seq`,
    [campaignId],
  );
  const { from_ms: fromMs, to_ms: toMs } = bounds;
  let busyMs = 0;
  const connects: number[] = [];
  const agents = new Set(rows.map((row) => row.id));
  for (const [i, row] of rows.entries()) {
    const next = rows[i + 1];
    const endMs = next?.id === row.id ? next.at_ms : toMs;
    if (BUSY.has(row.kind)) busyMs += Math.max(0, Math.min(endMs, toMs) - Math.max(row.at_ms, fromMs));
    if (row.kind === 'reserved' && next?.id === row.id && next.kind === 'talking' && row.at_ms >= fromMs)
      connects.push(next.at_ms - row.at_ms);
  }
  return {
    people: bounds.people,
    dials: bounds.dials,
    occupancy: busyMs / (agents.size * (toMs - fromMs)),
    dropRate: bounds.drops / bounds.people,
    connectSec: connects.reduce((sum, ms) => sum + ms, 0) / Math.max(1, connects.length) / 1000,
  };
};
