-- Of a recovered call: whoever has just hung up goes first.
ALTER TABLE recordings ADD COLUMN history boolean NOT NULL DEFAULT false;
DROP INDEX recordings_due;
CREATE INDEX recordings_due ON recordings (due_at) WHERE due_at IS NOT NULL AND NOT history;
CREATE INDEX recordings_due_history ON recordings (due_at) WHERE due_at IS NOT NULL AND history;
