import type { CallerIdRestView, UserId } from '@qianhu/contracts';
import type { CampaignId, EpochMs } from '@qianhu/core';
import { sql, type Kysely } from 'kysely';
import type { Schema } from '../../platform/schema.ts';

const MOST = 1_000;

export type CallerIdStore = ReturnType<typeof createCallerIdStore>;

/** Rests of caller IDs in the database; the engine puts them there. */
export const createCallerIdStore = (db: Kysely<Schema>) => ({
  rests: async (nowMs: EpochMs): Promise<readonly CallerIdRestView[]> => {
    const rows = await db
      .selectFrom('caller_id_rests')
      .select(['number', 'rested_at', 'until_at', 'why'])
      .where('until_at', '>', new Date(nowMs))
      .orderBy('rested_at', 'desc')
      .limit(MOST)
      .execute();
    return rows.map((row) => ({
      number: row.number,
      sinceMs: row.rested_at.getTime(),
      untilMs: row.until_at.getTime(),
      ...row.why,
    }));
  },

  /** False when it does not rest. The end is told in the rest's history with it. */
  endRest: async (number: string, nowMs: EpochMs, by: UserId | undefined): Promise<boolean> => {
    const at = new Date(nowMs);
    const { rows } = await sql`
      WITH ended AS (
        UPDATE caller_id_rests SET until_at = ${at}, ended_by = ${by ?? null}
        WHERE number = ${number} AND until_at > ${at} RETURNING id)
      INSERT INTO events (at, aggregate, aggregate_id, seq, type, data)
      SELECT ${at}, 'callerIdRest', id, 2, 'callerIdRestEnded', '{}' FROM ended RETURNING aggregate_id`.execute(db);
    return rows.length > 0;
  },

  /** Campaigns that are not drafts and may show this number. */
  campaignsShowing: async (number: string): Promise<readonly CampaignId[]> => {
    const { rows } = await sql<{ id: CampaignId }>`
      SELECT id FROM campaigns WHERE phase NOT IN ('draft', 'finished') AND settings->'callerIds' ? ${number}`.execute(
      db,
    );
    return rows.map((row) => row.id);
  },
});
