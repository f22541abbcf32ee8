import type { Attempt, AttemptFilter, AttemptQuery, AttemptStory, Recording } from '@qianhu/contracts';
import type { AttemptId, CallId, CampaignId, DialId, LeadId, ListId, TrunkId, AgentId } from '@qianhu/core';
import { sql, type Kysely, type SelectQueryBuilder } from 'kysely';
import { decodeCursor, pageFrom, type Page } from '../../platform/cursor.ts';
import { leadFieldsOf } from '../../platform/lead-fields.ts';
import type { Schema } from '../../platform/schema.ts';
import { toRecording } from '../recordings/recording-read-model.ts';

/** What the story shows of one attempt, before masking. */
export type StoredStory = AttemptStory;

/** Attempts with their dials and events, read only: the engine writes them. */
export type AttemptStore = ReturnType<typeof createAttemptStore>;

const ms = (at: Date | null): number | undefined => at?.getTime();
const time = <K extends string>(key: K, at: Date | null): { readonly [P in K]?: number } => {
  const value = ms(at);
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: number };
};

const select = (db: Kysely<Schema>) =>
  db
    .selectFrom('attempts as a')
    .leftJoin('campaigns as c', 'c.id', 'a.campaign_id')
    .leftJoin('leads as l', 'l.id', 'a.lead_id')
    .leftJoin('users as u', 'u.id', 'a.agent_id')
    .select([
      'a.id',
      'a.campaign_id',
      'a.list_id',
      'a.lead_id',
      'a.call_id',
      'a.number',
      'a.ordinal',
      'a.outcome',
      'a.outcome_detail',
      'a.agent_id',
      'a.disposition',
      'a.created_at',
      'a.ringing_at',
      'a.answered_at',
      'a.bridged_at',
      'a.ended_at',
      'c.name as campaign_name',
      'l.name as lead_name',
      'u.display_name as agent_name',
    ])
    .select((eb) =>
      eb
        .exists(
          eb
            .selectFrom('recordings')
            .select(sql`1`.as('one'))
            .whereRef('recordings.call_id', '=', 'a.call_id')
            .where('recordings.state', '=', 'done'),
        )
        .as('has_recording'),
    );

type AttemptRow = Awaited<ReturnType<ReturnType<typeof select>['execute']>>[number];

const toAttempt = (row: AttemptRow): Attempt => {
  const bridgedMs = ms(row.bridged_at);
  const endedMs = ms(row.ended_at);
  return {
    attemptId: row.id as AttemptId,
    campaignId: row.campaign_id as CampaignId,
    campaignName: row.campaign_name ?? '',
    listId: row.list_id as ListId,
    leadId: row.lead_id as LeadId,
    ...(row.lead_name === null ? {} : { leadName: row.lead_name }),
    callId: row.call_id as CallId,
    number: row.number,
    ordinal: row.ordinal,
    ...(row.outcome === null ? {} : { outcome: row.outcome }),
    ...(row.outcome_detail === null ? {} : { outcomeDetail: row.outcome_detail }),
    ...(row.agent_id === null ? {} : { agentId: row.agent_id as AgentId }),
    ...(row.agent_name === null ? {} : { agentName: row.agent_name }),
    ...(row.disposition === null ? {} : { disposition: row.disposition }),
    createdAtMs: row.created_at.getTime(),
    ...time('ringingAtMs', row.ringing_at),
    ...time('answeredAtMs', row.answered_at),
    ...time('bridgedAtMs', row.bridged_at),
    ...time('endedAtMs', row.ended_at),
    ...(bridgedMs === undefined || endedMs === undefined ? {} : { talkMs: Math.max(0, endedMs - bridgedMs) }),
    hasRecording: Boolean(row.has_recording),
  };
};

const filtered = <DB extends Schema & { a: Schema['attempts'] }, O>(
  query: SelectQueryBuilder<DB, 'a', O>,
  filter: AttemptFilter,
): SelectQueryBuilder<DB, 'a', O> => {
  // Every condition names a column of attempts; the builder's types are loosened here and nowhere else.
  let q = query as unknown as SelectQueryBuilder<{ a: Schema['attempts'] }, 'a', O>;
  if (filter.campaignId !== undefined) q = q.where('a.campaign_id', '=', filter.campaignId);
  if (filter.listId !== undefined) q = q.where('a.list_id', '=', filter.listId);
  if (filter.leadId !== undefined) q = q.where('a.lead_id', '=', filter.leadId);
  if (filter.outcome === 'open') q = q.where('a.outcome', 'is', null);
  else if (filter.outcome !== undefined) q = q.where('a.outcome', '=', filter.outcome);
  if (filter.agentId !== undefined) q = q.where('a.agent_id', '=', filter.agentId);
  if (filter.disposition !== undefined) q = q.where('a.disposition', '=', filter.disposition);
  if (filter.number !== undefined) {
    // A beginning is a range on the index, in the byte order of digits.
    const from = filter.number.startsWith('+') ? filter.number : `+${filter.number}`;
    q = q.where('a.number', '>=', from).where('a.number', '<', `${from}:`);
  }
  if (filter.fromMs !== undefined) q = q.where('a.created_at', '>=', new Date(filter.fromMs));
  if (filter.toMs !== undefined) q = q.where('a.created_at', '<', new Date(filter.toMs));
  return q as unknown as SelectQueryBuilder<DB, 'a', O>;
};

