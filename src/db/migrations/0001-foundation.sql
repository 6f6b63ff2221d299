-- Everything is unqualified: the search path decides the schema (see src/db/README.md).
-- On a fleet database the tables of the first block stand already, in public, and are left as they are.

DO $$
DECLARE
  all_ours boolean := to_regclass('users') IS NULL AND to_regclass('user_internal_phones') IS NULL AND to_regclass('user_sessions') IS NULL;
BEGIN
  IF to_regclass('enterprises') IS NULL THEN
    CREATE TABLE enterprises (
      number text PRIMARY KEY,
      name text NOT NULL,
      name2 text UNIQUE,               -- the webhook token
      bot_token text,
      chat_id text,
      ip text,
      host text,
      secret text NOT NULL,            -- clientId of click-to-call
      created_at timestamp DEFAULT now(),
      active boolean NOT NULL DEFAULT true,
      is_enabled boolean NOT NULL DEFAULT true,
      integrations_config jsonb
    );
  END IF;
  IF to_regclass('users') IS NULL THEN
    CREATE TABLE users (
      id serial PRIMARY KEY,
      enterprise_number text NOT NULL,
      email text NOT NULL,
      last_name text, first_name text, patronymic text, personal_phone text,
      status text DEFAULT 'active',
      is_admin boolean DEFAULT false,
      is_employee boolean DEFAULT true,
      UNIQUE (enterprise_number, email)
    );
  END IF;
  IF to_regclass('user_internal_phones') IS NULL THEN
    CREATE TABLE user_internal_phones (
      id serial PRIMARY KEY,
      user_id integer,
      phone_number text NOT NULL,
      enterprise_number text NOT NULL,
      UNIQUE (enterprise_number, phone_number)
    );
  END IF;
  IF to_regclass('user_sessions') IS NULL THEN
    CREATE TABLE user_sessions (
      session_token varchar(255) PRIMARY KEY,
      user_id integer NOT NULL,
      enterprise_number varchar(10),
      created_at timestamp DEFAULT now(),
      expires_at timestamp DEFAULT now() + interval '24 hours'
    );
  END IF;
  IF to_regclass('sessions') IS NULL THEN
    CREATE TABLE sessions (
      session_token text PRIMARY KEY,
      enterprise_number text,
      created_at timestamp DEFAULT now()
    );
  END IF;
  -- A reference puts triggers on the table it points at, so it is made only between tables that are both ours.
  IF all_ours THEN
    ALTER TABLE user_internal_phones ADD FOREIGN KEY (user_id) REFERENCES users (id);
    ALTER TABLE user_sessions ADD FOREIGN KEY (user_id) REFERENCES users (id);
  END IF;
END $$;

-- What import sets beyond the old columns: pbx, mode, takeover_at, sources, extensions, … and a version per integration.
-- The one change to a table that may not be ours. ALTER needs the table's owner even when the column is there already, so
-- an operator whose role for Trunkline is another one can add it beforehand.
DO $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM pg_attribute WHERE attrelid = to_regclass('enterprises') AND attname = 'trunkline' AND NOT attisdropped
  ) THEN
    ALTER TABLE enterprises ADD COLUMN trunkline jsonb;
  END IF;
END $$;

-- Which daemon holds what. `kind` is pbx (AMI session and tracker), enterprise, or limit (lanes of one limit key).
CREATE TABLE leases (
  kind text NOT NULL,
  key text NOT NULL,
  holder text NOT NULL,
  epoch bigint NOT NULL DEFAULT 1,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (kind, key)
);

-- Raw facts that are acknowledged and not folded yet. A row leaves in the transaction that folds it.
CREATE TABLE webhook_inbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  pbx text NOT NULL,
  enterprise_number text NOT NULL,
  event_type text NOT NULL,
  unique_id text NOT NULL DEFAULT '',
  raw_data jsonb NOT NULL,
  arrived_at timestamptz NOT NULL,
  -- `<journal id>:<sequence>` of a fact that waited in the disk journal; reading it again is harmless.
  origin text UNIQUE
);
CREATE INDEX webhook_inbox_pbx ON webhook_inbox (pbx, id);

-- Consumed facts, as they came, without the token. Partitioned by day, dropped by age.
CREATE TABLE asterisk_logs (
  id bigint GENERATED ALWAYS AS IDENTITY,
  timestamp timestamptz NOT NULL DEFAULT now(),
  pbx text NOT NULL,
  enterprise_number text,
  source text NOT NULL,
  unique_id varchar(255) NOT NULL DEFAULT '',
  event_type varchar(50) NOT NULL,
  raw_data jsonb NOT NULL,
  call_id uuid,
  PRIMARY KEY (timestamp, id)
) PARTITION BY RANGE (timestamp);
CREATE TABLE asterisk_logs_default PARTITION OF asterisk_logs DEFAULT;
CREATE INDEX asterisk_logs_uid ON asterisk_logs (pbx, unique_id);
CREATE INDEX asterisk_logs_timestamp ON asterisk_logs (timestamp DESC);

