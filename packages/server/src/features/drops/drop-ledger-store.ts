import { sql, type Kysely } from 'kysely';
import type { Schema } from '../../platform/schema.ts';
import type { LedgerStore } from './drop-ledger-service.ts';

/** The ledger's calls in PostgreSQL. */
export const createLedgerStore = (db: Kysely<Schema>): LedgerStore => ({
  answered: async (campaignId) => {
    const rows = await db
      .selectFrom('attempts')
      .select(['answered_at', 'bridged_at', 'ended_at', 'outcome', 'outcome_detail'])
      .where('campaign_id', '=', campaignId)
      .where('answered_at', 'is not', null)
      .where('outcome', 'is not', null)
      .orderBy('answered_at')
      .execute();
    return rows.flatMap(({ answered_at, bridged_at, ended_at, outcome, outcome_detail }) =>
      answered_at === null || outcome === null
        ? []
        : [
            {
              answeredAtMs: answered_at.getTime(),
              outcome,
              detail: outcome_detail,
              ...(bridged_at === null ? {} : { bridgedAtMs: bridged_at.getTime() }),
              ...(ended_at === null ? {} : { endedAtMs: ended_at.getTime() }),
            },
          ],
    );
  },

  zone: async (campaignId) => {
    const { rows } = await sql<{ zone: string }>`
      SELECT split_part(l.zone, ',', 1) AS zone
      FROM (SELECT zone FROM leads WHERE list_id IN (SELECT list_id FROM campaign_lists WHERE campaign_id = ${campaignId}) LIMIT 5000) l
      WHERE l.zone <> '' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1`.execute(db);
    return rows[0]?.zone;
  },
});
