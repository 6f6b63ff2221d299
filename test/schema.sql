TABLE admin_accounts (
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  login text NOT NULL,
  name text NOT NULL DEFAULT ''::text,
  password text NOT NULL,
  enterprise_number text,
  disabled_at timestamp with time zone,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  last_login_at timestamp with time zone,
  CONSTRAINT admin_accounts_login_check CHECK ((login = lower(login))),
  CONSTRAINT admin_accounts_login_key UNIQUE (login),
  CONSTRAINT admin_accounts_pkey PRIMARY KEY (id)
);
INTERNAL TRIGGERS 2;

TABLE admin_sessions (
  token_hash bytea NOT NULL,
  account_id bigint NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  expires_at timestamp with time zone NOT NULL,
  address text NOT NULL,
  agent text NOT NULL,
  CONSTRAINT admin_sessions_account_id_fkey FOREIGN KEY (account_id) REFERENCES admin_accounts(id) ON DELETE CASCADE,
  CONSTRAINT admin_sessions_pkey PRIMARY KEY (token_hash)
);
CREATE INDEX admin_sessions_account ON admin_sessions USING btree (account_id);
CREATE INDEX admin_sessions_expiry ON admin_sessions USING btree (expires_at);
INTERNAL TRIGGERS 2;

TABLE admin_tries (
  key text NOT NULL,
  tries integer NOT NULL,
  window_ends timestamp with time zone NOT NULL,
  CONSTRAINT admin_tries_pkey PRIMARY KEY (key)
);

TABLE alert_notices (
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  alert_id bigint NOT NULL,
  scope text NOT NULL,
  channel text NOT NULL,
  what text NOT NULL,
  level integer NOT NULL,
  state text NOT NULL DEFAULT 'pending'::text,
  attempts integer NOT NULL DEFAULT 0,
  due_at timestamp with time zone NOT NULL DEFAULT now(),
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  sent_at timestamp with time zone,
  last_error text,
  CONSTRAINT alert_notices_alert_id_fkey FOREIGN KEY (alert_id) REFERENCES alerts(id) ON DELETE CASCADE,
  CONSTRAINT alert_notices_pkey PRIMARY KEY (id),
  CONSTRAINT alert_notices_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'sent'::text, 'superseded'::text, 'failed'::text])))
);
CREATE INDEX alert_notices_last ON alert_notices USING btree (alert_id, scope, channel, id DESC);
CREATE INDEX alert_notices_pending ON alert_notices USING btree (due_at) WHERE (state = 'pending'::text);
INTERNAL TRIGGERS 2;

TABLE alert_settings (
  scope text NOT NULL,
  version integer NOT NULL,
  settings jsonb NOT NULL,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT alert_settings_pkey PRIMARY KEY (scope)
);

TABLE alert_sightings (
  kind text NOT NULL,
  enterprise_number text NOT NULL,
  subject text NOT NULL,
  bad boolean NOT NULL,
  detail jsonb NOT NULL,
  since timestamp with time zone NOT NULL,
  seen_at timestamp with time zone NOT NULL,
  CONSTRAINT alert_sightings_pkey PRIMARY KEY (kind, enterprise_number, subject)
);

