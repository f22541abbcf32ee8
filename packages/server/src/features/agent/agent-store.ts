import type { AgentCall } from '@qianhu/contracts';
import type { AgentId, AttemptId, CallId, CampaignId, LeadId } from '@qianhu/core';
import { sql, type Kysely } from 'kysely';
import { leadFieldsOf } from '../../platform/lead-fields.ts';
import type { Schema } from '../../platform/schema.ts';

export type AgentDay = {
  readonly calls: number;
  readonly talkMs: number;
  readonly dispositions: Readonly<Record<string, number>>;
};

/** What the agent's page reads of leads and attempts. */
export type AgentStore = ReturnType<typeof createAgentStore>;

export const createAgentStore = (db: Kysely<Schema>) => ({
  /** False when there is no such person, or the person's phone does not register. */
  setPhoneSecret: async (agentId: AgentId, sealed: Buffer): Promise<boolean> => {
    const row = await db
      .updateTable('users')
      .set({ phone_secret_enc: sealed })
      .where('id', '=', agentId)
      .where('disabled_at', 'is', null)
      .where(sql<boolean>`station ->> 'kind' = 'sip' AND NOT station ? 'contact'`)
      .returning('id')
      .executeTakeFirst();
    return row !== undefined;
  },

  /** Calls talked since `from`. */
  day: async (agentId: AgentId, from: Date): Promise<AgentDay> => {
    const rows = await db
      .selectFrom('attempts')
      .select(['disposition'])
      .select((eb) => [
        eb.fn.countAll<string>().as('n'),
        sql<string>`coalesce(sum(extract(epoch from (coalesce(ended_at, now()) - bridged_at)) * 1000), 0)::bigint`.as(
          'talk_ms',
        ),
      ])
      .where('agent_id', '=', agentId)
      .where('bridged_at', '>=', from)
      .groupBy('disposition')
      .execute();
    return {
      calls: rows.reduce((sum, row) => sum + Number(row.n), 0),
      talkMs: rows.reduce((sum, row) => sum + Math.max(0, Number(row.talk_ms)), 0),
      dispositions: Object.fromEntries(
        rows.flatMap((row) => (row.disposition === null ? [] : [[row.disposition, Number(row.n)]])),
      ),
    };
  },

  /** The pop-up of one attempt; undefined when it does not exist. */
  call: async (attemptId: AttemptId): Promise<AgentCall | undefined> => {
    const row = await db
      .selectFrom('attempts as a')
      .leftJoin('leads as l', 'l.id', 'a.lead_id')
      .leftJoin('lists as li', 'li.id', 'a.list_id')
      .leftJoin('campaigns as c', 'c.id', 'a.campaign_id')
      .select([
        'a.id',
        'a.call_id',
        'a.campaign_id',
        'a.lead_id',
        'a.number',
        'l.name',
        'l.fields',
        'li.field_defs',
        'c.name as campaign_name',
        'c.settings',
      ])
      .where('a.id', '=', attemptId)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const earlier = await db
      .selectFrom('attempts')
      .select(['id', 'created_at', 'outcome', 'disposition', 'note'])
      .where('lead_id', '=', row.lead_id)
      .where('id', '!=', attemptId)
      .orderBy('id', 'desc')
      .limit(20)
      .execute();
    return {
      callId: row.call_id as CallId,
      attemptId: row.id as AttemptId,
      campaignId: row.campaign_id as CampaignId,
      ...(row.campaign_name === null ? {} : { campaignName: row.campaign_name }),
      leadId: row.lead_id as LeadId,
      number: row.number,
      ...(row.name === null ? {} : { name: row.name }),
      fields: leadFieldsOf(row.fields, row.field_defs),
      earlier: earlier.map((attempt) => ({
        attemptId: attempt.id as AttemptId,
        atMs: attempt.created_at.getTime(),
        ...(attempt.outcome === null ? {} : { outcome: attempt.outcome }),
        ...(attempt.disposition === null ? {} : { disposition: attempt.disposition }),
        ...(attempt.note === null ? {} : { note: attempt.note }),
      })),
      dispositions: row.settings?.dispositions ?? [],
      dispositionRequired: row.settings?.wrapUp.dispositionRequired ?? false,
    };
  },
});
