import type { PoolClient } from 'pg';
import type { Lease } from './lease.ts';
import type { RowWrites } from './rows.ts';

/**
 * One statement a table, its rows as one JSON parameter: `JSON.stringify` here and `json_to_recordset` there cost less
 * than arrays of parameters, and the plan is the same for one row and for a thousand.
 */
const STATEMENTS: readonly { readonly table: keyof RowWrites; readonly sql: string }[] = [
  {
    table: 'calls',
    // A row that is missing was never committed by its dial: nothing to update, and nothing to invent.
    sql: `UPDATE calls c SET phase = x.phase, state = x.state, seq = x.seq, epoch = $2, ended_at = coalesce(x.ended_at, c.ended_at)
          FROM json_to_recordset($1) AS x(id uuid, phase text, state jsonb, seq int, ended_at timestamptz)
          WHERE c.id = x.id AND c.seq < x.seq`,
  },
  {
    table: 'agents',
    sql: `INSERT INTO agents AS a (user_id, phase, state, seq, epoch, since)
          SELECT x.user_id, x.phase, x.state, x.seq, $2, x.since
          FROM json_to_recordset($1) AS x(user_id uuid, phase text, state jsonb, seq bigint, since timestamptz)
          ON CONFLICT (user_id) DO UPDATE SET phase = excluded.phase, state = excluded.state, seq = excluded.seq, epoch = excluded.epoch, since = excluded.since
          WHERE a.seq < excluded.seq`,
  },
  {
    table: 'campaigns',
    sql: `UPDATE campaigns c SET phase = x.phase, state = x.state, seq = x.seq, started_at = coalesce(c.started_at, x.started_at), finished_at = x.finished_at
          FROM json_to_recordset($1) AS x(id uuid, phase text, state jsonb, seq bigint, started_at timestamptz, finished_at timestamptz)
          WHERE c.id = x.id AND c.seq < x.seq AND $2::bigint IS NOT NULL`,
  },
  {
    table: 'attempts',
    sql: `UPDATE attempts a SET
            outcome = coalesce(x.outcome, a.outcome), outcome_detail = coalesce(x.outcome_detail, a.outcome_detail),
            agent_id = coalesce(x.agent_id, a.agent_id), disposition = coalesce(x.disposition, a.disposition),
            note = coalesce(x.note, a.note), callback_at = coalesce(x.callback_at, a.callback_at),
            ringing_at = coalesce(a.ringing_at, x.ringing_at), answered_at = coalesce(a.answered_at, x.answered_at),
            bridged_at = coalesce(a.bridged_at, x.bridged_at), ended_at = coalesce(a.ended_at, x.ended_at),
            disposed_at = coalesce(x.disposed_at, a.disposed_at)
          FROM json_to_recordset($1) AS x(id uuid, outcome text, outcome_detail text, agent_id uuid, disposition text, note text,
            callback_at timestamptz, ringing_at timestamptz, answered_at timestamptz, bridged_at timestamptz, ended_at timestamptz, disposed_at timestamptz)
          WHERE a.id = x.id AND $2::bigint IS NOT NULL`,
  },
  {
    table: 'dials',
    sql: `UPDATE dials d SET
            ringing_at = coalesce(d.ringing_at, x.ringing_at), answered_at = coalesce(d.answered_at, x.answered_at),
            ended_at = coalesce(d.ended_at, x.ended_at), cause = coalesce(d.cause, x.cause), sip_status = coalesce(d.sip_status, x.sip_status),
            ended_by = coalesce(d.ended_by, x.ended_by), outcome = coalesce(d.outcome, x.outcome)
          FROM json_to_recordset($1) AS x(id uuid, ringing_at timestamptz, answered_at timestamptz, ended_at timestamptz,
            cause smallint, sip_status smallint, ended_by text, outcome text)
          WHERE d.id = x.id AND $2::bigint IS NOT NULL`,
  },
  {
    table: 'leads',
    sql: `UPDATE leads l SET
            state = x.state, done_reason = x.done_reason, next_at = x.next_at, is_callback = x.is_callback, number_index = x.number_index,
            last_outcome = coalesce(x.last_outcome, l.last_outcome), outcome_counts = coalesce(x.outcome_counts, l.outcome_counts)
          FROM json_to_recordset($1) AS x(id bigint, state text, done_reason text, next_at timestamptz, is_callback boolean, number_index smallint, last_outcome text, outcome_counts jsonb)
          WHERE l.id = x.id AND $2::bigint IS NOT NULL`,
  },
  {
    table: 'numbers',
    sql: `INSERT INTO numbers AS n (number, invalid_at, refused_at)
          SELECT x.number, x.invalid_at, x.refused_at
          FROM json_to_recordset($1) AS x(number text, invalid_at timestamptz, refused_at timestamptz)
          WHERE $2::bigint IS NOT NULL ORDER BY x.number
          ON CONFLICT (number) DO UPDATE SET invalid_at = coalesce(excluded.invalid_at, n.invalid_at), refused_at = coalesce(excluded.refused_at, n.refused_at)`,
  },
  {
    table: 'dnc',
    sql: `INSERT INTO dnc_entries (number, campaign_id, reason, source, created_by)
          SELECT x.number, x.campaign_id, x.reason, x.source, x.created_by
          FROM json_to_recordset($1) AS x(number text, campaign_id uuid, reason text, source text, created_by uuid)
          WHERE $2::bigint IS NOT NULL ON CONFLICT DO NOTHING`,
  },
  {
    table: 'recordings',
    sql: `INSERT INTO recordings AS r (id, call_id, attempt_id, campaign_id, agent_id, state, sides, error, started_at)
          SELECT x.id, x.call_id, x.attempt_id, x.campaign_id, x.agent_id, x.state, x.sides, x.error, x.started_at
          FROM json_to_recordset($1) AS x(id uuid, call_id uuid, attempt_id uuid, campaign_id uuid, agent_id uuid, state text, sides jsonb, error text, started_at timestamptz)
          WHERE $2::bigint IS NOT NULL
          ON CONFLICT (id) DO UPDATE SET state = excluded.state, agent_id = coalesce(excluded.agent_id, r.agent_id), sides = coalesce(excluded.sides, r.sides), error = excluded.error
          WHERE r.state IN ('recording', 'finishing')`,
  },
  {
    table: 'events',
    sql: `INSERT INTO events (at, aggregate, aggregate_id, seq, type, data)
          SELECT x.at, x.aggregate, x.aggregate_id, x.seq, x.type, x.data
          FROM json_to_recordset($1) AS x(at timestamptz, aggregate text, aggregate_id uuid, seq int, type text, data jsonb)
          WHERE $2::bigint IS NOT NULL ON CONFLICT DO NOTHING`,
  },
  {
    table: 'outbox',
    sql: `INSERT INTO outbox (kind, key, payload)
          SELECT x.kind, x.key, x.payload FROM json_to_recordset($1) AS x(kind text, key text, payload jsonb)
          WHERE $2::bigint IS NOT NULL ON CONFLICT (kind, key) DO NOTHING`,
  },
];

/** Writes rows inside the caller's transaction. Every statement is safe to run again with the same rows. */
export const writeRows = async (client: PoolClient, rows: RowWrites, lease: Lease): Promise<void> => {
  for (const { table, sql } of STATEMENTS) {
    const list = rows[table];
    if (list === undefined || list.length === 0) continue;
    await client.query({ name: `engine-write-${table}`, text: sql, values: [JSON.stringify(list), lease.epoch] });
  }
};