TABLE alerts (
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  enterprise_number text NOT NULL,
  kind text NOT NULL,
  subject text NOT NULL,
  level integer NOT NULL,
  detail jsonb NOT NULL,
  began_at timestamp with time zone NOT NULL DEFAULT now(),
  seen_at timestamp with time zone NOT NULL DEFAULT now(),
  well_since timestamp with time zone,
  ended_at timestamp with time zone,
  acknowledged_at timestamp with time zone,
  acknowledged_by text,
  muted_until timestamp with time zone,
  CONSTRAINT alerts_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX alerts_current ON alerts USING btree (enterprise_number, kind, subject) WHERE (ended_at IS NULL);
CREATE INDEX alerts_ended ON alerts USING btree (ended_at) WHERE (ended_at IS NOT NULL);
CREATE INDEX alerts_past ON alerts USING btree (enterprise_number, id DESC);
INTERNAL TRIGGERS 2;

TABLE asterisk_logs (
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  "timestamp" timestamp with time zone NOT NULL DEFAULT now(),
  pbx text NOT NULL,
  enterprise_number text,
  source text NOT NULL,
  unique_id character varying(255) NOT NULL DEFAULT ''::character varying,
  event_type character varying(50) NOT NULL,
  raw_data jsonb NOT NULL,
  call_id uuid,
  CONSTRAINT asterisk_logs_pkey PRIMARY KEY ("timestamp", id)
) PARTITION BY RANGE ("timestamp");
CREATE INDEX asterisk_logs_timestamp ON ONLY asterisk_logs USING btree ("timestamp" DESC);
CREATE INDEX asterisk_logs_uid ON ONLY asterisk_logs USING btree (pbx, unique_id);

TABLE asterisk_logs_default PARTITION OF asterisk_logs DEFAULT;

TABLE audit_log (
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  at timestamp with time zone NOT NULL DEFAULT now(),
  actor text NOT NULL,
  enterprise_number text,
  action text NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}'::jsonb,
  CONSTRAINT audit_log_pkey PRIMARY KEY (id)
);
CREATE INDEX audit_log_enterprise ON audit_log USING btree (enterprise_number, at DESC);
CREATE INDEX audit_log_enterprise_id ON audit_log USING btree (enterprise_number, id DESC);

TABLE call_events (
  call_id uuid NOT NULL,
  seq integer NOT NULL,
  enterprise_number text,
  kind text NOT NULL,
  at timestamp with time zone NOT NULL,
  event jsonb NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT call_events_pkey PRIMARY KEY (call_id, seq)
);
CREATE INDEX call_events_time ON call_events USING btree (enterprise_number, at DESC);

TABLE call_notes (
  call_id uuid NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  notes jsonb NOT NULL,
  CONSTRAINT call_notes_call_id_fkey FOREIGN KEY (call_id) REFERENCES calls(id) ON DELETE CASCADE,
  CONSTRAINT call_notes_pkey PRIMARY KEY (call_id, id)
);
INTERNAL TRIGGERS 2;

TABLE call_uids (
  pbx text NOT NULL,
  uid text NOT NULL,
  call_id uuid NOT NULL,
  ended_at timestamp with time zone,
  presumed boolean NOT NULL DEFAULT false,
  last_post bigint,
  CONSTRAINT call_uids_pkey PRIMARY KEY (pbx, uid)
);
CREATE INDEX call_uids_call ON call_uids USING btree (call_id);

TABLE calls (
  id uuid NOT NULL,
  enterprise_number text,
  external_id text NOT NULL,
  pbx text NOT NULL,
  unique_id text NOT NULL,
  direction text NOT NULL,
  phone text,
  line text,
  caller text,
  rang text[] NOT NULL DEFAULT '{}'::text[],
  answered_by text,
  agents text[] NOT NULL DEFAULT '{}'::text[],
  final_agent text,
  result text,
  started_at timestamp with time zone NOT NULL,
  ringing_at timestamp with time zone,
  answered_at timestamp with time zone,
  ended_at timestamp with time zone,
  wait_ms integer NOT NULL DEFAULT 0,
  talk_ms integer NOT NULL DEFAULT 0,
  span_ms integer NOT NULL DEFAULT 0,
  approximate boolean NOT NULL DEFAULT false,
  recovered boolean NOT NULL DEFAULT false,
  facts jsonb NOT NULL,
  state jsonb,
  epoch bigint NOT NULL DEFAULT 0,
  merged_into uuid,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT calls_direction_check CHECK ((direction = ANY (ARRAY['in'::text, 'out'::text, 'internal'::text]))),
  CONSTRAINT calls_pkey PRIMARY KEY (id),
  CONSTRAINT calls_result_check CHECK ((result = ANY (ARRAY['answered'::text, 'missed'::text, 'busy'::text, 'abandoned'::text, 'failed'::text])))
);
CREATE INDEX calls_enterprise_time ON calls USING btree (enterprise_number, started_at DESC);
CREATE INDEX calls_external_id ON calls USING btree (external_id);
CREATE INDEX calls_live ON calls USING btree (pbx) WHERE (state IS NOT NULL);
CREATE INDEX calls_merged ON calls USING btree (merged_into) WHERE (merged_into IS NOT NULL);
CREATE INDEX calls_phone ON calls USING btree (enterprise_number, phone, started_at DESC);
CREATE INDEX calls_uid ON calls USING btree (pbx, unique_id);
INTERNAL TRIGGERS 2;

