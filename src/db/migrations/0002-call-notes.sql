-- Why a call was told as it was: what was concluded of it and by which rule, and what integrations were owed of it. Notes go
-- with their call.
CREATE TABLE call_notes (
  call_id uuid NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
  id bigint GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL,             -- when it was so, on the PBX's clock
  arrived_at timestamptz NOT NULL,     -- ours, when the fact came that led to it
  rule text NOT NULL,                  -- docs/why.md lists them
  by text NOT NULL,                    -- kind of that fact, and the channel it was about
  uid text NOT NULL,
  detail jsonb NOT NULL,
  PRIMARY KEY (call_id, id)
);

-- The calls that became a part of another one are shown with it.
CREATE INDEX calls_merged ON calls (merged_into) WHERE merged_into IS NOT NULL;
