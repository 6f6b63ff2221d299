/** What recovery reads and writes of calls. */
import type { Recalled } from '../calls/tracker.js';
import type { PoolClient, Queryable } from '../db/pool.js';
import type { RecoveredCall } from './recovered-call.js';

export { saveFold } from '../calls/store.js';
export { inTransaction } from '../db/tx.js';
export type { Pool, PoolClient, Queryable } from '../db/pool.js';

/** `goes on by posts alone`: it is thought to go on, and no link would tell of its end. */
export type Known = 'is over' | 'goes on' | 'goes on by posts alone';

/** By how much the clocks of a PBX and ours, at worst, put the same call apart. */
const APART = `interval '10 minutes'`;

/** A call (`c`) and what is asked for (Unix ms) may be of one time. */
export const overlaps = (asked: string): string =>
  `c.started_at <= to_timestamp(${asked}."to" / 1000) + ${APART}
   AND coalesce(c.ended_at, 'infinity') >= to_timestamp(${asked}."from" / 1000) - ${APART}`;

/**
 * Of a call (`c`): its end was heard, beside a gap, but too little of it to tell anybody: the link came back in the middle of it, and it
 * was over before its channels could be asked for. What the PBX kept says what it was.
 */
export const HEARD_IN_PART = `(c.state IS NULL AND c.merged_into IS NULL
  AND EXISTS (SELECT FROM call_notes n WHERE n.call_id = c.id AND n.notes @> '[{"rule": "told-nobody"}]')
  AND EXISTS (SELECT FROM pbx_gaps g WHERE g.pbx = c.pbx AND g.started_at <= c.ended_at
                 AND coalesce(g.ended_at, 'infinity') >= c.started_at - interval '1 minute'))`;

/** What we have of calls that a source tells. */
export interface Met {
  /** By the id of the call told. */
  known: Map<string, Known>;
  /** What was heard in part, and which of the calls told it may be a part of. */
  inPart: { from: string; into: string }[];
}

/**
 * A call is met when a channel of it belongs to a call of this PBX that overlaps it in time, or CRMs know such a call of the enterprise by
 * the same id, whatever PBX it had then.
 */
export async function findMet(tx: PoolClient, pbx: string, calls: readonly RecoveredCall[]): Promise<Met> {
  const known = new Map<string, Known>();
  const inPart: Met['inPart'] = [];
  if (calls.length === 0) return { known, inPart };
  const { rows } = await tx.query<MetRow>(
    `WITH asked AS MATERIALIZED (
       SELECT * FROM jsonb_to_recordset($2::jsonb) AS a (id uuid, uid text, ext text, "from" float8, "to" float8)
     ), met AS (
       SELECT a.*, u.call_id AS met FROM asked a JOIN call_uids u ON u.pbx = $1 AND u.uid = a.uid
       UNION ALL
       SELECT a.*, c.id FROM asked a JOIN calls c ON c.pbx = $1 AND c.unique_id = a.uid
       UNION ALL
       SELECT a.*, c.id FROM asked a JOIN calls c ON c.external_id = a.ext
     )
     SELECT DISTINCT m.id, c.id AS met, c.pbx = $1 AS here, ${HEARD_IN_PART} AS part, c.state IS NOT NULL AS live,
            coalesce((c.state->>'ami')::boolean, false) AS ami
       FROM met m JOIN calls c ON c.id = m.met
      WHERE ${overlaps('m')}`,
    [pbx, JSON.stringify(calls.flatMap(rowsOf))],
  );
  for (const { id, met, here, part, live, ami } of rows) {
    if (!part) known.set(id, surest(known.get(id), live ? (ami ? 'goes on' : 'goes on by posts alone') : 'is over'));
    else if (here) inPart.push({ from: met, into: id });
  }
  return { known, inPart };
}

interface MetRow {
  id: string;
  met: string;
  here: boolean;
  part: boolean;
  live: boolean;
  ami: boolean;
}

const BY_CERTAINTY: readonly Known[] = ['is over', 'goes on by posts alone', 'goes on'];

/** Of several calls it met one that goes on decides, and of those one that has a link. */
function surest(one: Known | undefined, other: Known): Known {
  return one !== undefined && BY_CERTAINTY.indexOf(one) > BY_CERTAINTY.indexOf(other) ? one : other;
}

function rowsOf({ state, uids }: RecoveredCall) {
  const span = { from: state.startedAt, to: state.endedAt ?? state.lastAt };
  return uids.map((uid) => {
    const ext = uid === state.uid ? `${state.enterprise ?? ''}-${uid}` : null;
    return { id: state.id, uid, ext, ...span };
  });
}