TABLE click_calls (
  id uuid NOT NULL,
  enterprise_number text NOT NULL,
  pbx text NOT NULL,
  unique_id text NOT NULL,
  extension text NOT NULL,
  phone text NOT NULL,
  source text NOT NULL,
  refs jsonb NOT NULL,
  state text NOT NULL DEFAULT 'asked'::text,
  error text,
  asked_at timestamp with time zone NOT NULL DEFAULT now(),
  placed_at timestamp with time zone,
  settle_at timestamp with time zone NOT NULL,
  refused boolean NOT NULL DEFAULT false,
  CONSTRAINT click_calls_pkey PRIMARY KEY (id),
  CONSTRAINT click_calls_state_check CHECK ((state = ANY (ARRAY['asked'::text, 'placed'::text, 'failed'::text, 'over'::text])))
);
CREATE INDEX click_calls_recent ON click_calls USING btree (enterprise_number, asked_at DESC);
CREATE INDEX click_calls_uid ON click_calls USING btree (enterprise_number, unique_id);
CREATE INDEX click_calls_unsettled ON click_calls USING btree (settle_at) WHERE (state <> 'over'::text);

TABLE crm_created (
  enterprise_number text NOT NULL,
  integration_type text NOT NULL,
  account text NOT NULL,
  key text NOT NULL,
  crm_id text,
  claimed_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT crm_created_pkey PRIMARY KEY (enterprise_number, integration_type, account, key)
);

TABLE crm_registered (
  enterprise_number text NOT NULL,
  integration_type text NOT NULL,
  account text NOT NULL,
  fingerprint text,
  problem text,
  tried_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT crm_registered_pkey PRIMARY KEY (enterprise_number, integration_type)
);

TABLE crm_users (
  enterprise_number text NOT NULL,
  integration_type text NOT NULL,
  account text NOT NULL,
  users jsonb NOT NULL,
  loaded_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT crm_users_pkey PRIMARY KEY (enterprise_number, integration_type)
);

TABLE deliveries (
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  enterprise_number text NOT NULL,
  integration_type text NOT NULL,
  call_id uuid NOT NULL,
  seq integer NOT NULL,
  step text NOT NULL,
  class text NOT NULL,
  event jsonb NOT NULL,
  state text NOT NULL DEFAULT 'pending'::text,
  attempts integer NOT NULL DEFAULT 0,
  due_at timestamp with time zone NOT NULL DEFAULT now(),
  expires_at timestamp with time zone NOT NULL,
  lease_holder text,
  lease_epoch bigint,
  leased_until timestamp with time zone,
  started_at timestamp with time zone,
  unknown_outcome boolean NOT NULL DEFAULT false,
  last_code text,
  last_error text,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  settled_at timestamp with time zone,
  awaits_recording boolean NOT NULL DEFAULT false,
  CONSTRAINT deliveries_call_id_integration_type_seq_step_key UNIQUE (call_id, integration_type, seq, step),
  CONSTRAINT deliveries_class_check CHECK ((class = ANY (ARRAY['perishable'::text, 'closing'::text, 'durable'::text]))),
  CONSTRAINT deliveries_pkey PRIMARY KEY (id),
  CONSTRAINT deliveries_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'started'::text, 'done'::text, 'expired'::text, 'skipped'::text, 'dead'::text])))
);
CREATE INDEX deliveries_cards ON deliveries USING btree (enterprise_number, integration_type, due_at, id) WHERE ((state = ANY (ARRAY['pending'::text, 'started'::text])) AND (class <> 'durable'::text));
CREATE INDEX deliveries_dead ON deliveries USING btree (enterprise_number, integration_type, id) WHERE (state = 'dead'::text);
CREATE INDEX deliveries_enterprise ON deliveries USING btree (enterprise_number, id DESC);
CREATE INDEX deliveries_expiry ON deliveries USING btree (expires_at) WHERE (state = ANY (ARRAY['pending'::text, 'started'::text]));
CREATE INDEX deliveries_head ON deliveries USING btree (call_id, integration_type, id) WHERE (state = ANY (ARRAY['pending'::text, 'started'::text]));
CREATE INDEX deliveries_lane ON deliveries USING btree (enterprise_number, integration_type, due_at, id) WHERE (state = ANY (ARRAY['pending'::text, 'started'::text]));
CREATE INDEX deliveries_settled ON deliveries USING btree (settled_at) WHERE (settled_at IS NOT NULL);