-- Journal sequences already stored, so that re-reading a journal file is harmless. One row per journal file.
CREATE TABLE journal_marks (
  journal uuid PRIMARY KEY,
  last_sequence bigint NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE calls (
  id uuid PRIMARY KEY,
  enterprise_number text,              -- null while no selector matches
  external_id text NOT NULL,           -- what CRMs get: <enterprise>-<uniqueid of the first channel>
  pbx text NOT NULL,
  unique_id text NOT NULL,
  direction text NOT NULL CHECK (direction IN ('in', 'out', 'internal')),
  phone text,                          -- E.164
  line text,
  caller text,
  rang text[] NOT NULL DEFAULT '{}',
  answered_by text,
  agents text[] NOT NULL DEFAULT '{}',
  final_agent text,
  result text CHECK (result IN ('answered', 'missed', 'busy', 'abandoned', 'failed')),
  started_at timestamptz NOT NULL,
  ringing_at timestamptz,
  answered_at timestamptz,
  ended_at timestamptz,
  wait_ms integer NOT NULL DEFAULT 0,
  talk_ms integer NOT NULL DEFAULT 0,
  span_ms integer NOT NULL DEFAULT 0,
  approximate boolean NOT NULL DEFAULT false,
  recovered boolean NOT NULL DEFAULT false,
  facts jsonb NOT NULL,                -- CallFacts
  state jsonb,                         -- the tracker's state; null once the call is over and settled
  epoch bigint NOT NULL DEFAULT 0,     -- of the lease that wrote it
  merged_into uuid,
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX calls_live ON calls (pbx) WHERE state IS NOT NULL;
CREATE INDEX calls_enterprise_time ON calls (enterprise_number, started_at DESC);
CREATE INDEX calls_phone ON calls (enterprise_number, phone, started_at DESC);
CREATE INDEX calls_uid ON calls (pbx, unique_id);

-- Every leg. A uid seen anew more than 10 minutes after its call ended moves to the new call.
CREATE TABLE call_uids (
  pbx text NOT NULL,
  uid text NOT NULL,
  call_id uuid NOT NULL,
  ended_at timestamptz,
  PRIMARY KEY (pbx, uid)
);
CREATE INDEX call_uids_call ON call_uids (call_id);

CREATE TABLE call_events (
  call_id uuid NOT NULL,
  seq integer NOT NULL,
  enterprise_number text,
  kind text NOT NULL,
  at timestamptz NOT NULL,
  event jsonb NOT NULL,                -- CallEvent
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (call_id, seq)
);
CREATE INDEX call_events_time ON call_events (enterprise_number, at DESC);

-- Times without a link to a PBX, or without a place to store its facts. Never hidden.
CREATE TABLE pbx_gaps (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  pbx text NOT NULL,
  started_at timestamptz NOT NULL,
  ended_at timestamptz,
  reason text NOT NULL                 -- link, daemon, journal, webhook
);
CREATE INDEX pbx_gaps_pbx ON pbx_gaps (pbx, started_at DESC);
CREATE UNIQUE INDEX pbx_gaps_open ON pbx_gaps (pbx, reason) WHERE ended_at IS NULL;

-- Up to when every fact of a PBX is known to be stored: where the gap begins after a daemon died.
CREATE TABLE pbx_heartbeats (
  pbx text PRIMARY KEY,
  stored_up_to timestamptz NOT NULL,
  -- The owner's run and the number of its last batch: tells whether a COMMIT whose answer was lost had happened.
  run uuid,
  batch bigint NOT NULL DEFAULT 0
);

-- One call event owed to one integration.
-- pending -> started (an attempt may be on the wire) -> done | pending | expired | skipped | dead
CREATE TABLE deliveries (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  enterprise_number text NOT NULL,
  integration_type text NOT NULL,
  call_id uuid NOT NULL,
  seq integer NOT NULL,                -- of the call event
  step text NOT NULL,
  class text NOT NULL CHECK (class IN ('perishable', 'closing', 'durable')),
  event jsonb NOT NULL,
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'started', 'done', 'expired', 'skipped', 'dead')),
  attempts integer NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  lease_holder text,
  lease_epoch bigint,
  leased_until timestamptz,
  -- Committed before the first byte is sent; still set at a claim means that the outcome of that attempt is unknown.
  started_at timestamptz,
  unknown_outcome boolean NOT NULL DEFAULT false,
  last_code text,
  last_error text,
  created_at timestamptz NOT NULL DEFAULT now(),
  settled_at timestamptz,
  UNIQUE (call_id, integration_type, seq, step)
);
-- A lane looks for what is due; its cards are found without walking over its history.
CREATE INDEX deliveries_lane ON deliveries (enterprise_number, integration_type, due_at, id) WHERE state IN ('pending', 'started');
CREATE INDEX deliveries_cards ON deliveries (enterprise_number, integration_type, due_at, id)
  WHERE state IN ('pending', 'started') AND class <> 'durable';
