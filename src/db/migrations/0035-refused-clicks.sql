-- A click that is refused may stand on a screen of the CRM that asked: it is a row until that is told. It counts against no limit.
ALTER TABLE click_calls ADD COLUMN refused boolean NOT NULL DEFAULT false;
