import type { CampaignSettings, EndedBy, Explained, Outcome, Verdict } from '@qianhu/core';
import type { ColumnType, Generated, GeneratedAlways } from 'kysely';

/**
 * The tables as `migrations/*.sql` make them, by hand. Ids are text here; features brand them at their edge. `bigint`
 * arrives as decimal text, `timestamptz` as `Date`.
 */
export type Schema = {
  settings: SettingsTable;
  users: UsersTable;
  sessions: SessionsTable;
  audit_entries: AuditEntriesTable;
  trunks: TrunksTable;
  lists: ListsTable;
  leads: LeadsTable;
  imports: ImportsTable;
  numbers: NumbersTable;
  dnc_entries: DncEntriesTable;
  caller_id_rests: CallerIdRestsTable;
  campaigns: CampaignsTable;
  campaign_lists: CampaignListsTable;
  campaign_agents: CampaignAgentsTable;
  dispositions: DispositionsTable;
  calls: CallsTable;
  attempts: AttemptsTable;
  dials: DialsTable;
  agents: AgentsTable;
  recordings: RecordingsTable;
  outbox: OutboxTable;
  leases: LeasesTable;
  events: EventsTable;
  campaign_forecasts: CampaignForecastsTable;
};

/** `jsonb`: read parsed, written as JSON text (the driver would turn a bare array into a PostgreSQL array). */
export type Json<T> = ColumnType<T, string, string>;
/** `jsonb` with a default. */
export type JsonWithDefault<T> = ColumnType<T, string | undefined, string>;
/** `timestamptz`. */
export type Instant = ColumnType<Date, Date | string, Date | string>;
/** `timestamptz` that may be null. */
export type NullableInstant = ColumnType<Date | null, Date | string | null | undefined, Date | string | null>;
/** `timestamptz` with a default. */
export type InstantWithDefault = ColumnType<Date, Date | string | undefined, Date | string>;
/** `timestamptz` that may be `-infinity`, which the driver gives as the number. */
export type OpenInstant = ColumnType<Date | number, Date | string | undefined, Date | string>;
/** `bigint` that we write. */
export type BigIntText = ColumnType<string, string | number | bigint, string | number | bigint>;
/** `bigint` with a default. */
export type BigIntWithDefault = ColumnType<string, string | number | bigint | undefined, string | number | bigint>;

export type Role = 'administrator' | 'supervisor' | 'agent';

export type SettingsTable = { key: string; value: Json<unknown>; updated_at: InstantWithDefault };

export type UsersTable = {
  id: string;
  /** Lower case, unique. */
  login: string;
  display_name: string;
  role: Role;
  password_hash: string;
  locale: Generated<'zh' | 'en'>;
  /** contracts: Station. */
  station: JsonWithDefault<unknown>;
  /** Sealed password of a SIP phone that registers. */
  phone_secret_enc: ColumnType<Buffer | null, Buffer | null | undefined, Buffer | null>;
  demo: Generated<boolean>;
  must_change_password: Generated<boolean>;
  created_at: InstantWithDefault;
  disabled_at: NullableInstant;
};

export type SessionsTable = {
  /** SHA-256 of the cookie's secret. */
  token_hash: Buffer;
  user_id: string;
  created_at: InstantWithDefault;
  last_seen_at: InstantWithDefault;
  expires_at: Instant;
  user_agent: string | null;
};

export type AuditEntriesTable = {
  id: GeneratedAlways<string>;
  at: InstantWithDefault;
  user_id: string | null;
  action: string;
  subject_type: string;
  subject_id: string | null;
  details: JsonWithDefault<Record<string, unknown>>;
};

export type TrunksTable = {
  id: string;
  name: string;
  /** contracts: TrunkSettings. */
  settings: Json<unknown>;
  secret_enc: Buffer | null;
  priority: Generated<number>;
  enabled: Generated<boolean>;
  demo: Generated<boolean>;
  created_at: InstantWithDefault;
  updated_at: InstantWithDefault;
};

export type ListsTable = {
  id: string;
  name: string;
  default_region: Generated<string>;
  demo: Generated<boolean>;
  field_defs: JsonWithDefault<readonly { key: string; label: string }[]>;
  /** When consent of its people was put on record, and by what evidence; null: none is. */
  consent_at: NullableInstant;
  consent_note: string | null;
  created_at: InstantWithDefault;
};

export type LeadState = 'ready' | 'dialing' | 'done';

export type LeadsTable = {
  id: GeneratedAlways<string>;
  list_id: string;
  number: string;
  alt_numbers: string[] | null;
  region: string;
  zone: string;
  name: string | null;
  fields: ColumnType<Record<string, string> | null, string | null | undefined, string | null>;
  priority: Generated<number>;
  state: Generated<LeadState>;
  done_reason: string | null;
  next_at: OpenInstant;
  is_callback: Generated<boolean>;
  attempts: Generated<number>;
  number_index: Generated<number>;
  outcome_counts: ColumnType<Partial<Record<Outcome, number>> | null, string | null | undefined, string | null>;
  last_outcome: Outcome | null;
  last_attempt_at: NullableInstant;
  blocked_verdict: ColumnType<unknown, string | null | undefined, string | null>;
  blocked_at: NullableInstant;
};

export type ImportState = 'uploaded' | 'running' | 'done' | 'cancelled' | 'failed';

