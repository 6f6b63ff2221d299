/** The rows of `recordings`. Whoever looks holds a row by its number of looks: a later look makes what an earlier one found void. */
import { inTransaction } from '../db/tx.js';
import type { Queryable } from '../db/pool.js';
import type { CallEvent, CallFacts } from '../calls/vocabulary.js';
import type { Waiting } from './hands.js';
import type { Seen } from './look.js';
import type { RecordedCall } from './ports.js';

export type { Pool, PoolClient } from '../db/pool.js';
export { inTransaction };

export type RecordingState = 'expected' | 'ready' | 'absent' | 'failed' | 'removed';

export interface NewRecording {
  call: Pick<CallFacts, 'id' | 'enterprise' | 'pbx' | 'uid' | 'recordingFile' | 'recovered'>;
  token: string;
  link: string | null;
  absentMs: number;
  firstLookMs: number;
}

/** One a call; the answer is the link that counts, of an earlier finish if there was one, by the call's id. */
export async function expectRecordings(
  tx: Queryable,
  some: readonly NewRecording[],
): Promise<Map<string, string | null>> {
  if (some.length === 0) return new Map();
  const { rows } = await tx.query<{ call: string; link: string | null }>(
    `INSERT INTO recordings AS r (enterprise_number, call_id, pbx, unique_id, token, link, source_file, absent_ms, due_at, history)
     SELECT enterprise, id, pbx, uid, token, link, "recordingFile", "absentMs", now() + "firstLookMs" * interval '1 millisecond', recovered
       FROM jsonb_to_recordset($1::jsonb) AS n (enterprise text, id uuid, pbx text, uid text, token text, link text, "recordingFile" text,
                                                "absentMs" float8, "firstLookMs" float8, recovered boolean)
     ON CONFLICT (call_id) DO UPDATE SET updated_at = now()
     RETURNING call_id AS call, link`,
    [JSON.stringify(some.map(({ call, ...one }) => ({ ...one, ...rowOf(call) })))],
  );
  return new Map(rows.map(({ call, link }) => [call, link]));
}

function rowOf({ id, enterprise, pbx, uid, recordingFile, recovered }: NewRecording['call']) {
  return { id, enterprise, pbx, uid, recordingFile, recovered };
}

/** Of a call of the system before, whose link is opened: looked for now, or where that system keeps it. That is never removed by us. */
export async function expectOld(
  db: Queryable,
  token: string,
  old: OldCall,
  kept: { key: string; keptIn: string; bytes: number } | null,
): Promise<void> {
  const { enterprise, uid, phone: external, startedAt } = old;
  const call = { uid, enterprise, external, startedAt, externalId: `${enterprise}-${uid}`, recordingFile: null };
  await db.query(
    `INSERT INTO recordings (enterprise_number, call_id, pbx, unique_id, token, call, state, stored_as, kept_in, bytes, due_at)
     VALUES ($1, gen_random_uuid(), '', $2, $3, $4, $5, $6, $7, $8, CASE WHEN $5 = 'expected' THEN now() END)
     ON CONFLICT (token) DO NOTHING`,
    [
      enterprise,
      uid,
      token,
      JSON.stringify(call),
      kept ? 'ready' : 'expected',
      kept?.key ?? null,
      kept?.keptIn ?? null,
      kept?.bytes ?? null,
    ],
  );
}

export interface DueRecording {
  id: string;
  enterprise: string;
  callId: string;
  looks: number;
  state: RecordingState;
  ageMs: number;
  absentMs: number;
  seen: Seen;
  link: string | null;
  call: RecordedCall | null;
  uids: string[];
}

/** Of the system before it is not known by which PBX a call came: its enterprise stands for that. */
const PBX = `coalesce(nullif(pbx, ''), enterprise_number)`;

/** Who has rows whose time has come. */
export async function waitingByPbx(db: Queryable): Promise<Waiting[]> {
  const { rows } = await db.query<Waiting>(
    `SELECT DISTINCT ${PBX} AS pbx, false AS history FROM recordings WHERE due_at <= now() AND NOT history
     UNION ALL
     SELECT DISTINCT ${PBX}, true FROM recordings WHERE due_at <= now() AND history`,
  );
  return rows;
}

