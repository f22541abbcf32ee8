import type { CreateList, LeadDetail, LeadsQuery, LeadView, ListsQuery, ListView } from '@qianhu/contracts';
import type { AgentId, AttemptId, CampaignId, LeadId, ListId, RuleCode } from '@qianhu/core';
import type { Selectable } from 'kysely';
import { decodeCursor, pageFrom, type Page } from '../../platform/cursor.ts';
import { inTransaction, type Database } from '../../platform/database.ts';
import type { LeadsTable, ListsTable } from '../../platform/schema.ts';

export type ListsStore = ReturnType<typeof createListsStore>;

/** What keeps a list from being removed. */
export type ListInUse =
  | { readonly kind: 'campaigns'; readonly names: readonly string[] }
  | { readonly kind: 'calls' }
  | { readonly kind: 'import' };

/** Phases in which a campaign does not touch its lists. */
const IDLE_PHASES = ['draft', 'stopped', 'finished'];
const MAX_ATTEMPTS = 200;
/** What the engine writes into leads that lack it. */
const CONSENT_MISSING: RuleCode = 'consentMissing';

const text = (pattern: string): string => pattern.replaceAll(/[\\%_]/g, (c) => `\\${c}`);

const toLead = (row: Selectable<LeadsTable>): LeadView => ({
  leadId: row.id as LeadId,
  listId: row.list_id as ListId,
  number: row.number,
  altNumbers: row.alt_numbers ?? [],
  region: row.region,
  zones: row.zone === '' ? [] : row.zone.split(','),
  ...(row.name === null ? {} : { name: row.name }),
  fields: row.fields ?? {},
  priority: row.priority,
  state: row.state,
  ...(row.done_reason === null ? {} : { doneReason: row.done_reason }),
  ...(row.next_at instanceof Date ? { nextAtMs: row.next_at.getTime() } : {}),
  isCallback: row.is_callback,
  attempts: row.attempts,
  ...(row.last_outcome === null ? {} : { lastOutcome: row.last_outcome }),
  ...(row.last_attempt_at === null ? {} : { lastAttemptAtMs: row.last_attempt_at.getTime() }),
});

