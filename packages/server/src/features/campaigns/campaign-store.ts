import type { UserId } from '@qianhu/contracts';
import type { CampaignId, CampaignSettings, DialMode, ListId, TrunkId } from '@qianhu/core';
import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';
import type { CampaignPhase } from '../../engine/port.ts';
import { decodeCursor, pageFrom, type Page } from '../../platform/cursor.ts';
import type { CampaignsTable, Schema } from '../../platform/schema.ts';

export type StoredCampaign = {
  readonly campaignId: CampaignId;
  readonly name: string;
  readonly phase: CampaignPhase;
  readonly isDemo: boolean;
  readonly settings: CampaignSettings;
  readonly agentIds: readonly UserId[];
  readonly createdAtMs: number;
  readonly startedAtMs?: number;
  readonly finishedAtMs?: number;
};

export type LeadTotals = { readonly ready: number; readonly dialing: number; readonly done: number };

export type CampaignRowSummary = Omit<StoredCampaign, 'settings' | 'agentIds'> & {
  readonly modeKind: DialMode['kind'];
  readonly lists: readonly { readonly listId: ListId; readonly name: string }[];
  readonly attempts: number;
  readonly answered: number;
};

export type ListFacts = {
  readonly listId: ListId;
  readonly name: string;
  readonly isDemo: boolean;
  /** Consent of its people is on record. */
  readonly hasConsent: boolean;
  readonly hasReadyLeads: boolean;
  readonly hasLeads: boolean;
  /** Campaigns in progress that dial it. */
  readonly usedBy: readonly { readonly campaignId: CampaignId; readonly name: string }[];
};

export type TrunkFacts = {
  readonly trunkId: TrunkId;
  readonly name: string;
  readonly isDemo: boolean;
  readonly isEnabled: boolean;
};

/** Campaigns in PostgreSQL. Phase and state are the engine's to write; this store writes them once, as draft. */
export type CampaignStore = ReturnType<typeof createCampaignStore>;

const IN_PROGRESS = ['running', 'paused', 'draining'] as const;

type CampaignRow = Selectable<CampaignsTable>;

const base = (
  row: Pick<CampaignRow, 'id' | 'name' | 'phase' | 'demo' | 'created_at' | 'started_at' | 'finished_at'>,
) => ({
  campaignId: row.id as CampaignId,
  name: row.name,
  phase: row.phase as CampaignPhase,
  isDemo: row.demo,
  createdAtMs: row.created_at.getTime(),
  ...(row.started_at === null ? {} : { startedAtMs: row.started_at.getTime() }),
  ...(row.finished_at === null ? {} : { finishedAtMs: row.finished_at.getTime() }),
});

const writeMembers = async (
  tx: Transaction<Schema>,
  campaignId: CampaignId,
  listIds: readonly ListId[] | undefined,
  agentIds: readonly UserId[] | undefined,
): Promise<void> => {
  if (listIds !== undefined) {
    await tx.deleteFrom('campaign_lists').where('campaign_id', '=', campaignId).execute();
    const rows = listIds.map((listId, position) => ({ campaign_id: campaignId, list_id: listId, position }));
    if (rows.length > 0) await tx.insertInto('campaign_lists').values(rows).execute();
  }
  if (agentIds !== undefined) {
    await tx.deleteFrom('campaign_agents').where('campaign_id', '=', campaignId).execute();
    const rows = agentIds.map((userId) => ({ campaign_id: campaignId, user_id: userId }));
    if (rows.length > 0) await tx.insertInto('campaign_agents').values(rows).execute();
  }
};