/** Takes the one that has been due the longest; it comes up again when its lease has run out. Null: somebody else was quicker. */
export async function claimNext(
  db: Queryable,
  { pbx, history }: Waiting,
  leaseMs: number,
): Promise<DueRecording | null> {
  // Each kind has an index of its own, found only where the kind is written out.
  const { rows } = await db.query<DueRecording>(
    `WITH due AS MATERIALIZED (
       SELECT id FROM recordings WHERE due_at <= now() AND ${history ? 'history' : 'NOT history'} AND ${PBX} = $1
        ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
     ), taken AS (
       UPDATE recordings r SET due_at = now() + $2 * interval '1 millisecond', looks = r.looks + 1
         FROM due WHERE r.id = due.id RETURNING r.*
     )
     SELECT t.id, t.enterprise_number AS enterprise, t.call_id AS "callId", t.looks, t.state, t.absent_ms AS "absentMs", t.seen, t.link,
            (extract(epoch FROM now() - t.ended_at) * 1000)::float8 AS "ageMs",
            coalesce(t.call, c.facts || jsonb_build_object('recordingFile', coalesce(t.source_file, c.facts->>'recordingFile'))) AS call,
            ARRAY(SELECT u.uid FROM call_uids u WHERE u.call_id = t.call_id ORDER BY u.uid) AS uids
       FROM taken t LEFT JOIN calls c ON c.id = t.call_id`,
    [pbx, leaseMs],
  );
  return rows[0] ?? null;
}

type Held = Pick<DueRecording, 'id' | 'looks'>;

export async function keepHold(db: Queryable, { id, looks }: Held, leaseMs: number): Promise<void> {
  await db.query(
    `UPDATE recordings SET due_at = now() + $3 * interval '1 millisecond' WHERE id = $1 AND looks = $2 AND due_at IS NOT NULL`,
    [id, looks, leaseMs],
  );
}

export interface Again {
  /** Null: never. */
  delayMs: number | null;
  seen: Seen;
  error: string | null;
  state?: 'failed';
}

export async function lookAgain(db: Queryable, { id, looks }: Held, again: Again): Promise<void> {
  await db.query(
    `UPDATE recordings SET due_at = now() + $3 * interval '1 millisecond', seen = $4, last_error = $5,
            state = coalesce($6, state), updated_at = now()
      WHERE id = $1 AND looks = $2`,
    [id, looks, again.delayMs, JSON.stringify(again.seen), again.error, again.state ?? null],
  );
}

export interface ReadyRecording {
  key: string;
  keptIn: string;
  sourceFile: string;
  bytes: number;
  durationMs: number | null;
  parts: number;
  damaged: boolean;
  note: string | null;
  link: string | null;
  keepDays: number;
}

/** False: somebody else has it, or it is ready already. */
export async function settleReady(tx: Queryable, { id, looks }: Held, ready: ReadyRecording): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE recordings SET state = 'ready', stored_as = $3, kept_in = $4, source_file = $5, bytes = $6, duration_ms = $7, parts = $8,
            damaged = $9, last_error = $10, link = $11, keep_until = now() + $12 * interval '1 day', ready_at = now(), due_at = NULL,
            updated_at = now()
      WHERE id = $1 AND looks = $2 AND state <> 'ready'`,
    [
      id,
      looks,
      ready.key,
      ready.keptIn,
      ready.sourceFile,
      ready.bytes,
      ready.durationMs,
      ready.parts,
      ready.damaged,
      ready.note,
      ready.link,
      ready.keepDays,
    ],
  );
  return rowCount === 1;
}

/** It is looked for again after `delayMs`, if ever: some are put in their place hours later. */
export async function settleAbsent(tx: Queryable, { id, looks }: Held, again: Again): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE recordings SET state = 'absent', due_at = now() + $3 * interval '1 millisecond', seen = $4, last_error = $5, updated_at = now()
      WHERE id = $1 AND looks = $2 AND state = 'expected'`,
    [id, looks, again.delayMs, JSON.stringify(again.seen), again.error],
  );
  return rowCount === 1;
}

/** The event is the call's last, whatever else is told of it. */
const READY_SEQ = 1_000_000;

/** The call's event `recording.ready`, stored; null of a call that is not ours. */
export async function saveReadyEvent(
  tx: Queryable,
  callId: string,
  link: string,
  { at, late }: { at: number; late: boolean },
): Promise<CallEvent | null> {
  const { rows } = await tx.query<{ facts: CallFacts }>(
    'SELECT facts FROM calls WHERE id = $1 AND merged_into IS NULL',
    [callId],
  );
  const facts = rows[0]?.facts;
  if (!facts) return null;
  const event: CallEvent = {
    kind: 'recording.ready',
    seq: READY_SEQ,
    at,
    file: link,
    ...(late ? { late } : {}),
    call: { ...facts, recorded: true, recordingFile: link },
  };
  await tx.query(
    `INSERT INTO call_events (call_id, seq, enterprise_number, kind, at, event)
     VALUES ($1, $2, $3, $4, to_timestamp($5::float8 / 1000), $6) ON CONFLICT (call_id, seq) DO NOTHING`,
    [callId, event.seq, facts.enterprise, event.kind, at, JSON.stringify(event)],
  );
  return event;
}

export interface ServedRecording {
  id: string;
  enterprise: string;
  state: RecordingState;
  key: string | null;
  keptIn: string | null;
  bytes: number | null;
  /** Since the call ended. */
  ageMs: number;
  startedAt: number | null;
  phone: string | null;
  externalId: string | null;
  readyAt: number | null;
}

