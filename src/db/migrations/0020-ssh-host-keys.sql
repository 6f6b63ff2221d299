-- The key a host was first seen with, where the settings name none: another one is refused.
CREATE TABLE ssh_host_keys (
  host text NOT NULL,
  port integer NOT NULL,
  fingerprint text NOT NULL,           -- SHA256:…
  seen_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (host, port)
);
