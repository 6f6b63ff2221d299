-- Unique ids begin again after a reinstall or a clock set back: what is told of one that a call had must be told apart.
-- `presumed`: that call was only taken for over; `last_post`: checksum of the last post about it.
ALTER TABLE call_uids
  ADD COLUMN presumed boolean NOT NULL DEFAULT false,
  ADD COLUMN last_post bigint;

-- An id that CRMs know a call by is given to no other one.
CREATE INDEX calls_external_id ON calls (external_id);
