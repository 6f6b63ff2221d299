import type { PoolClient, Queryable } from '../db/pool.js';
import { TrunklineError } from '../platform/errors.js';
import type { CallEvent } from './vocabulary.js';
import type { Fact } from './facts.js';
import { toKept } from './kept-notes.js';
import type { Note } from './rules.js';
import { callFacts } from './tracker.js';
import type { CallState, Folded, Recalled } from './tracker.js';
import type { EndedUid } from './tracker-types.js';

/** A fact in the form `asterisk_logs` keeps: as it came, without the token. */
export interface ConsumedFact {
  fact: Fact;
  /** The old system's event names for webhooks, our fact kinds for AMI. */
  eventType: string;
  uid: string;
  raw: unknown;
}

/** Live calls of a PBX, as they were when last folded. */
export async function loadLiveCalls(db: Queryable, pbx: string): Promise<CallState[]> {
  const { rows } = await db.query<{ state: CallState }>(
    'SELECT state FROM calls WHERE pbx = $1 AND state IS NOT NULL ORDER BY started_at',
    [pbx],
  );
  return rows.map((row) => row.state);
}

/**
 * What is known of these uids from calls that are over: on this PBX, and by the ids that CRMs know calls of its enterprises
 * by. `now`: our clock, for the database's counts how long ago they ended.
 */
export async function recallUids(
  db: Queryable,
  asked: { pbx: string; enterprises: readonly string[]; uids: readonly string[]; now: number },
): Promise<Recalled> {
  const { pbx, enterprises, uids, now } = asked;
  const { rows } = await db.query<Omit<EndedUid, 'endedAt' | 'callId'> & { callId: string | null; agoMs: number }>(
    `SELECT u.uid, u.call_id AS "callId", (extract(epoch FROM now() - u.ended_at) * 1000)::float8 AS "agoMs", u.presumed,
            u.last_post::float8 AS "lastPost", (extract(epoch FROM c.ended_at) * 1000)::float8 AS at
       FROM call_uids u LEFT JOIN calls c ON c.id = u.call_id
      WHERE u.pbx = $1 AND u.uid = ANY ($3) AND u.ended_at IS NOT NULL
     UNION ALL
     SELECT c.unique_id, NULL, 0, false, NULL, NULL
       FROM unnest($2::text[]) AS e CROSS JOIN unnest($3::text[]) AS u JOIN calls c ON c.external_id = e || '-' || u
      WHERE c.ended_at IS NOT NULL`,
    [pbx, enterprises, uids],
  );
  const taken = rows.filter(({ callId }) => callId === null).map(({ uid }) => uid);
  const ended = rows.flatMap(({ callId, agoMs, ...row }) =>
    callId === null ? [] : [{ ...row, callId, endedAt: now - agoMs }],
  );
  return { ended, taken };
}

/**
 * Everything one fold changed but its notes, in the caller's transaction: those are saved once it is known what is owed, with the notes on
 * that. `epoch` is that of the lease the writer holds.
 */
export async function saveFold(tx: PoolClient, pbx: string, epoch: number, folded: Folded): Promise<void> {
  await saveCalls(tx, epoch, folded);
  await saveUids(tx, pbx, folded.uids);
  await saveEvents(tx, folded.events);
  await saveMerges(tx, folded.merged);
}

/** What the columns hold, 24 days. A call whose seconds are nonsense must not stop all others of its PBX. */
const MOST_MS = 2_147_483_647;

