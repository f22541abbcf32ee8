import type { DemoStatus, UserId } from '@qianhu/contracts';
import type { CampaignId, ListId, TrunkId } from '@qianhu/core';
import { sql, type Kysely } from 'kysely';
import type { Schema } from '../../platform/schema.ts';

export type DemoLead = {
  readonly number: string;
  readonly name: string;
  readonly fields: Readonly<Record<string, string>>;
};

/** What belongs to the demonstration in the database. */
export type DemoStore = ReturnType<typeof createDemoStore>;

const REMOVED = 'demoRemoved';

export const createDemoStore = (db: Kysely<Schema>) => ({
  status: async (): Promise<DemoStatus> => {
    const { rows } = await sql<{ campaigns: string; lists: string; trunks: string; agents: string }>`
      SELECT (SELECT count(*) FROM campaigns WHERE demo) AS campaigns,
             (SELECT count(*) FROM lists WHERE demo) AS lists,
             (SELECT count(*) FROM trunks WHERE demo) AS trunks,
             (SELECT count(*) FROM users WHERE demo) AS agents`.execute(db);
    const [row] = rows;
    const counts = {
      campaigns: Number(row?.campaigns ?? 0),
      lists: Number(row?.lists ?? 0),
      trunks: Number(row?.trunks ?? 0),
      agents: Number(row?.agents ?? 0),
    };
    return { isLoaded: Object.values(counts).some((n) => n > 0), ...counts };
  },

  /** Whether somebody removed it: then it never comes back by itself. */
  wasRemoved: async (): Promise<boolean> =>
    (await db.selectFrom('settings').select('key').where('key', '=', REMOVED).executeTakeFirst()) !== undefined,

  markRemoved: async (): Promise<void> => {
    await db
      .insertInto('settings')
      .values({ key: REMOVED, value: 'true' })
      .onConflict((conflict) => conflict.column('key').doNothing())
      .execute();
  },

  hasAnyTrunk: async (): Promise<boolean> =>
    (await db.selectFrom('trunks').select('id').limit(1).executeTakeFirst()) !== undefined,

  demoTrunk: async (): Promise<TrunkId | undefined> =>
    (await db.selectFrom('trunks').select('id').where('demo', '=', true).executeTakeFirst())?.id as TrunkId | undefined,

  demoCampaigns: async (): Promise<readonly CampaignId[]> =>
    (await db.selectFrom('campaigns').select('id').where('demo', '=', true).execute()).map(
      (row) => row.id as CampaignId,
    ),

  /** Demonstration agents with a phone of their own in the lab, in order. */
  simulatedAgents: async (): Promise<readonly UserId[]> => {
    const rows = await db
      .selectFrom('users')
      .select('id')
      .where('demo', '=', true)
      .where(sql<boolean>`station ->> 'kind' = 'sip'`)
      .orderBy('login')
      .execute();
    return rows.map((row) => row.id as UserId);
  },

  demoUsers: async (): Promise<readonly UserId[]> =>
    (await db.selectFrom('users').select('id').where('demo', '=', true).execute()).map((row) => row.id as UserId),

  insertList: async (listId: ListId, name: string, leads: readonly DemoLead[]): Promise<void> => {
    await db.transaction().execute(async (tx) => {
      await tx
        .insertInto('lists')
        .values({
          id: listId,
          name,
          demo: true,
          field_defs: JSON.stringify([
            { key: 'city', label: '城市 City' },
            { key: 'plan', label: '套餐 Plan' },
          ]),
        })
        .execute();
      for (let at = 0; at < leads.length; at += 500)
        await tx
          .insertInto('leads')
          .values(
            leads.slice(at, at + 500).map((lead) => ({
              list_id: listId,
              number: lead.number,
              region: 'CN',
              zone: 'Asia/Shanghai',
              name: lead.name,
              fields: JSON.stringify(lead.fields),
            })),
          )
          .execute();
    });
  },

  /** Where the simulated agents' phones are now: the lab's port may be another one after a restart. */
  moveAgents: async (contactOf: (index: number) => string, agents: readonly UserId[]): Promise<void> => {
    for (const [index, userId] of agents.entries())
      await db
        .updateTable('users')
        .set({ station: JSON.stringify({ kind: 'sip', mode: 'keptUp', contact: contactOf(index) }) })
        .where('id', '=', userId)
        .execute();
  },

  /** Calls of demonstration campaigns that are not over. */
  openCalls: async (): Promise<number> => {
    const row = await db
      .selectFrom('calls')
      .innerJoin('campaigns', 'campaigns.id', 'calls.campaign_id')
      .select((eb) => eb.fn.countAll<string>().as('n'))
      .where('campaigns.demo', '=', true)
      .where('calls.ended_at', 'is', null)
      .executeTakeFirstOrThrow();
    return Number(row.n);
  },

  /**
   * Removes everything marked as demonstration, and what was made of it, in one transaction. The files of its recordings
   * are returned, to be removed afterwards. Nothing else is touched: every statement starts from a demo mark.
   */
  removeAll: async (): Promise<readonly string[]> =>
    db.transaction().execute(async (tx) => {
      const demoCampaigns = tx.selectFrom('campaigns').select('id').where('demo', '=', true);
      const demoLists = tx.selectFrom('lists').select('id').where('demo', '=', true);
      const files = await tx
        .deleteFrom('recordings')
        .where('campaign_id', 'in', demoCampaigns)
        .returning('path')
        .execute();
      await tx
        .deleteFrom('events')
        .where('aggregate_id', 'in', tx.selectFrom('calls').select('id').where('campaign_id', 'in', demoCampaigns))
        .execute();
      await tx.deleteFrom('dials').where('campaign_id', 'in', demoCampaigns).execute();
      await tx.deleteFrom('attempts').where('campaign_id', 'in', demoCampaigns).execute();
      await tx.deleteFrom('calls').where('campaign_id', 'in', demoCampaigns).execute();
      await tx.deleteFrom('dnc_entries').where('campaign_id', 'in', demoCampaigns).execute();
      await sql`DELETE FROM engine_memory WHERE key = 'answers:demo' OR key IN (SELECT 'pacing:' || id FROM campaigns WHERE demo)`.execute(
        tx,
      );
      await tx.deleteFrom('campaigns').where('demo', '=', true).execute();
      await tx.deleteFrom('leads').where('list_id', 'in', demoLists).execute();
      await tx.deleteFrom('campaign_lists').where('list_id', 'in', demoLists).execute();
      await tx.deleteFrom('lists').where('demo', '=', true).execute();
      await tx.deleteFrom('trunks').where('demo', '=', true).execute();
      await tx.deleteFrom('users').where('demo', '=', true).execute();
      await tx
        .insertInto('settings')
        .values({ key: REMOVED, value: 'true' })
        .onConflict((conflict) => conflict.column('key').doNothing())
        .execute();
      return files.flatMap((row) => (row.path === null ? [] : [row.path]));
    }),
});