export type ImportsTable = {
  id: string;
  list_id: string | null;
  user_id: string | null;
  state: ImportState;
  file_name: string;
  file_path: string;
  file_bytes: BigIntText;
  settings: ColumnType<unknown, string | null | undefined, string | null>;
  bytes_read: BigIntWithDefault;
  rows_read: BigIntWithDefault;
  rows_imported: BigIntWithDefault;
  rows_updated: BigIntWithDefault;
  rows_rejected: BigIntWithDefault;
  rows_duplicate: BigIntWithDefault;
  rows_noted: BigIntWithDefault;
  reasons: JsonWithDefault<Record<string, number>>;
  rejects_path: string | null;
  notes_path: string | null;
  first_lead_id: ColumnType<
    string | null,
    string | number | bigint | null | undefined,
    string | number | bigint | null
  >;
  last_lead_id: ColumnType<string | null, string | number | bigint | null | undefined, string | number | bigint | null>;
  error: ColumnType<unknown, string | null | undefined, string | null>;
  created_at: InstantWithDefault;
  started_at: NullableInstant;
  finished_at: NullableInstant;
};

export type NumbersTable = { number: string; invalid_at: NullableInstant; refused_at: NullableInstant };

export type CallerIdRestsTable = {
  id: string;
  number: string;
  judged_from: Instant;
  rested_at: Instant;
  until_at: Instant;
  why: Json<{ recentDials: number; recentAnswers: number; usualShare: number }>;
  ended_by: string | null;
};

export type DncEntriesTable = {
  id: GeneratedAlways<string>;
  number: string;
  campaign_id: string | null;
  reason: string | null;
  source: string;
  created_by: string | null;
  created_at: InstantWithDefault;
  expires_at: NullableInstant;
};

export type CampaignsTable = {
  id: string;
  name: string;
  settings: Json<CampaignSettings>;
  phase: string;
  /** core: CampaignState. */
  state: Json<unknown>;
  seq: BigIntWithDefault;
  demo: Generated<boolean>;
  created_by: string | null;
  created_at: InstantWithDefault;
  started_at: NullableInstant;
  finished_at: NullableInstant;
};

export type CampaignListsTable = { campaign_id: string; list_id: string; position: Generated<number> };
export type CampaignAgentsTable = { campaign_id: string; user_id: string };

export type DispositionsTable = {
  code: string;
  label_zh: string;
  label_en: string;
  effect: 'done' | 'retry' | 'callback' | 'dnc';
  position: Generated<number>;
};

export type CallsTable = {
  id: string;
  kind: string;
  campaign_id: string | null;
  attempt_id: string | null;
  phase: string;
  /** core: CallState. */
  state: Json<unknown>;
  seq: number;
  epoch: BigIntText;
  started_at: Instant;
  ended_at: NullableInstant;
};

export type AttemptsTable = {
  id: string;
  campaign_id: string;
  list_id: string;
  lead_id: BigIntText;
  call_id: string;
  number: string;
  ordinal: number;
  outcome: Outcome | null;
  outcome_detail: string | null;
  verdict: Json<Verdict>;
  odds: ColumnType<Explained | null, string | null | undefined, string | null>;
  agent_id: string | null;
  disposition: string | null;
  note: string | null;
  callback_at: NullableInstant;
  created_at: Instant;
  ringing_at: NullableInstant;
  answered_at: NullableInstant;
  bridged_at: NullableInstant;
  ended_at: NullableInstant;
  disposed_at: NullableInstant;
};

export type DialsTable = {
  id: string;
  attempt_id: string;
  call_id: string;
  campaign_id: string | null;
  number: string;
  trunk_id: string;
  dial_string: string;
  caller_id: string | null;
  created_at: Instant;
  ringing_at: NullableInstant;
  answered_at: NullableInstant;
  ended_at: NullableInstant;
  cause: number | null;
  sip_status: number | null;
  ended_by: EndedBy | null;
  outcome: Outcome | null;
};

export type AgentsTable = {
  user_id: string;
  phase: string;
  /** core: AgentState. */
  state: Json<unknown>;
  seq: BigIntText;
  epoch: BigIntText;
  since: Instant;
};

export type RecordingState = 'recording' | 'finishing' | 'done' | 'failed';

export type RecordingsTable = {
  id: string;
  call_id: string;
  attempt_id: string | null;
  campaign_id: string | null;
  agent_id: string | null;
  state: RecordingState;
  sides: ColumnType<unknown, string | null | undefined, string | null>;
  path: string | null;
  duration_ms: number | null;
  bytes: ColumnType<string | null, string | number | bigint | null | undefined, string | number | bigint | null>;
  sha256: string | null;
  error: string | null;
  started_at: Instant;
  finished_at: NullableInstant;
};

export type OutboxTable = {
  id: GeneratedAlways<string>;
  kind: string;
  key: string;
  payload: Json<unknown>;
  created_at: InstantWithDefault;
  run_at: InstantWithDefault;
  tries: Generated<number>;
  last_error: string | null;
  done_at: NullableInstant;
};

export type CampaignForecastsTable = {
  campaign_id: string;
  /** contracts: CampaignForecast. */
  forecast: Json<unknown>;
  made_at: Instant;
};

export type LeasesTable = { resource: string; holder: string; epoch: BigIntText; expires_at: Instant };

export type EventsTable = {
  at: Instant;
  aggregate: string;
  aggregate_id: string;
  seq: number;
  type: string;
  version: Generated<number>;
  data: Json<Record<string, unknown>>;
};