/** Lists and their leads. The engine owns the leads' progress; here it is only read. */
export const createListsStore = (db: Database, now: () => number) => {
  const { kysely } = db;

  const withCounts = async (rows: readonly Selectable<ListsTable>[]): Promise<readonly ListView[]> => {
    const ids = rows.map((row) => row.id);
    if (ids.length === 0) return [];
    const [counts, campaigns] = await Promise.all([
      kysely
        .selectFrom('leads')
        .select(({ fn }) => ['list_id', 'state', fn.countAll<string>().as('n')])
        .where('list_id', 'in', ids)
        .groupBy(['list_id', 'state'])
        .execute(),
      kysely
        .selectFrom('campaign_lists as cl')
        .innerJoin('campaigns as c', 'c.id', 'cl.campaign_id')
        .select(['cl.list_id', 'c.id', 'c.name', 'c.phase'])
        .where('cl.list_id', 'in', ids)
        .orderBy('c.id', 'desc')
        .execute(),
    ]);
    return rows.map((row) => {
      const leads = { ready: 0, dialing: 0, done: 0 };
      for (const count of counts) if (count.list_id === row.id) leads[count.state] = Number(count.n);
      return {
        listId: row.id as ListId,
        name: row.name,
        defaultRegion: row.default_region,
        isDemo: row.demo,
        fieldDefs: row.field_defs,
        ...(row.consent_at === null
          ? {}
          : { consent: { atMs: row.consent_at.getTime(), evidence: row.consent_note ?? '' } }),
        leads,
        campaigns: campaigns
          .filter((c) => c.list_id === row.id)
          .map((c) => ({ campaignId: c.id as CampaignId, name: c.name, phase: c.phase })),
        createdAtMs: row.created_at.getTime(),
      };
    });
  };

  return {
    insert: async (listId: ListId, list: CreateList): Promise<void> => {
      await kysely
        .insertInto('lists')
        .values({
          id: listId,
          name: list.name,
          default_region: list.defaultRegion,
          demo: list.isDemo,
          ...(list.consent === undefined ? {} : { consent_at: new Date(now()), consent_note: list.consent.evidence }),
          created_at: new Date(now()),
        })
        .execute();
    },

    find: async (listId: string): Promise<ListView | undefined> => {
      const row = await kysely.selectFrom('lists').selectAll().where('id', '=', listId).executeTakeFirst();
      return row && (await withCounts([row]))[0];
    },

    /** Newest first: ids ascend with time. */
    page: async (query: ListsQuery): Promise<Page<ListView>> => {
      const after = decodeCursor(query.cursor, 'uuid');
      let rows = kysely
        .selectFrom('lists')
        .selectAll()
        .orderBy('id', 'desc')
        .limit(query.limit + 1);
      if (after !== undefined) rows = rows.where('id', '<', after);
      if (query.search) rows = rows.where('name', 'ilike', `%${text(query.search)}%`);
      const { items, ...rest } = pageFrom(
        await rows.execute(),
        query.limit,
        (row) => row.id,
        (row) => row,
      );
      return { items: await withCounts(items), ...rest };
    },

    /**
     * Puts consent on record, or takes it off the record. Leads that were finished for want of it are ready again from
     * their first number on: nobody has rung them. False when there is no such list.
     */
    putConsent: (listId: string, evidence: string | undefined): Promise<boolean> =>
      inTransaction(db.pool, async (client) => {
        const list = await client.query('UPDATE lists SET consent_at = $2, consent_note = $3 WHERE id = $1', [
          listId,
          evidence === undefined ? null : new Date(now()),
          evidence ?? null,
        ]);
        if (list.rowCount === 0) return false;
        if (evidence !== undefined)
          await client.query(
            `UPDATE leads SET state = 'ready', done_reason = NULL, number_index = 0
             WHERE list_id = $1 AND state = 'done' AND done_reason = $2`,
            [listId, CONSENT_MISSING],
          );
        return true;
      }),

    /** Campaigns that dial the list. */
    campaignsOf: async (listId: string): Promise<readonly CampaignId[]> => {
      const rows = await kysely
        .selectFrom('campaign_lists')
        .select('campaign_id')
        .where('list_id', '=', listId)
        .execute();
      return rows.map((row) => row.campaign_id as CampaignId);
    },

    /** False when there is no such list. */
    rename: async (listId: string, name: string): Promise<boolean> => {
      const result = await kysely.updateTable('lists').set({ name }).where('id', '=', listId).executeTakeFirst();
      return result.numUpdatedRows === 1n;
    },

    /**
     * Removes a list with its leads and imports, unless something uses it. Attempts stay: they are history. Campaigns that
     * are not running forget it. Returns the files of its imports, to be removed; undefined when there is no such list.
     */
    remove: (
      listId: string,
    ): Promise<{ readonly inUse: ListInUse } | { readonly files: readonly string[] } | undefined> =>
      inTransaction(db.pool, async (client) => {
        const list = await client.query('SELECT 1 FROM lists WHERE id = $1 FOR UPDATE', [listId]);
        if (list.rowCount === 0) return undefined;
        const campaigns = await client.query<{ name: string }>(
          `SELECT c.name FROM campaign_lists cl JOIN campaigns c ON c.id = cl.campaign_id
           WHERE cl.list_id = $1 AND NOT c.phase = ANY ($2) ORDER BY c.name`,
          [listId, IDLE_PHASES],
        );
        if (campaigns.rows.length > 0)
          return { inUse: { kind: 'campaigns', names: campaigns.rows.map((c) => c.name) } };
        const calls = await client.query(`SELECT 1 FROM leads WHERE list_id = $1 AND state = 'dialing' LIMIT 1`, [
          listId,
        ]);
        if (calls.rowCount !== 0) return { inUse: { kind: 'calls' } };
        const running = await client.query(`SELECT 1 FROM imports WHERE list_id = $1 AND state = 'running'`, [listId]);
        if (running.rowCount !== 0) return { inUse: { kind: 'import' } };
        await client.query(
          `UPDATE campaigns SET settings = jsonb_set(settings, '{listIds}', (settings -> 'listIds') - $1::text)
           WHERE settings -> 'listIds' ? $1::text`,
          [listId],
        );
        await client.query('DELETE FROM campaign_lists WHERE list_id = $1', [listId]);
        await client.query('DELETE FROM leads WHERE list_id = $1', [listId]);
        const imports = await client.query<{ file: string | null }>(
          `WITH gone AS (DELETE FROM imports WHERE list_id = $1 RETURNING file_path, rejects_path, notes_path)
           SELECT unnest(ARRAY[file_path, rejects_path, notes_path]) AS file FROM gone`,
          [listId],
        );
        await client.query('DELETE FROM lists WHERE id = $1', [listId]);
        return { files: imports.rows.flatMap(({ file }) => (file === null ? [] : [file])) };
      }),

    /**
     * Leads in the order in which they came.
     *
     * @param prefixes Beginnings of E.164 numbers, one of which must fit; undefined: any number.
     */
    leads: async (
      listId: string,
      query: LeadsQuery,
      prefixes: readonly string[] | undefined,
    ): Promise<Page<LeadView>> => {
      const after = decodeCursor(query.cursor, 'bigint');
      let rows = kysely
        .selectFrom('leads')
        .selectAll()
        .where('list_id', '=', listId)
        .orderBy('id')
        .limit(query.limit + 1);
      if (after !== undefined) rows = rows.where('id', '>', after);
      if (query.state !== undefined) rows = rows.where('state', '=', query.state);
      if (query.lastOutcome !== undefined)
        rows = rows.where('last_outcome', '=', query.lastOutcome as NonNullable<LeadsTable['last_outcome']>);
      if (query.name !== undefined) rows = rows.where('name', 'ilike', `%${text(query.name)}%`);
      if (prefixes !== undefined)
        rows = rows.where((eb) => eb.or(prefixes.map((prefix) => eb('number', 'like', `${text(prefix)}%`))));
      return pageFrom(await rows.execute(), query.limit, (row) => row.id, toLead);
    },

    lead: async (leadId: string): Promise<LeadDetail | undefined> => {
      const row = await kysely.selectFrom('leads').selectAll().where('id', '=', leadId).executeTakeFirst();
      if (row === undefined) return undefined;
      const attempts = await kysely
        .selectFrom('attempts')
        .selectAll()
        .where('lead_id', '=', leadId)
        .orderBy('id', 'desc')
        .limit(MAX_ATTEMPTS)
        .execute();
      return {
        ...toLead(row),
        ...(row.blocked_verdict === null ? {} : { blockedVerdict: row.blocked_verdict }),
        ...(row.blocked_at === null ? {} : { blockedAtMs: row.blocked_at.getTime() }),
        attemptList: attempts.map((a) => ({
          attemptId: a.id as AttemptId,
          campaignId: a.campaign_id as CampaignId,
          number: a.number,
          ordinal: a.ordinal,
          ...(a.outcome === null ? {} : { outcome: a.outcome }),
          ...(a.outcome_detail === null ? {} : { outcomeDetail: a.outcome_detail }),
          ...(a.disposition === null ? {} : { disposition: a.disposition }),
          ...(a.note === null ? {} : { note: a.note }),
          ...(a.agent_id === null ? {} : { agentId: a.agent_id as AgentId }),
          createdAtMs: a.created_at.getTime(),
          ...(a.answered_at === null ? {} : { answeredAtMs: a.answered_at.getTime() }),
          ...(a.bridged_at === null ? {} : { bridgedAtMs: a.bridged_at.getTime() }),
          ...(a.ended_at === null ? {} : { endedAtMs: a.ended_at.getTime() }),
        })),
      };
    },
  };
};