async function saveCalls(tx: PoolClient, epoch: number, folded: Folded): Promise<void> {
  if (folded.changed.length === 0) return;
  const over = new Set(folded.finished.map((state) => state.id));
  const rows = folded.changed.map((state) => ({ facts: callFacts(state), state: over.has(state.id) ? null : state }));
  const written = await tx.query(
    `INSERT INTO calls (id, enterprise_number, external_id, pbx, unique_id, direction, phone, line, caller, rang,
                        answered_by, agents, final_agent, result, started_at, ringing_at, answered_at, ended_at,
                        wait_ms, talk_ms, span_ms, approximate, recovered, facts, state, epoch)
     SELECT (f->>'id')::uuid, nullif(f->>'enterprise', ''), f->>'externalId', f->>'pbx', f->>'uid', f->>'direction',
            f->>'external', f->>'line', f->>'caller', ARRAY(SELECT jsonb_array_elements_text(f->'rang')),
            f->>'answeredBy', ARRAY(SELECT jsonb_array_elements_text(f->'agents')), f->>'finalAgent', f->>'result',
            to_timestamp((f->>'startedAt')::float8 / 1000), to_timestamp((f->>'ringingAt')::float8 / 1000),
            to_timestamp((f->>'answeredAt')::float8 / 1000), to_timestamp((f->>'endedAt')::float8 / 1000),
            least(round((f->>'waitMs')::float8), $3::float8), least(round((f->>'talkMs')::float8), $3::float8),
            least(round((f->>'spanMs')::float8), $3::float8),
            (f->>'approximate')::boolean, (f->>'recovered')::boolean, f, nullif(r->'state', 'null'), $2
       FROM jsonb_array_elements($1::jsonb) AS r, LATERAL (SELECT r->'facts' AS f) AS x
     ON CONFLICT (id) DO UPDATE SET
       enterprise_number = EXCLUDED.enterprise_number, external_id = EXCLUDED.external_id, unique_id = EXCLUDED.unique_id,
       direction = EXCLUDED.direction, phone = EXCLUDED.phone, line = EXCLUDED.line, caller = EXCLUDED.caller,
       rang = EXCLUDED.rang, answered_by = EXCLUDED.answered_by, agents = EXCLUDED.agents,
       final_agent = EXCLUDED.final_agent, result = EXCLUDED.result, started_at = EXCLUDED.started_at,
       ringing_at = EXCLUDED.ringing_at, answered_at = EXCLUDED.answered_at, ended_at = EXCLUDED.ended_at,
       wait_ms = EXCLUDED.wait_ms, talk_ms = EXCLUDED.talk_ms, span_ms = EXCLUDED.span_ms,
       approximate = EXCLUDED.approximate, recovered = EXCLUDED.recovered, facts = EXCLUDED.facts,
       state = EXCLUDED.state, epoch = EXCLUDED.epoch, updated_at = now()
     WHERE calls.epoch <= EXCLUDED.epoch`,
    [JSON.stringify(rows), epoch, MOST_MS],
  );
  // Fewer rows than calls: another daemon with a newer epoch has written them, so this fold must not stand.
  if (written.rowCount !== rows.length)
    throw new TrunklineError('DB_EPOCH_STALE', 'a call was written under a newer lease');
}

async function saveUids(tx: PoolClient, pbx: string, uids: Folded['uids']): Promise<void> {
  if (uids.length === 0) return;
  await tx.query(
    `INSERT INTO call_uids (pbx, uid, call_id, ended_at, presumed, last_post)
     SELECT DISTINCT ON (uid) $1, uid, "callId", CASE WHEN "endedAt" IS NOT NULL THEN now() END, presumed, "lastPost"
       FROM ROWS FROM (jsonb_to_recordset($2::jsonb) AS (uid text, "callId" uuid, "endedAt" float8, presumed boolean,
                                                         "lastPost" bigint)) WITH ORDINALITY AS r
      ORDER BY uid, ordinality DESC
     ON CONFLICT (pbx, uid) DO UPDATE SET call_id = EXCLUDED.call_id, ended_at = EXCLUDED.ended_at,
       presumed = EXCLUDED.presumed, last_post = EXCLUDED.last_post`,
    [pbx, JSON.stringify(uids)],
  );
}

async function saveEvents(tx: PoolClient, events: CallEvent[]): Promise<void> {
  if (events.length === 0) return;
  await tx.query(
    `INSERT INTO call_events (call_id, seq, enterprise_number, kind, at, event)
     SELECT (e->'call'->>'id')::uuid, (e->>'seq')::int, e->'call'->>'enterprise', e->>'kind',
            to_timestamp((e->>'at')::float8 / 1000), e
       FROM jsonb_array_elements($1::jsonb) AS e
     ON CONFLICT (call_id, seq) DO NOTHING`,
    [JSON.stringify(events)],
  );
}

/** In order. A note of a call that is not stored (any more) has nothing to stand with. */
export async function saveNotes(tx: PoolClient, notes: readonly Note[]): Promise<void> {
  if (notes.length === 0) return;
  const byCall = new Map<string, Note[]>();
  for (const note of notes) {
    const known = byCall.get(note.call);
    if (known) known.push(note);
    else byCall.set(note.call, [note]);
  }
  await tx.query(
    `INSERT INTO call_notes (call_id, notes)
     SELECT call, notes
       FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS (call uuid, notes jsonb)) WITH ORDINALITY AS n
       JOIN calls ON calls.id = n.call
      ORDER BY n.ordinality`,
    [JSON.stringify([...byCall].map(([call, own]) => ({ call, notes: toKept(own) })))],
  );
}

