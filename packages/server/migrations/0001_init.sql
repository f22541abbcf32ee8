-- The ground: users, lists, campaigns, the truth of calls, and their history.
-- Times are timestamptz; phone numbers are E.164 text; ids are UUIDv7 made by us except leads and events (bigint).

CREATE TABLE settings (
  key text PRIMARY KEY,
  value jsonb NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- People ------------------------------------------------------------------------------------------------------------
CREATE TABLE users (
  id uuid PRIMARY KEY,
  login text NOT NULL UNIQUE CHECK (login = lower(login) AND login <> ''),
  display_name text NOT NULL,
  role text NOT NULL CHECK (role IN ('administrator', 'supervisor', 'agent')),
  password_hash text NOT NULL,
  locale text NOT NULL DEFAULT 'zh' CHECK (locale IN ('zh', 'en')),
  -- How this person's phone is reached: {"kind":"browser"} | {"kind":"sip",...} | {"kind":"mobile",...} (contracts: Station).
  station jsonb NOT NULL DEFAULT '{"kind":"browser","mode":"keptUp"}',
  -- Sealed password of a SIP phone that registers; null: none was made.
  phone_secret_enc bytea,
  demo boolean NOT NULL DEFAULT false,
  must_change_password boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  disabled_at timestamptz
);

CREATE TABLE sessions (
  -- SHA-256 of the cookie's secret: a copy of this table opens nothing.
  token_hash bytea PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  user_agent text
);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE audit_entries (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  user_id uuid,
  action text NOT NULL,
  subject_type text NOT NULL,
  subject_id text,
  details jsonb NOT NULL DEFAULT '{}'
);

-- Lines -------------------------------------------------------------------------------------------------------------
CREATE TABLE trunks (
  id uuid PRIMARY KEY,
  name text NOT NULL UNIQUE,
  -- contracts: TrunkSettings (host, transport, auth user, templates, limits). Secrets stand in secret_enc only.
  settings jsonb NOT NULL,
  secret_enc bytea,
  priority int NOT NULL DEFAULT 100,
  enabled boolean NOT NULL DEFAULT true,
  -- Leads to the lab: takes only leads of demonstration lists, and those go nowhere else.
  demo boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- Lists and leads ---------------------------------------------------------------------------------------------------
CREATE TABLE lists (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  default_region text NOT NULL DEFAULT 'CN',
  demo boolean NOT NULL DEFAULT false,
  -- Custom field keys seen in imports, in order: [{"key":"...", "label":"..."}].
  field_defs jsonb NOT NULL DEFAULT '[]',
  -- When and by what evidence the people of this list agreed to be called; rule packs that ask for consent need it.
  consent_at timestamptz,
  consent_note text,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE leads (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  list_id uuid NOT NULL,
  number text NOT NULL,
  -- Further numbers in the order to try; null where there are none.
  alt_numbers text[],
  region text NOT NULL,
  -- IANA zone of the callee; where the number leaves several open, all of them, joined by commas; '' when none is known.
  zone text NOT NULL,
  name text,
  fields jsonb,
  priority smallint NOT NULL DEFAULT 0,
  -- ready: may be dialled from next_at on; dialing: has an open attempt; done: nothing more to do (done_reason).
  state text NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'dialing', 'done')),
  done_reason text,
  next_at timestamptz NOT NULL DEFAULT '-infinity',
  -- A promised re-dial: next_at is a promise and comes first.
  is_callback boolean NOT NULL DEFAULT false,
  attempts smallint NOT NULL DEFAULT 0,
  -- Which number is tried next: 0 = number, 1.. = alt_numbers.
  number_index smallint NOT NULL DEFAULT 0,
  -- Attempts per outcome so far, for the retry rule: {"busy":2}.
  outcome_counts jsonb,
  last_outcome text,
  last_attempt_at timestamptz,
  -- Verdict that last kept this lead from being dialled, with its time ("why was this number not dialled").
  blocked_verdict jsonb,
  blocked_at timestamptz,
  CHECK (number LIKE '+%')
);
-- Number first: one index keeps a list free of doubles and finds a number in all lists (doubles across lists, callers).
CREATE UNIQUE INDEX leads_number_list ON leads (number, list_id);
-- Pages of a list. Ids of a list grow, so this one is filled at its right edge and costs an import next to nothing.
CREATE INDEX leads_list ON leads (list_id, id);
CREATE INDEX leads_hopper ON leads (list_id, is_callback DESC, priority DESC, attempts, next_at, id) WHERE state = 'ready';

CREATE TABLE imports (
  id uuid PRIMARY KEY,
  list_id uuid,
  user_id uuid,
  state text NOT NULL CHECK (state IN ('uploaded', 'running', 'done', 'cancelled', 'failed')),
  file_name text NOT NULL,
  file_path text NOT NULL,
  file_bytes bigint NOT NULL,
  -- contracts: ImportSettings (format, encoding, delimiter, mapping, region, duplicates policy) once started.
  settings jsonb,
  -- How far it got: written in the transaction that writes the leads, so that it is exact after any crash.
  bytes_read bigint NOT NULL DEFAULT 0,
  rows_read bigint NOT NULL DEFAULT 0,
  rows_imported bigint NOT NULL DEFAULT 0,
  rows_updated bigint NOT NULL DEFAULT 0,
  -- Not imported, by fault (rejected) or because the number is there already (duplicate).
  rows_rejected bigint NOT NULL DEFAULT 0,
  rows_duplicate bigint NOT NULL DEFAULT 0,
  -- Imported with a remark (a further number was unusable, the number is on the DNC list …).
  rows_noted bigint NOT NULL DEFAULT 0,
  -- Rows per reason code, notes included: {"invalidNumber":37}.
  reasons jsonb NOT NULL DEFAULT '{}',
  rejects_path text,
  notes_path text,
  -- Leads of this import have ids in this range (one import at a time runs into a list).
  first_lead_id bigint,
  last_lead_id bigint,
  error jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  finished_at timestamptz
);
CREATE INDEX imports_list ON imports (list_id, id DESC);

-- Numbers -----------------------------------------------------------------------------------------------------------
-- The row that is locked before a dial to this number; caps are counted from dials, never kept as counters.
CREATE TABLE numbers (
  number text PRIMARY KEY,
  invalid_at timestamptz,
  -- A refusal (declined, opt-out) rests the number.
  refused_at timestamptz
);

CREATE TABLE dnc_entries (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  number text NOT NULL,
  -- Null: everywhere; else only for this campaign.
  campaign_id uuid,
  reason text,
  source text NOT NULL,
  created_by uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz
);
CREATE UNIQUE INDEX dnc_number ON dnc_entries (number, campaign_id) NULLS NOT DISTINCT;

-- Campaigns ---------------------------------------------------------------------------------------------------------
CREATE TABLE campaigns (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  -- core: CampaignSettings.
  settings jsonb NOT NULL,
  -- core: CampaignState of the campaign machine; phase repeats its kind for queries.
  phase text NOT NULL,
  state jsonb NOT NULL,
  seq bigint NOT NULL DEFAULT 0,
  demo boolean NOT NULL DEFAULT false,
  created_by uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  finished_at timestamptz
);

-- A list is dialled by at most one campaign at a time: its leads carry their own progress (ADR 0004).
CREATE TABLE campaign_lists (
  campaign_id uuid NOT NULL REFERENCES campaigns ON DELETE CASCADE,
  list_id uuid NOT NULL REFERENCES lists,
  position int NOT NULL DEFAULT 0,
  PRIMARY KEY (campaign_id, list_id)
);
CREATE INDEX campaign_lists_list ON campaign_lists (list_id);

CREATE TABLE campaign_agents (
  campaign_id uuid NOT NULL REFERENCES campaigns ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  PRIMARY KEY (campaign_id, user_id)
);

-- Calls: state rows are the truth -----------------------------------------------------------------------------------
CREATE TABLE calls (
  id uuid PRIMARY KEY,
  kind text NOT NULL,
  campaign_id uuid,
  attempt_id uuid,
  phase text NOT NULL,
  -- core: CallState.
  state jsonb NOT NULL,
  seq int NOT NULL,
  epoch bigint NOT NULL,
  started_at timestamptz NOT NULL,
  ended_at timestamptz
);
CREATE INDEX calls_open ON calls (id) WHERE ended_at IS NULL;

CREATE TABLE attempts (
  id uuid PRIMARY KEY,
  campaign_id uuid NOT NULL,
  list_id uuid NOT NULL,
  lead_id bigint NOT NULL,
  call_id uuid NOT NULL,
  number text NOT NULL,
  ordinal smallint NOT NULL,
  -- Null while the attempt is open.
  outcome text,
  -- Why an outcome is what it is, in short ("settled from the switch's log", "no agent within 2000 ms").
  outcome_detail text,
  verdict jsonb NOT NULL,
  -- How likely an answer seemed when it was dialled, and why (core: Explained).
  odds jsonb,
  agent_id uuid,
  disposition text,
  note text,
  callback_at timestamptz,
  created_at timestamptz NOT NULL,
  ringing_at timestamptz,
  answered_at timestamptz,
  bridged_at timestamptz,
  ended_at timestamptz,
  disposed_at timestamptz
);
CREATE INDEX attempts_campaign ON attempts (campaign_id, id DESC);
CREATE INDEX attempts_lead ON attempts (lead_id);
CREATE INDEX attempts_open ON attempts (campaign_id) WHERE outcome IS NULL;
CREATE INDEX attempts_number ON attempts (number, created_at DESC);

CREATE TABLE dials (
  -- Also the leg's id at the switch.
  id uuid PRIMARY KEY,
  attempt_id uuid NOT NULL,
  call_id uuid NOT NULL,
  campaign_id uuid,
  number text NOT NULL,
  trunk_id uuid NOT NULL,
  dial_string text NOT NULL,
  caller_id text,
  created_at timestamptz NOT NULL,
  ringing_at timestamptz,
  answered_at timestamptz,
  ended_at timestamptz,
  cause smallint,
  sip_status smallint,
  ended_by text,
  outcome text
);
-- A number is never in two dials at once, whoever asks.
CREATE UNIQUE INDEX dials_open_number ON dials (number) WHERE ended_at IS NULL;
CREATE INDEX dials_number ON dials (number, created_at DESC);
CREATE INDEX dials_call ON dials (call_id);
CREATE INDEX dials_caller_id ON dials (caller_id, created_at DESC);
CREATE INDEX dials_trunk_open ON dials (trunk_id) WHERE ended_at IS NULL;

CREATE TABLE agents (
  user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
  phase text NOT NULL,
  -- core: AgentState.
  state jsonb NOT NULL,
  seq bigint NOT NULL,
  epoch bigint NOT NULL,
  since timestamptz NOT NULL
);

CREATE TABLE recordings (
  id uuid PRIMARY KEY,
  call_id uuid NOT NULL,
  attempt_id uuid,
  campaign_id uuid,
  agent_id uuid,
  -- recording: growing at the switch; finishing: being merged; done; failed (error).
  state text NOT NULL CHECK (state IN ('recording', 'finishing', 'done', 'failed')),
  -- Sides as the switch left them, until merged: {"left":{path,startedAtMs},"right":{...}}.
  sides jsonb,
  path text,
  duration_ms int,
  bytes bigint,
  sha256 text,
  error text,
  started_at timestamptz NOT NULL,
  finished_at timestamptz
);
CREATE INDEX recordings_call ON recordings (call_id);
CREATE INDEX recordings_unfinished ON recordings (id) WHERE state IN ('recording', 'finishing');

-- Effects that leave an aggregate and must happen even after a crash; each handler is idempotent by key.
CREATE TABLE outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL,
  key text NOT NULL,
  payload jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  run_at timestamptz NOT NULL DEFAULT now(),
  tries int NOT NULL DEFAULT 0,
  last_error text,
  done_at timestamptz,
  UNIQUE (kind, key)
);
CREATE INDEX outbox_open ON outbox (run_at) WHERE done_at IS NULL;

