-- The users of a CRM account as last loaded well: who is who between extensions and people there.
CREATE TABLE crm_users (
  enterprise_number text NOT NULL,
  integration_type text NOT NULL,
  account text NOT NULL,               -- the limit key: another portal's users are nobody's
  users jsonb NOT NULL,
  loaded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (enterprise_number, integration_type)
);

-- What was made in a CRM for an unknown client, so that it is made once however many of his calls want it.
CREATE TABLE crm_created (
  enterprise_number text NOT NULL,
  integration_type text NOT NULL,
  account text NOT NULL,
  key text NOT NULL,
  crm_id text,                         -- null while somebody is at it, or was when he was killed
  claimed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (enterprise_number, integration_type, account, key)
);
