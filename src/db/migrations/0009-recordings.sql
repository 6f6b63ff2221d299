-- One recording a call. expected -> ready | absent | failed; ready -> removed. See src/recordings/README.md.
ALTER TABLE recordings
  ADD COLUMN link text,                                   -- the address CRMs were given
  ADD COLUMN ended_at timestamptz NOT NULL DEFAULT now(), -- of the call, by our clock; its age counts from here
  ADD COLUMN due_at timestamptz DEFAULT now(),            -- the next look; null: none
  ADD COLUMN looks integer NOT NULL DEFAULT 0,            -- also the epoch of whoever looks
  ADD COLUMN absent_ms integer NOT NULL DEFAULT 60000,    -- known absent when so old and nothing there
  ADD COLUMN seen jsonb NOT NULL DEFAULT '{}',            -- what the last look found: bytes by file
  ADD COLUMN call jsonb,                                  -- facts of a call that is not ours: of the system before
  ADD COLUMN kept_in text,                                -- folder, s3; the key is stored_as
  ADD COLUMN duration_ms integer,
  ADD COLUMN parts integer NOT NULL DEFAULT 0,
  ADD COLUMN damaged boolean NOT NULL DEFAULT false,      -- shorter than its header says
  ADD COLUMN last_error text,
  ADD COLUMN keep_until timestamptz,
  ADD COLUMN ready_at timestamptz;
CREATE UNIQUE INDEX recordings_call ON recordings (call_id);
CREATE INDEX recordings_due ON recordings (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX recordings_keep ON recordings (keep_until) WHERE state = 'ready';
CREATE INDEX recordings_uid ON recordings (enterprise_number, unique_id);

-- Held back until the recording of its call is ready, or known absent.
ALTER TABLE deliveries ADD COLUMN awaits_recording boolean NOT NULL DEFAULT false;
