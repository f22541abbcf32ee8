import type { RecordedCall } from '@qianhu/lab';
import type { Pool } from 'pg';

export type Target = 'ours' | 'asterisk' | 'postgres';

/** One `kill -9`: when, and when the part served again. */
export type Kill = { readonly target: Target; readonly atMs: number; readonly upAtMs: number };

export type AttemptFact = {
  readonly attemptId: string;
  readonly callId: string;
  readonly leadId: string;
  readonly number: string;
  readonly outcome: string | null;
  readonly detail: string | null;
  readonly agentId: string | null;
  readonly createdAtMs: number;
  readonly answeredAtMs: number | undefined;
  readonly bridgedAtMs: number | undefined;
  readonly endedAtMs: number | undefined;
  readonly dials: number;
};

export type RecordingFact = {
  readonly recordingId: string;
  readonly callId: string;
  readonly state: string;
  readonly error: string | null;
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly bytes: number;
  readonly path: string | null;
};

/** What our database, our API and the lab say after the campaign. */
export type Facts = {
  readonly leads: number;
  readonly leadStates: Readonly<Record<string, number>>;
  readonly campaignPhase: string;
  readonly attempts: readonly AttemptFact[];
  readonly recordings: readonly RecordingFact[];
  readonly openCalls: number;
  readonly openDials: number;
  readonly openOutbox: number;
  readonly agents: readonly { readonly userId: string; readonly phase: string }[];
  /** Calls that the running engine believes to be open. */
  readonly engineOpenCalls: number;
  /** Legs alive at our switch that are neither stations nor theirs. */
  readonly strayChannels: readonly string[];
  /** By number in digits. */
  readonly lab: ReadonlyMap<string, readonly RecordedCall[]>;
  readonly kills: readonly Kill[];
};

const ms = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::float8`;
const maybe = (value: number | null): number | undefined => value ?? undefined;

/** Reads what the database knows. */
export const readRows = async (
  pool: Pool,
  campaignId: string,
): Promise<Omit<Facts, 'lab' | 'kills' | 'engineOpenCalls' | 'strayChannels'>> => {
  const one = async (text: string): Promise<number> => Number((await pool.query<{ n: string }>(text)).rows[0]?.n ?? 0);
  const attempts = await pool.query<{
    id: string;
    call_id: string;
    lead_id: string;
    number: string;
    outcome: string | null;
    outcome_detail: string | null;
    agent_id: string | null;
    created: number;
    answered: number | null;
    bridged: number | null;
    ended: number | null;
    dials: string;
  }>(
    `SELECT id, call_id, lead_id, number, outcome, outcome_detail, agent_id, ${ms('created_at')} AS created, ${ms('answered_at')} AS answered,
            ${ms('bridged_at')} AS bridged, ${ms('ended_at')} AS ended, (SELECT count(*) FROM dials d WHERE d.attempt_id = a.id) AS dials
     FROM attempts a ORDER BY created_at`,
  );
  const recordings = await pool.query<{
    id: string;
    call_id: string;
    state: string;
    error: string | null;
    started: number;
    duration_ms: number | null;
    bytes: string | null;
    path: string | null;
  }>(`SELECT id, call_id, state, error, ${ms('started_at')} AS started, duration_ms, bytes, path FROM recordings`);
  const states = await pool.query<{ state: string; n: string }>(
    'SELECT state, count(*) AS n FROM leads GROUP BY state',
  );
  const agents = await pool.query<{ user_id: string; phase: string }>('SELECT user_id, phase FROM agents');
  const campaign = await pool.query<{ phase: string }>('SELECT phase FROM campaigns WHERE id = $1', [campaignId]);
  return {
    leads: await one('SELECT count(*) AS n FROM leads'),
    leadStates: Object.fromEntries(states.rows.map((row) => [row.state, Number(row.n)])),
    campaignPhase: campaign.rows[0]?.phase ?? 'gone',
    attempts: attempts.rows.map((row) => ({
      attemptId: row.id,
      callId: row.call_id,
      leadId: row.lead_id,
      number: row.number,
      outcome: row.outcome,
      detail: row.outcome_detail,
      agentId: row.agent_id,
      createdAtMs: row.created,
      answeredAtMs: maybe(row.answered),
      bridgedAtMs: maybe(row.bridged),
      endedAtMs: maybe(row.ended),
      dials: Number(row.dials),
    })),
    recordings: recordings.rows.map((row) => ({
      recordingId: row.id,
      callId: row.call_id,
      state: row.state,
      error: row.error,
      startedAtMs: row.started,
      durationMs: row.duration_ms ?? 0,
      bytes: Number(row.bytes ?? 0),
      path: row.path,
    })),
    openCalls: await one('SELECT count(*) AS n FROM calls WHERE ended_at IS NULL'),
    openDials: await one('SELECT count(*) AS n FROM dials WHERE ended_at IS NULL'),
    openOutbox: await one('SELECT count(*) AS n FROM outbox WHERE done_at IS NULL'),
    agents: agents.rows.map((row) => ({ userId: row.user_id, phase: row.phase })),
  };
};

export type EventFact = {
  readonly atMs: number;
  readonly seq: number;
  readonly type: string;
  readonly data: unknown;
};

/** The history of one aggregate. */
export const readEvents = async (pool: Pool, aggregateId: string): Promise<readonly EventFact[]> => {
  const { rows } = await pool.query<{ at: number; seq: number; type: string; data: unknown }>(
    `SELECT ${ms('at')} AS at, seq, type, data FROM events WHERE aggregate_id = $1 ORDER BY seq`,
    [aggregateId],
  );
  return rows.map((row) => ({ atMs: row.at, seq: row.seq, type: row.type, data: row.data }));
};
