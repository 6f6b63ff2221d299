-- A call that has the unique id of an earlier one is decided by itself: `turn` counts the calls with that id.
ALTER TABLE redirect_decisions
  ADD COLUMN turn integer NOT NULL DEFAULT 1,
  DROP CONSTRAINT redirect_decisions_pbx_unique_id_enterprise_number_key,
  ADD UNIQUE (pbx, unique_id, enterprise_number, turn);
