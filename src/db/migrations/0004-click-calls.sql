-- Calls a person asked for by a click in a CRM: how doubles and floods are known, and which call of the PBX is whose.
CREATE TABLE click_calls (
  id uuid PRIMARY KEY,
  enterprise_number text NOT NULL,
  pbx text NOT NULL,
  unique_id text NOT NULL,             -- of the manager's channel; ours from the start
  extension text NOT NULL,
  phone text NOT NULL,                 -- E.164
  source text NOT NULL,                -- integration type, or link
  refs jsonb NOT NULL,                 -- what that CRM knows the call by
  state text NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'placed', 'failed', 'over')),
  error text,
  asked_at timestamptz NOT NULL DEFAULT now(),
  placed_at timestamptz,
  settle_at timestamptz NOT NULL       -- when it is looked at whether anything came of it
);
CREATE INDEX click_calls_recent ON click_calls (enterprise_number, asked_at DESC);
CREATE INDEX click_calls_uid ON click_calls (enterprise_number, unique_id);
CREATE INDEX click_calls_unsettled ON click_calls (settle_at) WHERE state <> 'over';

-- What managers say of themselves in a CRM: free, busy, dinner, break. Who is not free gets no redirected calls.
CREATE TABLE manager_status (
  enterprise_number text NOT NULL,
  extension text NOT NULL,
  status text NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (enterprise_number, extension)
);