/** Uids of these calls that another call has, or CRMs know another call of the enterprise by; `but` for those. */
export async function findTaken(
  tx: PoolClient,
  pbx: string,
  calls: readonly RecoveredCall[],
  but: readonly string[],
): Promise<Set<string>> {
  if (calls.length === 0) return new Set();
  const { rows } = await tx.query<{ uid: string }>(
    `SELECT uid FROM call_uids WHERE pbx = $1 AND uid = ANY ($2) AND call_id <> ALL ($5::uuid[])
     UNION
     SELECT a.uid FROM unnest($3::text[], $4::text[]) AS a (uid, ext) JOIN calls c ON c.external_id = a.ext
      WHERE c.id <> ALL ($5::uuid[])`,
    [
      pbx,
      calls.flatMap(({ uids }) => uids),
      calls.map(({ state }) => state.uid),
      calls.map(({ state }) => `${state.enterprise ?? ''}-${state.uid}`),
      but,
    ],
  );
  return new Set(rows.map(({ uid }) => uid));
}

/**
 * Calls of these uids that were over before this moment (Unix ms, the PBX's clock): what is told of them later is late. Of a call that
 * was not over then the source tells itself.
 */
export async function recallEnded(
  db: Queryable,
  pbx: string,
  uids: readonly string[],
  before: number,
): Promise<Recalled> {
  if (uids.length === 0) return { ended: [], taken: [] };
  const { rows } = await db.query<{ uid: string; callId: string; at: number }>(
    `SELECT u.uid, u.call_id AS "callId", round(extract(epoch FROM c.ended_at) * 1000)::float8 AS at
       FROM call_uids u JOIN calls c ON c.id = u.call_id
      WHERE u.pbx = $1 AND u.uid = ANY ($2) AND c.ended_at BETWEEN to_timestamp($3 / 1000.0) - interval '1 day' AND to_timestamp($3 / 1000.0)`,
    [pbx, uids, before],
  );
  const ended = rows.map(({ uid, callId, at }) => ({ uid, callId, at, endedAt: at, presumed: true, lastPost: null }));
  return { ended, taken: [] };
}

/** What fell into gaps that were over by then is stored now, as far as the PBX knew it. Unix ms, ours. */
export async function closeRecoveredGaps(db: Queryable, pbx: string, upTo: number): Promise<number> {
  const { rowCount } = await db.query(
    `UPDATE pbx_gaps SET recovered_at = now() WHERE pbx = $1 AND recovered_at IS NULL AND ended_at <= to_timestamp($2 / 1000.0)`,
    [pbx, upTo],
  );
  return rowCount ?? 0;
}

/** PBXs with gaps that are over and whose calls are still missing, and since when; Unix ms, ours. */
export async function gapsToRecover(db: Queryable): Promise<{ pbx: string; endedAt: number }[]> {
  const { rows } = await db.query<{ pbx: string; endedAt: number }>(
    `SELECT pbx, round(extract(epoch FROM max(ended_at)) * 1000)::float8 AS "endedAt"
       FROM pbx_gaps WHERE recovered_at IS NULL AND ended_at IS NOT NULL GROUP BY pbx`,
  );
  return rows;
}

/** PBXs whose link is away, and since when; Unix ms, ours. */
export async function linksAway(db: Queryable): Promise<{ pbx: string; since: number }[]> {
  const { rows } = await db.query<{ pbx: string; since: number }>(
    `SELECT pbx, round(extract(epoch FROM min(started_at)) * 1000)::float8 AS since
       FROM pbx_gaps WHERE ended_at IS NULL GROUP BY pbx`,
  );
  return rows;
}

/** Gaps that touch this time and whose calls are still missing; Unix ms, ours. */
export async function openGapsOf(
  db: Queryable,
  pbx: string,
  from: number,
  to: number,
): Promise<{ from: number; to: number | null }[]> {
  const { rows } = await db.query<{ from: number; to: number | null }>(
    `SELECT round(extract(epoch FROM started_at) * 1000)::float8 AS "from",
            round(extract(epoch FROM ended_at) * 1000)::float8 AS "to"
       FROM pbx_gaps
      WHERE pbx = $1 AND recovered_at IS NULL AND started_at < to_timestamp($3 / 1000.0)
        AND coalesce(ended_at, 'infinity') >= to_timestamp($2 / 1000.0)`,
    [pbx, from, to],
  );
  return rows;
}