TABLE delivery_refs (
  call_id uuid NOT NULL,
  enterprise_number text NOT NULL,
  integration_type text NOT NULL,
  refs jsonb NOT NULL DEFAULT '{}'::jsonb,
  card text NOT NULL DEFAULT 'none'::text,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT delivery_refs_card_check CHECK ((card = ANY (ARRAY['none'::text, 'accepted'::text, 'unknown'::text, 'closed'::text]))),
  CONSTRAINT delivery_refs_pkey PRIMARY KEY (call_id, integration_type)
);

TABLE enterprises (
  number text NOT NULL,
  name text NOT NULL,
  name2 text,
  bot_token text,
  chat_id text,
  ip text,
  host text,
  secret text NOT NULL,
  created_at timestamp without time zone DEFAULT now(),
  active boolean NOT NULL DEFAULT true,
  is_enabled boolean NOT NULL DEFAULT true,
  integrations_config jsonb,
  trunkline jsonb,
  CONSTRAINT enterprises_name2_key UNIQUE (name2),
  CONSTRAINT enterprises_pkey PRIMARY KEY (number)
);

TABLE integration_logs (
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  enterprise_number text NOT NULL,
  integration_type text NOT NULL,
  event_type text NOT NULL,
  request_data jsonb,
  response_data jsonb,
  status text NOT NULL,
  error_message text,
  call_id uuid,
  delivery_id bigint,
  step text,
  attempt integer,
  duration_ms integer,
  phone text,
  CONSTRAINT integration_logs_pkey PRIMARY KEY (integration_type, created_at, id),
  CONSTRAINT integration_logs_status_check CHECK ((status = ANY (ARRAY['success'::text, 'error'::text, 'pending'::text, 'expired'::text, 'skipped'::text, 'unknown'::text])))
) PARTITION BY LIST (integration_type);
CREATE INDEX integration_logs_call ON ONLY integration_logs USING btree (call_id);
CREATE INDEX integration_logs_enterprise ON ONLY integration_logs USING btree (enterprise_number, created_at DESC);
CREATE INDEX integration_logs_enterprise_status ON ONLY integration_logs USING btree (enterprise_number, status, created_at DESC);
CREATE INDEX integration_logs_phone ON ONLY integration_logs USING btree (enterprise_number, phone, created_at DESC);
CREATE INDEX integration_logs_status ON ONLY integration_logs USING btree (status, created_at DESC);
CREATE INDEX integration_logs_type ON ONLY integration_logs USING btree (integration_type, created_at DESC);

TABLE integration_logs_amocrm PARTITION OF integration_logs FOR VALUES IN ('amocrm') PARTITION BY RANGE (created_at);

TABLE integration_logs_amocrm_default PARTITION OF integration_logs_amocrm DEFAULT;