/** A merged call keeps its row for the record; its legs and what it still owes go to the call it is part of. */
async function saveMerges(tx: PoolClient, merged: Folded['merged']): Promise<void> {
  for (const { from, into } of merged) {
    await tx.query('UPDATE calls SET merged_into = $2, state = NULL, updated_at = now() WHERE id = $1', [from, into]);
    await tx.query('UPDATE call_uids SET call_id = $2 WHERE call_id = $1', [from, into]);
    await tx.query(
      `UPDATE deliveries SET state = 'skipped', settled_at = now(), last_code = 'MERGED', last_error = 'merged into another call'
        WHERE call_id = $1 AND state = 'pending'`,
      [from],
    );
  }
}

/** What was consumed, for replay and for support. */
export async function saveConsumed(tx: PoolClient, pbx: string, consumed: readonly ConsumedFact[]): Promise<void> {
  if (consumed.length === 0) return;
  const rows = consumed.map(({ fact, eventType, uid, raw }) => ({
    at: fact.arrivedAt,
    enterprise: fact.enterprise ?? null,
    source: fact.source,
    uid,
    type: eventType,
    raw,
  }));
  await tx.query(
    `INSERT INTO asterisk_logs (timestamp, pbx, enterprise_number, source, unique_id, event_type, raw_data)
     SELECT to_timestamp(at / 1000), $1, enterprise, source, left(uid, 255), left(type, 50), raw
       FROM jsonb_to_recordset($2::jsonb) AS r (at float8, enterprise text, source text, uid text, type text, raw jsonb)`,
    [pbx, JSON.stringify(rows)],
  );
}

/** A time without a link, opened once per reason and closed by the snapshot that ends it. Times in Unix ms. */
export async function openGap(db: Queryable, pbx: string, reason: string, at: number): Promise<void> {
  await db.query(
    `INSERT INTO pbx_gaps (pbx, started_at, reason) VALUES ($1, to_timestamp($2 / 1000.0), $3) ON CONFLICT DO NOTHING`,
    [pbx, at, reason],
  );
}

/** Our clock was set by so much: by it, the gap that is open began so much later. */
export async function moveOpenGaps(tx: PoolClient, pbx: string, by: number): Promise<void> {
  await tx.query(
    `UPDATE pbx_gaps SET started_at = started_at + $2 * interval '1 millisecond' WHERE pbx = $1 AND ended_at IS NULL`,
    [pbx, by],
  );
}

/** The same of the moment up to which everything is stored. */
export async function moveStoredUpTo(tx: PoolClient, pbx: string, by: number): Promise<void> {
  await tx.query(
    `UPDATE pbx_heartbeats SET stored_up_to = stored_up_to + $2 * interval '1 millisecond' WHERE pbx = $1`,
    [pbx, by],
  );
}

/** A time that is over already: what happened in it is known to be incomplete. Times in Unix ms. */
export async function saveGap(db: Queryable, pbx: string, reason: string, from: number, to: number): Promise<void> {
  await db.query(
    `INSERT INTO pbx_gaps (pbx, started_at, ended_at, reason)
     VALUES ($1, to_timestamp($2 / 1000.0), to_timestamp($3 / 1000.0), $4)`,
    [pbx, from, Math.max(from, to), reason],
  );
}

export async function closeGaps(db: Queryable, pbx: string, at: number): Promise<void> {
  await db.query(
    `UPDATE pbx_gaps SET ended_at = greatest(started_at, to_timestamp($2 / 1000.0)) WHERE pbx = $1 AND ended_at IS NULL`,
    [pbx, at],
  );
}

/** Last moment up to which every fact of this PBX is known to be stored; null before the first. Unix ms. */
export async function loadStoredUpTo(db: Queryable, pbx: string): Promise<number | null> {
  const { rows } = await db.query<{ at: Date }>('SELECT stored_up_to AS at FROM pbx_heartbeats WHERE pbx = $1', [pbx]);
  return rows[0]?.at.getTime() ?? null;
}