CREATE INDEX deliveries_expiry ON deliveries (expires_at) WHERE state IN ('pending', 'started');
CREATE INDEX deliveries_settled ON deliveries (settled_at) WHERE settled_at IS NOT NULL;
CREATE INDEX deliveries_head ON deliveries (call_id, integration_type, id) WHERE state IN ('pending', 'started');
CREATE INDEX deliveries_dead ON deliveries (enterprise_number, integration_type, id) WHERE state = 'dead';
CREATE INDEX deliveries_enterprise ON deliveries (enterprise_number, id DESC);

-- What a CRM returned for a call and later steps need (its call id, a message id), and the state of its card.
CREATE TABLE delivery_refs (
  call_id uuid NOT NULL,
  enterprise_number text NOT NULL,
  integration_type text NOT NULL,
  refs jsonb NOT NULL DEFAULT '{}',
  card text NOT NULL DEFAULT 'none' CHECK (card IN ('none', 'accepted', 'unknown', 'closed')),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (call_id, integration_type)
);

-- One row per attempt, and per decision not to attempt. By integration type, then by month; retention drops months.
CREATE TABLE integration_logs (
  id bigint GENERATED ALWAYS AS IDENTITY,
  created_at timestamptz NOT NULL DEFAULT now(),
  enterprise_number text NOT NULL,
  integration_type text NOT NULL,
  event_type text NOT NULL,            -- start, dial, bridge, hangup, download: the old plan's names
  request_data jsonb,
  response_data jsonb,
  status text NOT NULL CHECK (status IN ('success', 'error', 'pending', 'expired', 'skipped', 'unknown')),
  error_message text,
  call_id uuid,
  delivery_id bigint,
  step text,
  attempt integer,
  duration_ms integer,
  phone text,
  PRIMARY KEY (integration_type, created_at, id)
) PARTITION BY LIST (integration_type);
CREATE INDEX integration_logs_enterprise ON integration_logs (enterprise_number, created_at DESC);
CREATE INDEX integration_logs_type ON integration_logs (integration_type, created_at DESC);
CREATE INDEX integration_logs_status ON integration_logs (status, created_at DESC);
CREATE INDEX integration_logs_call ON integration_logs (call_id);
CREATE TABLE integration_logs_retailcrm PARTITION OF integration_logs FOR VALUES IN ('retailcrm') PARTITION BY RANGE (created_at);
CREATE TABLE integration_logs_bitrix24 PARTITION OF integration_logs FOR VALUES IN ('bitrix24') PARTITION BY RANGE (created_at);
CREATE TABLE integration_logs_amocrm PARTITION OF integration_logs FOR VALUES IN ('amocrm') PARTITION BY RANGE (created_at);
CREATE TABLE integration_logs_telegram PARTITION OF integration_logs FOR VALUES IN ('telegram') PARTITION BY RANGE (created_at);
CREATE TABLE integration_logs_other PARTITION OF integration_logs DEFAULT PARTITION BY RANGE (created_at);
CREATE TABLE integration_logs_retailcrm_default PARTITION OF integration_logs_retailcrm DEFAULT;
CREATE TABLE integration_logs_bitrix24_default PARTITION OF integration_logs_bitrix24 DEFAULT;
CREATE TABLE integration_logs_amocrm_default PARTITION OF integration_logs_amocrm DEFAULT;
CREATE TABLE integration_logs_telegram_default PARTITION OF integration_logs_telegram DEFAULT;
CREATE TABLE integration_logs_other_default PARTITION OF integration_logs_other DEFAULT;

-- Sealed with AES-256-GCM; the AAD is enterprise, type and field, so a row cannot be moved to another place.
CREATE TABLE integration_secrets (
  enterprise_number text NOT NULL,
  integration_type text NOT NULL,      -- also 'pbx' for the AMI secret
  field text NOT NULL,
  key_id text NOT NULL,
  sealed bytea NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (enterprise_number, integration_type, field)
);

CREATE TABLE redirect_decisions (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  enterprise_number text NOT NULL,
  pbx text NOT NULL,
  unique_id text NOT NULL,
  decided_at timestamptz NOT NULL DEFAULT now(),
  decision jsonb NOT NULL,
  UNIQUE (pbx, unique_id, enterprise_number)
);

CREATE TABLE recordings (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  enterprise_number text NOT NULL,
  call_id uuid NOT NULL,
  pbx text NOT NULL,
  unique_id text NOT NULL,
  token text UNIQUE,
  state text NOT NULL DEFAULT 'expected',
  source_file text,
  stored_as text,
  bytes bigint,
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (pbx, unique_id, call_id)
);

CREATE TABLE audit_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  actor text NOT NULL,
  enterprise_number text,
  action text NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_log_enterprise ON audit_log (enterprise_number, at DESC);
