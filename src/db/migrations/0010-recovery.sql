-- Events recovered by others and posted: acknowledged, their calls not stored yet.
CREATE TABLE recovery_inbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  pbx text NOT NULL,
  enterprise_number text NOT NULL,
  event_type text NOT NULL,
  unique_id text NOT NULL DEFAULT '',
  raw_data jsonb NOT NULL,
  at timestamptz NOT NULL,             -- when it happened, by the PBX's clock
  dated boolean NOT NULL,              -- false: concluded from its unique id
  arrived_at timestamptz NOT NULL DEFAULT now(),
  digest text NOT NULL,                -- the same event posted again is the same row
  UNIQUE (pbx, enterprise_number, digest)
);
CREATE INDEX recovery_inbox_pbx ON recovery_inbox (pbx, at, id);

-- How far each source of a PBX was read; moves in the transaction that stores the calls before it.
CREATE TABLE recovery_cursors (
  pbx text NOT NULL,
  source text NOT NULL,                -- events, cdr
  place jsonb NOT NULL,                -- where in the source
  open jsonb NOT NULL DEFAULT '[]',    -- calls that were not over there, as the tracker keeps them
  read_up_to timestamptz,              -- by the PBX's clock
  moved_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (pbx, source)
);

-- Null: what fell into the gap is still missing.
ALTER TABLE pbx_gaps ADD COLUMN recovered_at timestamptz;