/** Moves the marks of several PBXs at once; they never go back. Times in Unix ms. */
export async function saveStoredUpTo(db: Queryable, marks: readonly { pbx: string; at: number }[]): Promise<void> {
  if (marks.length === 0) return;
  await db.query(
    `INSERT INTO pbx_heartbeats (pbx, stored_up_to)
     SELECT pbx, to_timestamp(at / 1000) FROM jsonb_to_recordset($1::jsonb) AS r (pbx text, at float8)
     ON CONFLICT (pbx) DO UPDATE SET stored_up_to = greatest(pbx_heartbeats.stored_up_to, EXCLUDED.stored_up_to)`,
    [JSON.stringify(marks)],
  );
}

/** Numbers a batch, in its own transaction, and says up to when all is stored with it (Unix ms; null: nothing new). */
export async function markBatch(
  tx: PoolClient,
  pbx: string,
  { run, number, storedUpTo }: { run: string; number: number; storedUpTo: number | null },
): Promise<void> {
  await tx.query(
    `INSERT INTO pbx_heartbeats AS known (pbx, stored_up_to, run, batch)
     VALUES ($1, coalesce(to_timestamp($4::float8 / 1000), now()), $2, $3)
     ON CONFLICT (pbx) DO UPDATE SET run = EXCLUDED.run, batch = EXCLUDED.batch,
       stored_up_to = greatest(known.stored_up_to, to_timestamp($4::float8 / 1000))`,
    [pbx, run, number, storedUpTo],
  );
}

/**
 * Number of the last batch this run has stored; 0 when the last one was another run's. Waits for a transaction of it that
 * may still be under way: one whose COMMIT got no answer.
 */
export async function loadBatch(db: Queryable, pbx: string, run: string): Promise<number> {
  const { rows } = await db.query<{ run: string | null; batch: string }>(
    'SELECT run, batch FROM pbx_heartbeats WHERE pbx = $1 FOR UPDATE',
    [pbx],
  );
  return rows[0]?.run === run ? Number(rows[0].batch) : 0;
}

/** Remembers how far a disk journal has been stored, in the transaction that stores it. */
export async function markJournal(tx: PoolClient, journal: string, sequence: number): Promise<void> {
  await tx.query(
    `INSERT INTO journal_marks (journal, last_sequence) VALUES ($1, $2)
     ON CONFLICT (journal) DO UPDATE SET last_sequence = greatest(journal_marks.last_sequence, EXCLUDED.last_sequence), updated_at = now()`,
    [journal, sequence],
  );
}

export async function loadJournalMark(db: Queryable, journal: string): Promise<number> {
  const { rows } = await db.query<{ last: string }>(
    'SELECT last_sequence AS last FROM journal_marks WHERE journal = $1',
    [journal],
  );
  return Number(rows[0]?.last ?? 0);
}

export interface InboxRow {
  id: string;
  enterprise: string;
  event: string;
  uid: string;
  raw: object;
  /** Unix ms. */
  arrivedAt: number;
}

/** Acknowledged webhooks of this PBX that are not folded yet, in the order of acceptance. */
export async function readInbox(db: Queryable, pbx: string, limit: number): Promise<InboxRow[]> {
  const { rows } = await db.query<InboxRow>(
    `SELECT id::text, enterprise_number AS enterprise, event_type AS event, unique_id AS uid, raw_data AS raw,
            (extract(epoch FROM arrived_at) * 1000)::float8 AS "arrivedAt"
       FROM webhook_inbox WHERE pbx = $1 ORDER BY id LIMIT $2`,
    [pbx, limit],
  );
  return rows;
}

/** PBXs of which there are such. */
export async function pbxsWithPosts(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ pbx: string }>('SELECT DISTINCT pbx FROM webhook_inbox');
  return rows.map(({ pbx }) => pbx);
}

/** Takes folded webhooks out, in the transaction that folds them. */
export async function consumeInbox(tx: PoolClient, ids: readonly string[]): Promise<void> {
  await tx.query('DELETE FROM webhook_inbox WHERE id = ANY ($1::bigint[])', [ids]);
}

/** Marks of journals and streams nobody can read again: the files they speak of are long gone. */
export async function dropJournalMarks(db: Queryable): Promise<void> {
  await db.query("DELETE FROM journal_marks WHERE updated_at < now() - interval '90 days'");
}