-- Who owns an agent pool or a switch; every write of an owner checks its epoch (fencing).
CREATE TABLE leases (
  resource text PRIMARY KEY,
  holder text NOT NULL,
  epoch bigint NOT NULL,
  expires_at timestamptz NOT NULL
);

-- What the engine has learned and would be slow to learn again, by key: pacing:CAMPAIGN, answers, answers:demo.
CREATE TABLE engine_memory (
  key text PRIMARY KEY,
  state jsonb NOT NULL,
  saved_at timestamptz NOT NULL
);

-- What a supervisor was told to expect before a campaign began (contracts: CampaignForecast); shown beside what happened.
CREATE TABLE campaign_forecasts (
  campaign_id uuid PRIMARY KEY REFERENCES campaigns ON DELETE CASCADE,
  forecast jsonb NOT NULL,
  made_at timestamptz NOT NULL
);

-- History: append-only, no personal data, partitioned by month (partitions are made ahead by the server).
CREATE TABLE events (
  at timestamptz NOT NULL,
  aggregate text NOT NULL,
  aggregate_id uuid NOT NULL,
  seq int NOT NULL,
  type text NOT NULL,
  version smallint NOT NULL DEFAULT 1,
  data jsonb NOT NULL
) PARTITION BY RANGE (at);
-- A commit whose answer was lost is sent again: the key makes the second time harmless.
ALTER TABLE events ADD PRIMARY KEY (aggregate_id, seq, at);
CREATE TABLE events_default PARTITION OF events DEFAULT;
