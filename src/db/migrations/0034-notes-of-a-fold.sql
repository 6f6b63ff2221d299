-- What one fold notes of a call is one row: of twenty rows a call the table's own cost was most of what a call cost.
ALTER TABLE call_notes RENAME TO call_notes_singly;
ALTER TABLE call_notes_singly RENAME CONSTRAINT call_notes_pkey TO call_notes_singly_pkey;
ALTER TABLE call_notes_singly RENAME CONSTRAINT call_notes_call_id_fkey TO call_notes_singly_call_id_fkey;
ALTER SEQUENCE call_notes_id_seq RENAME TO call_notes_singly_id_seq;

CREATE TABLE call_notes (
  call_id uuid NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
  id bigint GENERATED ALWAYS AS IDENTITY,
  -- In the order they were made, each {rule, at, arrivedAt, by, uid, detail}; times in Unix ms.
  notes jsonb NOT NULL,
  PRIMARY KEY (call_id, id)
);

INSERT INTO call_notes (call_id, notes)
SELECT call_id,
       jsonb_agg(jsonb_build_object('rule', rule, 'at', round(extract(epoch FROM at) * 1000),
                                    'arrivedAt', round(extract(epoch FROM arrived_at) * 1000),
                                    'by', by, 'uid', uid, 'detail', detail) ORDER BY id)
  FROM call_notes_singly GROUP BY call_id;

DROP TABLE call_notes_singly;