export const createAttemptStore = (db: Kysely<Schema>) => ({
  /** Newest first. */
  page: async (query: AttemptQuery): Promise<Page<Attempt>> => {
    const after = decodeCursor(query.cursor, 'uuid');
    let rows = filtered(select(db) as never, query) as unknown as ReturnType<typeof select>;
    rows = rows.orderBy('a.id', 'desc').limit(query.limit + 1);
    if (after !== undefined) rows = rows.where('a.id', '<', after);
    return pageFrom(await rows.execute(), query.limit, (row) => row.id, toAttempt);
  },

  /** Oldest first, in batches, for an export of any size. */
  async *stream(filter: AttemptFilter, batch = 1000): AsyncGenerator<readonly Attempt[]> {
    let after: string | undefined;
    for (;;) {
      let rows = filtered(select(db) as never, filter) as unknown as ReturnType<typeof select>;
      rows = rows.orderBy('a.id', 'asc').limit(batch);
      if (after !== undefined) rows = rows.where('a.id', '>', after);
      const found = await rows.execute();
      if (found.length > 0) yield found.map(toAttempt);
      after = found.at(-1)?.id;
      if (found.length < batch) return;
    }
  },

  find: async (attemptId: AttemptId): Promise<Attempt | undefined> => {
    const row = await select(db).where('a.id', '=', attemptId).executeTakeFirst();
    return row === undefined ? undefined : toAttempt(row);
  },

  story: async (attemptId: AttemptId): Promise<StoredStory | undefined> => {
    const row = await select(db).where('a.id', '=', attemptId).executeTakeFirst();
    if (row === undefined) return undefined;
    const [more, dials, recordings] = await Promise.all([
      db
        .selectFrom('attempts as a')
        .leftJoin('leads as l', 'l.id', 'a.lead_id')
        .leftJoin('lists as li', 'li.id', 'a.list_id')
        .select(['a.verdict', 'a.odds', 'a.note', 'a.callback_at', 'a.disposed_at', 'l.fields', 'li.field_defs'])
        .where('a.id', '=', attemptId)
        .executeTakeFirstOrThrow(),
      db
        .selectFrom('dials as d')
        .leftJoin('trunks as t', 't.id', 'd.trunk_id')
        .selectAll('d')
        .select('t.name as trunk_name')
        .where('d.call_id', '=', row.call_id)
        .orderBy('d.created_at')
        .execute(),
      db.selectFrom('recordings').selectAll().where('call_id', '=', row.call_id).orderBy('started_at').execute(),
    ]);
    const events = await db
      .selectFrom('events')
      .select(['at', 'aggregate', 'aggregate_id', 'seq', 'type', 'data'])
      .where('aggregate_id', 'in', [row.call_id, attemptId, ...dials.map((dial) => dial.id)])
      // Only the partitions around the call are looked at.
      .where('at', '>=', new Date(row.created_at.getTime() - 60_000))
      .orderBy('at')
      .orderBy('seq')
      .limit(2000)
      .execute();
    return {
      attempt: toAttempt(row),
      verdict: more.verdict,
      ...(more.odds === null ? {} : { odds: more.odds }),
      dials: dials.map((dial) => ({
        dialId: dial.id as DialId,
        trunkId: dial.trunk_id as TrunkId,
        ...(dial.trunk_name === null ? {} : { trunkName: dial.trunk_name }),
        dialString: dial.dial_string,
        ...(dial.caller_id === null ? {} : { callerId: dial.caller_id }),
        createdAtMs: dial.created_at.getTime(),
        ...time('ringingAtMs', dial.ringing_at),
        ...time('answeredAtMs', dial.answered_at),
        ...time('endedAtMs', dial.ended_at),
        ...(dial.cause === null ? {} : { cause: dial.cause }),
        ...(dial.sip_status === null ? {} : { sipStatus: dial.sip_status }),
        ...(dial.ended_by === null ? {} : { endedBy: dial.ended_by }),
        ...(dial.outcome === null ? {} : { outcome: dial.outcome }),
      })),
      events: events.map((event) => ({
        atMs: event.at.getTime(),
        aggregate: event.aggregate,
        aggregateId: event.aggregate_id,
        seq: event.seq,
        type: event.type,
        data: event.data,
      })),
      recordings: recordings.map(toRecording) satisfies readonly Recording[],
      ...(more.note === null ? {} : { note: more.note }),
      ...time('callbackAtMs', more.callback_at),
      ...time('disposedAtMs', more.disposed_at),
      leadFields: leadFieldsOf(more.fields, more.field_defs),
    };
  },
});
