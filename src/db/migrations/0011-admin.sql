-- Log-ins of our own, for an install without the existing system; that one's `users`, `user_sessions` and `sessions` are only read.
CREATE TABLE admin_accounts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  login text NOT NULL CHECK (login = lower(login)),
  name text NOT NULL DEFAULT '',
  password text NOT NULL,              -- scrypt, with its parameters
  enterprise_number text,              -- administrator of this one; null: super-admin
  disabled_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_login_at timestamptz,
  UNIQUE (login)
);

CREATE TABLE admin_sessions (
  token_hash bytea PRIMARY KEY,        -- SHA-256: who reads this table can log in as nobody
  account_id bigint NOT NULL REFERENCES admin_accounts (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  address text NOT NULL,
  agent text NOT NULL
);
CREATE INDEX admin_sessions_account ON admin_sessions (account_id);
CREATE INDEX admin_sessions_expiry ON admin_sessions (expires_at);

-- Tries to log in, by account and by address, within a window.
CREATE TABLE admin_tries (
  key text PRIMARY KEY,
  tries integer NOT NULL,
  window_ends timestamptz NOT NULL
);

-- Pages of the log stay quick at any depth whatever is asked for.
CREATE INDEX integration_logs_enterprise_status ON integration_logs (enterprise_number, status, created_at DESC);
CREATE INDEX integration_logs_phone ON integration_logs (enterprise_number, phone, created_at DESC);
