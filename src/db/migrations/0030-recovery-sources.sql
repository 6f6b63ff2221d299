-- Asterisk's own call detail records, as read: what CDR recovery has left to look at, and what reconciliation counts by.
CREATE TABLE pbx_cdrs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  pbx text NOT NULL,
  digest text NOT NULL,                -- the same record read again, or told by AMI too, is the same row
  uid text NOT NULL,
  linkedid text NOT NULL DEFAULT '',
  channel text NOT NULL,
  dst_channel text NOT NULL,
  record jsonb NOT NULL,
  started_at timestamptz NOT NULL,
  ended_at timestamptz NOT NULL,
  settled_at timestamptz,              -- its call is ours, or it is none
  note text,                           -- why it is none
  UNIQUE (pbx, digest)
);
CREATE INDEX pbx_cdrs_time ON pbx_cdrs (pbx, ended_at);
CREATE INDEX pbx_cdrs_unsettled ON pbx_cdrs (pbx, ended_at) WHERE settled_at IS NULL;

-- `trunkline recover`: asked for by a command, carried out by the daemon that has the PBX.
CREATE TABLE recovery_requests (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  pbx text NOT NULL,
  enterprise_number text NOT NULL,
  from_at timestamptz NOT NULL,
  to_at timestamptz NOT NULL,
  state text NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'running', 'done', 'failed')),
  progress jsonb NOT NULL DEFAULT '{}',
  error text,
  asked_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX recovery_requests_open ON recovery_requests (pbx) WHERE state IN ('asked', 'running');

-- What a day came to when it was last reconciled.
CREATE TABLE reconciliations (
  enterprise_number text NOT NULL,
  day date NOT NULL,                   -- the enterprise's
  result jsonb NOT NULL,
  differs boolean NOT NULL,
  made_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (enterprise_number, day)
);
