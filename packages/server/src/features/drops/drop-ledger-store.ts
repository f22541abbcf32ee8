import { DAY_MS } from '@qianhu/core';
import { sql, type Kysely } from 'kysely';
import { DECIDED_SQL, verdictSql } from '../../engine/pacing/verdict-sql.ts';
import type { Schema } from '../../platform/schema.ts';
import type { LedgerStore } from './drop-ledger-service.ts';

type Tally = {
  readonly at: Date;
  readonly connected: number;
  readonly dropped: number;
  readonly machines: number;
  readonly left_early: number;
};

/** Every zone's midnights since 1972 are on a quarter of an hour. */
const QUARTER_SEC = 900;

/** The ledger's calls in PostgreSQL, which counts them: a campaign may have millions. */
export const createLedgerStore = (db: Kysely<Schema>): LedgerStore => ({
  firstAnswer: async (campaignId) => {
    const row = await db
      .selectFrom('attempts')
      .select((eb) => eb.fn.min('answered_at').as('first'))
      .where('campaign_id', '=', campaignId)
      .executeTakeFirst();
    return row?.first?.getTime();
  },

  tallies: async (campaignId, anchorMs, graceMs) => {
    const { rows } = await sql<Tally>`
      SELECT min(at) AS at,
             count(*) FILTER (WHERE verdict = 'connected')::int AS connected,
             count(*) FILTER (WHERE verdict = 'dropped')::int AS dropped,
             count(*) FILTER (WHERE verdict = 'machine')::int AS machines,
             count(*) FILTER (WHERE verdict = 'leftEarly')::int AS left_early
      FROM (
        SELECT a.answered_at AS at, extract(epoch FROM a.answered_at) AS sec, ${sql.raw(verdictSql(graceMs))} AS verdict
        FROM attempts a WHERE a.campaign_id = ${campaignId} AND ${sql.raw(DECIDED_SQL)}
      ) calls
      GROUP BY floor(sec / ${sql.raw(String(QUARTER_SEC))}), floor((sec - ${anchorMs / 1000}::numeric) / ${sql.raw(String(DAY_MS / 1000))})`.execute(
      db,
    );
    return rows.map(({ at, connected, dropped, machines, left_early }) => ({
      atMs: at.getTime(),
      counts: { connected, dropped, machines, leftEarly: left_early },
    }));
  },

  zone: async (campaignId) => {
    const { rows } = await sql<{ zone: string }>`
      SELECT split_part(l.zone, ',', 1) AS zone
      FROM (SELECT zone FROM leads WHERE list_id IN (SELECT list_id FROM campaign_lists WHERE campaign_id = ${campaignId}) LIMIT 5000) l
      WHERE l.zone <> '' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1`.execute(db);
    return rows[0]?.zone;
  },
});
