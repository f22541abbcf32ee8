import type { AttemptId, CallId, CampaignId, DialId, EpochMs, Outcome } from '@qianhu/core';

/**
 * What one step of the engine writes, as plain rows by table. Units of many calls share a commit; patches of one row
 * within a commit are merged, later over earlier.
 */
export type RowWrites = {
  calls?: CallRow[];
  agents?: AgentRow[];
  campaigns?: CampaignRow[];
  attempts?: AttemptPatch[];
  dials?: DialPatch[];
  leads?: LeadPatch[];
  numbers?: NumberPatch[];
  dnc?: DncRow[];
  recordings?: RecordingPatch[];
  events?: EventRow[];
  outbox?: OutboxRow[];
};

export type CallRow = {
  readonly id: CallId;
  readonly phase: string;
  readonly state: object;
  readonly seq: number;
  readonly ended_at?: string;
};
export type AgentRow = {
  readonly user_id: string;
  readonly phase: string;
  readonly state: object;
  readonly seq: number;
  readonly since: string;
};
export type CampaignRow = {
  readonly id: CampaignId;
  readonly phase: string;
  readonly state: object;
  readonly seq: number;
  readonly started_at?: string;
  readonly finished_at?: string | null;
};

/** Only the given columns change. */
export type AttemptPatch = {
  readonly id: AttemptId;
  readonly outcome?: Outcome;
  readonly outcome_detail?: string;
  readonly agent_id?: string;
  readonly disposition?: string;
  readonly note?: string;
  readonly callback_at?: string;
  readonly ringing_at?: string;
  readonly answered_at?: string;
  readonly bridged_at?: string;
  readonly ended_at?: string;
  readonly disposed_at?: string;
};

export type DialPatch = {
  readonly id: DialId;
  readonly ringing_at?: string;
  readonly answered_at?: string;
  readonly ended_at?: string;
  readonly cause?: number;
  readonly sip_status?: number;
  readonly ended_by?: string;
  readonly outcome?: Outcome;
};

/** Everything is set as it is (`outcome_counts` null keeps what is there), so that a patch may be written twice. */
export type LeadPatch = {
  readonly id: string;
  readonly state: 'ready' | 'dialing' | 'done';
  readonly done_reason: string | null;
  readonly next_at: string;
  readonly is_callback: boolean;
  readonly number_index: number;
  readonly last_outcome: Outcome | null;
  readonly outcome_counts: Readonly<Record<string, number>> | null;
};

export type NumberPatch = { readonly number: string; readonly invalid_at?: string; readonly refused_at?: string };
export type DncRow = {
  readonly number: string;
  readonly campaign_id: string | null;
  readonly reason: string;
  readonly source: string;
  readonly created_by: string | null;
};

export type RecordingPatch = {
  readonly id: string;
  readonly call_id: CallId;
  readonly attempt_id?: AttemptId;
  readonly campaign_id?: CampaignId;
  readonly agent_id?: string;
  readonly state: 'recording' | 'finishing' | 'failed';
  readonly sides?: object;
  readonly error?: string;
  readonly started_at: string;
};

export type EventRow = {
  readonly at: string;
  readonly aggregate: 'call' | 'agent' | 'campaign' | 'attempt';
  readonly aggregate_id: string;
  readonly seq: number;
  readonly type: string;
  readonly data: object;
};

export type OutboxRow = { readonly kind: string; readonly key: string; readonly payload: object };

/** ISO text of an instant; the database takes it as timestamptz. */
export const iso = (atMs: EpochMs): string => new Date(atMs).toISOString();

const PATCHED = ['attempts', 'dials', 'numbers', 'recordings'] as const;
const REPLACED = ['calls', 'agents', 'campaigns', 'leads'] as const;
const APPENDED = ['dnc', 'events', 'outbox'] as const;

const keyOf = (row: object): string => {
  const keyed = row as { id?: string; user_id?: string; number?: string };
  return keyed.id ?? keyed.user_id ?? keyed.number ?? '';
};

/** Many units as one: the same rows, each once. Order within a table is that of first appearance. */
export const mergeWrites = (units: readonly RowWrites[]): RowWrites => {
  const merged: Record<string, object[]> = {};
  for (const table of APPENDED) {
    const rows: object[] = units.flatMap((unit): readonly object[] => unit[table] ?? []);
    if (rows.length > 0) merged[table] = rows;
  }
  for (const table of [...PATCHED, ...REPLACED]) {
    const patched = (PATCHED as readonly string[]).includes(table);
    const rows = new Map<string, object>();
    for (const unit of units) {
      for (const row of unit[table] ?? []) {
        const before = rows.get(keyOf(row));
        rows.set(keyOf(row), patched && before !== undefined ? { ...before, ...row } : row);
      }
    }
    // Rows are locked in key order, so that two commits (a batch and a lone retry) cannot wait for each other.
    if (rows.size > 0)
      merged[table] = [...rows.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, row]) => row);
  }
  return merged as RowWrites;
};
