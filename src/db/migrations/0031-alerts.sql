-- What is wrong now and was before, of each enterprise; see src/alerts/README.md.
CREATE TABLE alerts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  enterprise_number text NOT NULL,
  kind text NOT NULL,
  subject text NOT NULL,               -- the integration, or the key of the PBX; empty: the enterprise
  level integer NOT NULL,              -- the worst it was
  detail jsonb NOT NULL,               -- figures of the last look; never a secret
  began_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now(),
  well_since timestamptz,              -- it ends when it has been well for a while
  ended_at timestamptz,
  acknowledged_at timestamptz,
  acknowledged_by text,
  muted_until timestamptz
);
CREATE UNIQUE INDEX alerts_current ON alerts (enterprise_number, kind, subject) WHERE ended_at IS NULL;
CREATE INDEX alerts_past ON alerts (enterprise_number, id DESC);
CREATE INDEX alerts_ended ON alerts (ended_at) WHERE ended_at IS NOT NULL;

-- What only the daemon knows that has the link or the lane, told to the one that alerts.
CREATE TABLE alert_sightings (
  kind text NOT NULL,
  enterprise_number text NOT NULL,
  subject text NOT NULL,
  bad boolean NOT NULL,
  detail jsonb NOT NULL,
  since timestamptz NOT NULL,          -- of being bad, or well, over restarts of the daemon
  seen_at timestamptz NOT NULL,
  PRIMARY KEY (kind, enterprise_number, subject)
);

-- Of an enterprise, or with an empty scope of the platform. Secrets are rows of integration_secrets of the type `alerts`.
CREATE TABLE alert_settings (
  scope text PRIMARY KEY,
  version integer NOT NULL,
  settings jsonb NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE alert_notices (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  alert_id bigint NOT NULL REFERENCES alerts ON DELETE CASCADE,
  scope text NOT NULL,
  channel text NOT NULL,
  what text NOT NULL,                  -- began, worse, reminder, over
  level integer NOT NULL,
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'superseded', 'failed')),
  attempts integer NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL DEFAULT now(),
  created_at timestamptz NOT NULL DEFAULT now(),
  sent_at timestamptz,
  last_error text
);
CREATE INDEX alert_notices_pending ON alert_notices (due_at) WHERE state = 'pending';
CREATE INDEX alert_notices_last ON alert_notices (alert_id, scope, channel, id DESC);