TABLE integration_logs_bitrix24 PARTITION OF integration_logs FOR VALUES IN ('bitrix24') PARTITION BY RANGE (created_at);

TABLE integration_logs_bitrix24_default PARTITION OF integration_logs_bitrix24 DEFAULT;

TABLE integration_logs_other PARTITION OF integration_logs DEFAULT PARTITION BY RANGE (created_at);

TABLE integration_logs_other_default PARTITION OF integration_logs_other DEFAULT;

TABLE integration_logs_retailcrm PARTITION OF integration_logs FOR VALUES IN ('retailcrm') PARTITION BY RANGE (created_at);

TABLE integration_logs_retailcrm_default PARTITION OF integration_logs_retailcrm DEFAULT;

TABLE integration_logs_telegram PARTITION OF integration_logs FOR VALUES IN ('telegram') PARTITION BY RANGE (created_at);

TABLE integration_logs_telegram_default PARTITION OF integration_logs_telegram DEFAULT;

TABLE integration_secrets (
  enterprise_number text NOT NULL,
  integration_type text NOT NULL,
  field text NOT NULL,
  key_id text NOT NULL,
  sealed bytea NOT NULL,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT integration_secrets_pkey PRIMARY KEY (enterprise_number, integration_type, field)
);

TABLE journal_marks (
  journal uuid NOT NULL,
  last_sequence bigint NOT NULL,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT journal_marks_pkey PRIMARY KEY (journal)
);

TABLE leases (
  kind text NOT NULL,
  key text NOT NULL,
  holder text NOT NULL,
  epoch bigint NOT NULL DEFAULT 1,
  expires_at timestamp with time zone NOT NULL,
  CONSTRAINT leases_pkey PRIMARY KEY (kind, key)
);

TABLE manager_status (
  enterprise_number text NOT NULL,
  extension text NOT NULL,
  status text NOT NULL,
  changed_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT manager_status_pkey PRIMARY KEY (enterprise_number, extension)
);

TABLE pbx_cdrs (
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  pbx text NOT NULL,
  digest text NOT NULL,
  uid text NOT NULL,
  linkedid text NOT NULL DEFAULT ''::text,
  channel text NOT NULL,
  dst_channel text NOT NULL,
  record jsonb NOT NULL,
  started_at timestamp with time zone NOT NULL,
  ended_at timestamp with time zone NOT NULL,
  settled_at timestamp with time zone,
  note text,
  CONSTRAINT pbx_cdrs_pbx_digest_key UNIQUE (pbx, digest),
  CONSTRAINT pbx_cdrs_pkey PRIMARY KEY (id)
);
CREATE INDEX pbx_cdrs_time ON pbx_cdrs USING btree (pbx, ended_at);
CREATE INDEX pbx_cdrs_unsettled ON pbx_cdrs USING btree (pbx, ended_at) WHERE (settled_at IS NULL);