const SERVED = `SELECT r.id, r.enterprise_number AS enterprise, r.state, r.stored_as AS key, r.kept_in AS "keptIn", r.bytes::float8 AS bytes,
       (extract(epoch FROM now() - r.ended_at) * 1000)::float8 AS "ageMs",
       (coalesce(r.call, c.facts)->>'startedAt')::float8 AS "startedAt", coalesce(r.call, c.facts)->>'external' AS phone,
       coalesce(r.call, c.facts)->>'externalId' AS "externalId", (extract(epoch FROM r.ready_at) * 1000)::float8 AS "readyAt"
  FROM recordings r LEFT JOIN calls c ON c.id = r.call_id`;

export async function byToken(db: Queryable, token: string): Promise<ServedRecording | null> {
  const { rows } = await db.query<ServedRecording>(`${SERVED} WHERE r.token = $1`, [token]);
  return rows[0] ?? null;
}

export interface CallRecording {
  state: RecordingState;
  token: string;
  key: string | null;
  bytes: number | null;
}

/** Of a call, for whoever may see the call. */
export async function byCall(db: Queryable, callId: string): Promise<CallRecording | null> {
  const { rows } = await db.query<CallRecording>(
    'SELECT state, token, stored_as AS key, bytes::float8 AS bytes FROM recordings WHERE call_id = $1',
    [callId],
  );
  return rows[0] ?? null;
}

export interface OldCall {
  enterprise: string;
  uid: string;
  phone: string | null;
  startedAt: number;
  /** Where the system before keeps it, if it does. */
  key: string | null;
}

/** A link the system before gave out, in its own table; asked for as its column is typed, so that an index serves where there is one. */
export async function findOldLink(db: Queryable, token: string): Promise<OldCall | null> {
  const { rows: there } = await db.query<{ names: string[] | null; type: string | null }>(
    `SELECT array_agg(attname::text) AS names, max(format_type(atttypid, NULL)) FILTER (WHERE attname = 'uuid_token') AS type
       FROM pg_attribute
      WHERE attrelid = to_regclass('public.calls') AND NOT attisdropped
        AND attname IN ('uuid_token', 's3_object_key', 'unique_id', 'enterprise_id', 'enterprise_number', 'start_time', 'phone_number')`,
  );
  const names = there[0]?.names ?? [];
  const type = there[0]?.type;
  const enterprise = ['enterprise_id', 'enterprise_number'].find((name) => names.includes(name));
  if (!enterprise || !type || !names.includes('unique_id')) return null;
  const column = (name: string, otherwise: string) => (names.includes(name) ? name : otherwise);
  const { rows } = await db.query<OldCall>(
    `SELECT ${enterprise}::text AS enterprise, unique_id::text AS uid, ${column('phone_number', 'NULL')}::text AS phone,
            coalesce((extract(epoch FROM ${column('start_time', 'now()')}) * 1000)::float8, 0) AS "startedAt",
            ${column('s3_object_key', 'NULL')}::text AS key
       FROM public.calls WHERE uuid_token = $1::${type} LIMIT 1`,
    [token],
  );
  return rows[0] ?? null;
}

export interface OldRecording {
  id: string;
  key: string;
  /** As the database writes it, to the microsecond. */
  keepUntil: string;
}

/** Those in this place whose time is over, the oldest first, from behind `last` on. */
export async function oldIn(
  db: Queryable,
  keptIn: string,
  last: OldRecording | null,
  limit: number,
): Promise<OldRecording[]> {
  const { rows } = await db.query<OldRecording>(
    `SELECT id, stored_as AS key, keep_until::text AS "keepUntil" FROM recordings
      WHERE state = 'ready' AND keep_until < now() AND kept_in = $1
        AND (keep_until, id) > (coalesce($2::timestamptz, '-infinity'), coalesce($3::bigint, 0))
      ORDER BY keep_until, id LIMIT $4`,
    [keptIn, last?.keepUntil ?? null, last?.id ?? null, limit],
  );
  return rows;
}

/** Those whose time is over in any place but these. */
export async function countOldOutside(
  db: Queryable,
  places: readonly string[],
): Promise<{ keptIn: string; count: number }[]> {
  const { rows } = await db.query<{ keptIn: string; count: number }>(
    `SELECT kept_in AS "keptIn", count(*)::int AS count FROM recordings
      WHERE state = 'ready' AND keep_until < now() AND kept_in <> ALL ($1) GROUP BY 1 ORDER BY 1`,
    [places],
  );
  return rows;
}

/** False: somebody else was quicker. */
export async function markRemoved(db: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE recordings SET state = 'removed', updated_at = now() WHERE id = $1 AND state = 'ready'`,
    [id],
  );
  return rowCount === 1;
}

export async function countByState(db: Queryable): Promise<{ state: RecordingState; count: number }[]> {
  const { rows } = await db.query<{ state: RecordingState; count: number }>(
    'SELECT state, count(*)::int AS count FROM recordings WHERE due_at IS NOT NULL GROUP BY state',
  );
  return rows;
}
