-- Caller IDs put to rest because fewer people answered them than usual: one row a rest, kept as history.
CREATE TABLE caller_id_rests (
  id uuid PRIMARY KEY,
  number text NOT NULL,
  -- Dials from here to until_at have been judged: they count neither as recent nor as usual again.
  judged_from timestamptz NOT NULL,
  rested_at timestamptz NOT NULL,
  until_at timestamptz NOT NULL,
  -- What was counted: {"recentDials":120,"recentAnswers":3,"usualShare":0.31}.
  why jsonb NOT NULL,
  -- Who ended it early.
  ended_by uuid
);
CREATE INDEX caller_id_rests_number ON caller_id_rests (number, until_at DESC);