TABLE pbx_gaps (
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  pbx text NOT NULL,
  started_at timestamp with time zone NOT NULL,
  ended_at timestamp with time zone,
  reason text NOT NULL,
  recovered_at timestamp with time zone,
  CONSTRAINT pbx_gaps_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX pbx_gaps_open ON pbx_gaps USING btree (pbx, reason) WHERE (ended_at IS NULL);
CREATE INDEX pbx_gaps_pbx ON pbx_gaps USING btree (pbx, started_at DESC);

TABLE pbx_heartbeats (
  pbx text NOT NULL,
  stored_up_to timestamp with time zone NOT NULL,
  run uuid,
  batch bigint NOT NULL DEFAULT 0,
  CONSTRAINT pbx_heartbeats_pkey PRIMARY KEY (pbx)
);

TABLE reconciliations (
  enterprise_number text NOT NULL,
  day date NOT NULL,
  result jsonb NOT NULL,
  differs boolean NOT NULL,
  made_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT reconciliations_pkey PRIMARY KEY (enterprise_number, day)
);

TABLE recordings (
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  enterprise_number text NOT NULL,
  call_id uuid NOT NULL,
  pbx text NOT NULL,
  unique_id text NOT NULL,
  token text,
  state text NOT NULL DEFAULT 'expected'::text,
  source_file text,
  stored_as text,
  bytes bigint,
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  link text,
  ended_at timestamp with time zone NOT NULL DEFAULT now(),
  due_at timestamp with time zone DEFAULT now(),
  looks integer NOT NULL DEFAULT 0,
  absent_ms integer NOT NULL DEFAULT 60000,
  seen jsonb NOT NULL DEFAULT '{}'::jsonb,
  call jsonb,
  kept_in text,
  duration_ms integer,
  parts integer NOT NULL DEFAULT 0,
  damaged boolean NOT NULL DEFAULT false,
  last_error text,
  keep_until timestamp with time zone,
  ready_at timestamp with time zone,
  history boolean NOT NULL DEFAULT false,
  CONSTRAINT recordings_pbx_unique_id_call_id_key UNIQUE (pbx, unique_id, call_id),
  CONSTRAINT recordings_pkey PRIMARY KEY (id),
  CONSTRAINT recordings_token_key UNIQUE (token)
);
CREATE UNIQUE INDEX recordings_call ON recordings USING btree (call_id);
CREATE INDEX recordings_due ON recordings USING btree (due_at) WHERE ((due_at IS NOT NULL) AND (NOT history));
CREATE INDEX recordings_due_history ON recordings USING btree (due_at) WHERE ((due_at IS NOT NULL) AND history);
CREATE INDEX recordings_keep ON recordings USING btree (keep_until) WHERE (state = 'ready'::text);
CREATE INDEX recordings_uid ON recordings USING btree (enterprise_number, unique_id);

TABLE recovery_cursors (
  pbx text NOT NULL,
  source text NOT NULL,
  place jsonb NOT NULL,
  open jsonb NOT NULL DEFAULT '[]'::jsonb,
  read_up_to timestamp with time zone,
  moved_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT recovery_cursors_pkey PRIMARY KEY (pbx, source)
);

TABLE recovery_inbox (
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  pbx text NOT NULL,
  enterprise_number text NOT NULL,
  event_type text NOT NULL,
  unique_id text NOT NULL DEFAULT ''::text,
  raw_data jsonb NOT NULL,
  at timestamp with time zone NOT NULL,
  dated boolean NOT NULL,
  arrived_at timestamp with time zone NOT NULL DEFAULT now(),
  digest text NOT NULL,
  CONSTRAINT recovery_inbox_pbx_enterprise_number_digest_key UNIQUE (pbx, enterprise_number, digest),
  CONSTRAINT recovery_inbox_pkey PRIMARY KEY (id)
);
CREATE INDEX recovery_inbox_pbx ON recovery_inbox USING btree (pbx, at, id);

TABLE recovery_requests (
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  pbx text NOT NULL,
  enterprise_number text NOT NULL,
  from_at timestamp with time zone NOT NULL,
  to_at timestamp with time zone NOT NULL,
  state text NOT NULL DEFAULT 'asked'::text,
  progress jsonb NOT NULL DEFAULT '{}'::jsonb,
  error text,
  asked_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT recovery_requests_pkey PRIMARY KEY (id),
  CONSTRAINT recovery_requests_state_check CHECK ((state = ANY (ARRAY['asked'::text, 'running'::text, 'done'::text, 'failed'::text])))
);
CREATE INDEX recovery_requests_open ON recovery_requests USING btree (pbx) WHERE (state = ANY (ARRAY['asked'::text, 'running'::text]));

TABLE redirect_decisions (
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  enterprise_number text NOT NULL,
  pbx text NOT NULL,
  unique_id text NOT NULL,
  decided_at timestamp with time zone NOT NULL DEFAULT now(),
  decision jsonb NOT NULL,
  turn integer NOT NULL DEFAULT 1,
  outcome jsonb,
  CONSTRAINT redirect_decisions_pbx_unique_id_enterprise_number_turn_key UNIQUE (pbx, unique_id, enterprise_number, turn),
  CONSTRAINT redirect_decisions_pkey PRIMARY KEY (id)
);
CREATE INDEX redirect_decisions_enterprise ON redirect_decisions USING btree (enterprise_number, id DESC);

TABLE sessions (
  session_token text NOT NULL,
  enterprise_number text,
  created_at timestamp without time zone DEFAULT now(),
  CONSTRAINT sessions_pkey PRIMARY KEY (session_token)
);

TABLE ssh_host_keys (
  host text NOT NULL,
  port integer NOT NULL,
  fingerprint text NOT NULL,
  seen_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT ssh_host_keys_pkey PRIMARY KEY (host, port)
);

TABLE trunkline_migrations (
  number integer NOT NULL,
  name text NOT NULL,
  checksum text NOT NULL,
  applied_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT trunkline_migrations_pkey PRIMARY KEY (number)
);

TABLE user_internal_phones (
  id integer NOT NULL DEFAULT nextval('user_internal_phones_id_seq'::regclass),
  user_id integer,
  phone_number text NOT NULL,
  enterprise_number text NOT NULL,
  CONSTRAINT user_internal_phones_enterprise_number_phone_number_key UNIQUE (enterprise_number, phone_number),
  CONSTRAINT user_internal_phones_pkey PRIMARY KEY (id),
  CONSTRAINT user_internal_phones_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id)
);
INTERNAL TRIGGERS 2;

