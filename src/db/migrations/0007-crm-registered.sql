-- What of us was last written to a CRM that keeps a table of our extensions and addresses: told anew when it changes.
CREATE TABLE crm_registered (
  enterprise_number text NOT NULL,
  integration_type text NOT NULL,
  account text NOT NULL,
  fingerprint text,                    -- of the settings it was made of; null before the first time it went well
  problem text,                        -- why the last try failed; null when it did not
  tried_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (enterprise_number, integration_type)
);