export const createCampaignStore = (db: Kysely<Schema>) => ({
  page: async (query: { readonly cursor?: string; readonly limit: number }): Promise<Page<CampaignRowSummary>> => {
    const after = decodeCursor(query.cursor, 'uuid');
    let select = db
      .selectFrom('campaigns')
      .selectAll()
      .orderBy('id', 'desc')
      .limit(query.limit + 1);
    if (after !== undefined) select = select.where('id', '<', after);
    const rows = await select.execute();
    const ids = rows.map((row) => row.id);
    if (ids.length === 0) return { items: [] };
    const lists = await db
      .selectFrom('campaign_lists as cl')
      .innerJoin('lists as l', 'l.id', 'cl.list_id')
      .select(['cl.campaign_id', 'l.id', 'l.name'])
      .where('cl.campaign_id', 'in', ids)
      .orderBy('cl.position')
      .execute();
    const counts = await db
      .selectFrom('attempts')
      .select(['campaign_id'])
      .select((eb) => [
        eb.fn.countAll<string>().as('attempts'),
        eb.fn.countAll<string>().filterWhere('outcome', '=', 'answered').as('answered'),
      ])
      .where('campaign_id', 'in', ids)
      .groupBy('campaign_id')
      .execute();
    return pageFrom(
      rows,
      query.limit,
      (row) => row.id,
      (row) => {
        const count = counts.find((c) => c.campaign_id === row.id);
        return {
          ...base(row),
          modeKind: row.settings.mode.kind,
          lists: lists
            .filter((list) => list.campaign_id === row.id)
            .map((list) => ({ listId: list.id as ListId, name: list.name })),
          attempts: Number(count?.attempts ?? 0),
          answered: Number(count?.answered ?? 0),
        };
      },
    );
  },

  find: async (campaignId: CampaignId): Promise<StoredCampaign | undefined> => {
    const row = await db.selectFrom('campaigns').selectAll().where('id', '=', campaignId).executeTakeFirst();
    if (row === undefined) return undefined;
    const agents = await db
      .selectFrom('campaign_agents')
      .select('user_id')
      .where('campaign_id', '=', campaignId)
      .orderBy('user_id')
      .execute();
    return { ...base(row), settings: row.settings, agentIds: agents.map((agent) => agent.user_id as UserId) };
  },

  /** Leads by state over the campaign's lists. */
  leadTotals: async (campaignId: CampaignId): Promise<LeadTotals> => {
    const rows = await db
      .selectFrom('leads')
      .select(['state'])
      .select((eb) => eb.fn.countAll<string>().as('n'))
      .where('list_id', 'in', db.selectFrom('campaign_lists').select('list_id').where('campaign_id', '=', campaignId))
      .groupBy('state')
      .execute();
    const of = (state: string): number => Number(rows.find((row) => row.state === state)?.n ?? 0);
    return { ready: of('ready'), dialing: of('dialing'), done: of('done') };
  },

  insert: async (campaign: {
    readonly campaignId: CampaignId;
    readonly name: string;
    readonly settings: CampaignSettings;
    readonly agentIds: readonly UserId[];
    readonly isDemo: boolean;
    readonly createdBy: UserId | undefined;
  }): Promise<void> => {
    await db.transaction().execute(async (tx) => {
      await tx
        .insertInto('campaigns')
        .values({
          id: campaign.campaignId,
          name: campaign.name,
          settings: JSON.stringify(campaign.settings),
          phase: 'draft',
          state: JSON.stringify({ kind: 'draft' }),
          demo: campaign.isDemo,
          created_by: campaign.createdBy ?? null,
        })
        .execute();
      await writeMembers(tx, campaign.campaignId, campaign.settings.listIds, campaign.agentIds);
    });
  },

  update: async (
    campaignId: CampaignId,
    change: {
      readonly name?: string;
      readonly settings?: CampaignSettings;
      readonly agentIds?: readonly UserId[];
      readonly isDemo?: boolean;
    },
  ): Promise<void> => {
    await db.transaction().execute(async (tx) => {
      await tx
        .updateTable('campaigns')
        .set({
          ...(change.name === undefined ? {} : { name: change.name }),
          ...(change.settings === undefined ? {} : { settings: JSON.stringify(change.settings) }),
          ...(change.isDemo === undefined ? {} : { demo: change.isDemo }),
          // Keeps the statement valid when nothing changes.
          id: (eb) => eb.ref('id'),
        })
        .where('id', '=', campaignId)
        .execute();
      await writeMembers(tx, campaignId, change.settings?.listIds, change.agentIds);
    });
  },

  /** Removes a draft; false when it is none, or attempts were made. */
  deleteDraft: async (campaignId: CampaignId): Promise<boolean> =>
    (
      await db
        .deleteFrom('campaigns')
        .where('id', '=', campaignId)
        .where('phase', '=', 'draft')
        .where((eb) =>
          eb.not(
            eb.exists(
              eb
                .selectFrom('attempts')
                .select(sql`1`.as('one'))
                .where('campaign_id', '=', campaignId),
            ),
          ),
        )
        .executeTakeFirst()
    ).numDeletedRows > 0n,

  listFacts: async (listIds: readonly ListId[], ownId: CampaignId | undefined): Promise<readonly ListFacts[]> => {
    if (listIds.length === 0) return [];
    const rows = await db
      .selectFrom('lists as l')
      .select(['l.id', 'l.name', 'l.demo', 'l.consent_at'])
      .select((eb) => [
        eb
          .exists(
            eb
              .selectFrom('leads')
              .select(sql`1`.as('one'))
              .whereRef('leads.list_id', '=', 'l.id'),
          )
          .as('has_leads'),
        eb
          .exists(
            eb
              .selectFrom('leads')
              .select(sql`1`.as('one'))
              .whereRef('leads.list_id', '=', 'l.id')
              .where('leads.state', '=', 'ready'),
          )
          .as('has_ready'),
      ])
      .where('l.id', 'in', [...listIds])
      .execute();
    let users = db
      .selectFrom('campaign_lists as cl')
      .innerJoin('campaigns as c', 'c.id', 'cl.campaign_id')
      .select(['cl.list_id', 'c.id', 'c.name'])
      .where('cl.list_id', 'in', [...listIds])
      .where('c.phase', 'in', [...IN_PROGRESS]);
    if (ownId !== undefined) users = users.where('c.id', '!=', ownId);
    const used = await users.execute();
    return rows.map((row) => ({
      listId: row.id as ListId,
      name: row.name,
      isDemo: row.demo,
      hasConsent: row.consent_at !== null,
      hasLeads: Boolean(row.has_leads),
      hasReadyLeads: Boolean(row.has_ready),
      usedBy: used
        .filter((campaign) => campaign.list_id === row.id)
        .map((campaign) => ({ campaignId: campaign.id as CampaignId, name: campaign.name })),
    }));
  },

  trunkFacts: async (trunkIds: readonly TrunkId[]): Promise<readonly TrunkFacts[]> => {
    if (trunkIds.length === 0) return [];
    const rows = await db
      .selectFrom('trunks')
      .select(['id', 'name', 'demo', 'enabled'])
      .where('id', 'in', [...trunkIds])
      .execute();
    return rows.map((row) => ({
      trunkId: row.id as TrunkId,
      name: row.name,
      isDemo: row.demo,
      isEnabled: row.enabled,
    }));
  },

  /** Which of these may log in. */
  enabledUsers: async (userIds: readonly UserId[]): Promise<readonly UserId[]> => {
    if (userIds.length === 0) return [];
    const rows = await db
      .selectFrom('users')
      .select('id')
      .where('id', 'in', [...userIds])
      .where('disabled_at', 'is', null)
      .execute();
    return rows.map((row) => row.id as UserId);
  },

  /** Everybody whose role is agent; of the demonstration, or not. */
  allAgents: async (isDemo: boolean): Promise<readonly UserId[]> => {
    const rows = await db
      .selectFrom('users')
      .select('id')
      .where('role', '=', 'agent')
      .where('demo', '=', isDemo)
      .where('disabled_at', 'is', null)
      .execute();
    return rows.map((row) => row.id as UserId);
  },
});