TABLE user_sessions (
  session_token character varying(255) NOT NULL,
  user_id integer NOT NULL,
  enterprise_number character varying(10),
  created_at timestamp without time zone DEFAULT now(),
  expires_at timestamp without time zone DEFAULT (now() + '24:00:00'::interval),
  CONSTRAINT user_sessions_pkey PRIMARY KEY (session_token),
  CONSTRAINT user_sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id)
);
INTERNAL TRIGGERS 2;

TABLE users (
  id integer NOT NULL DEFAULT nextval('users_id_seq'::regclass),
  enterprise_number text NOT NULL,
  email text NOT NULL,
  last_name text,
  first_name text,
  patronymic text,
  personal_phone text,
  status text DEFAULT 'active'::text,
  is_admin boolean DEFAULT false,
  is_employee boolean DEFAULT true,
  CONSTRAINT users_enterprise_number_email_key UNIQUE (enterprise_number, email),
  CONSTRAINT users_pkey PRIMARY KEY (id)
);
INTERNAL TRIGGERS 4;

TABLE webhook_inbox (
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  pbx text NOT NULL,
  enterprise_number text NOT NULL,
  event_type text NOT NULL,
  unique_id text NOT NULL DEFAULT ''::text,
  raw_data jsonb NOT NULL,
  arrived_at timestamp with time zone NOT NULL,
  origin text,
  CONSTRAINT webhook_inbox_origin_key UNIQUE (origin),
  CONSTRAINT webhook_inbox_pkey PRIMARY KEY (id)
);
CREATE INDEX webhook_inbox_pbx ON webhook_inbox USING btree (pbx, id);

SEQUENCE admin_accounts_id_seq;

SEQUENCE alert_notices_id_seq;

SEQUENCE alerts_id_seq;

SEQUENCE asterisk_logs_id_seq;

SEQUENCE audit_log_id_seq;

SEQUENCE call_notes_id_seq;

SEQUENCE deliveries_id_seq;

SEQUENCE integration_logs_id_seq;

SEQUENCE pbx_cdrs_id_seq;

SEQUENCE pbx_gaps_id_seq;

SEQUENCE recordings_id_seq;

SEQUENCE recovery_inbox_id_seq;

SEQUENCE recovery_requests_id_seq;

SEQUENCE redirect_decisions_id_seq;

SEQUENCE user_internal_phones_id_seq;

SEQUENCE users_id_seq;

SEQUENCE webhook_inbox_id_seq;
