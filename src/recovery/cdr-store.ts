import { digestOf } from './cdr-record.js';
import type { CdrRecord } from './cdr-record.js';
import type { Queryable } from './store.js';

/** What is there already stays as it is. Always in one order: the file's and the link's may come at the same moment. */
export async function insertCdrs(db: Queryable, pbx: string, records: readonly CdrRecord[]): Promise<void> {
  if (records.length === 0) return;
  const rows = records.map((record) => ({ digest: digestOf(record), r: record }));
  await db.query(
    `INSERT INTO pbx_cdrs (pbx, digest, uid, linkedid, channel, dst_channel, record, started_at, ended_at)
     SELECT $1, digest, r->>'uid', r->>'linkedid', r->>'channel', r->>'dstChannel', r,
            to_timestamp((r->>'start')::float8 / 1000), to_timestamp((r->>'end')::float8 / 1000)
       FROM jsonb_to_recordset($2::jsonb) AS x (digest text, r jsonb)
      ORDER BY digest
     ON CONFLICT (pbx, digest) DO NOTHING`,
    [pbx, JSON.stringify(rows)],
  );
}

/** Records of this time are looked at anew. */
export async function unsettleCdrs(db: Queryable, pbx: string, from: number, to: number): Promise<void> {
  await db.query(
    `UPDATE pbx_cdrs SET settled_at = NULL, note = NULL
      WHERE pbx = $1 AND ended_at >= to_timestamp($2 / 1000.0) AND started_at <= to_timestamp($3 / 1000.0)`,
    [pbx, from, to],
  );
}

export interface StoredCdr {
  id: string;
  record: CdrRecord;
  settled: boolean;
}

/**
 * Records nobody has looked at that were over by then, oldest first, with all others of their time and of their calls: a call is told by
 * several, and some come later than others. A phone that did not answer has its record while the call goes on: those of a call with
 * one that was not over by then wait for it.
 */
export async function readUnsettled(db: Queryable, pbx: string, until: number, limit: number): Promise<StoredCdr[]> {
  const { rows } = await db.query<StoredCdr>(
    `WITH young AS MATERIALIZED (
       SELECT uid, linkedid FROM pbx_cdrs WHERE pbx = $1 AND ended_at > to_timestamp($2 / 1000.0)
     ), next AS MATERIALIZED (
       SELECT id, uid, linkedid, started_at, ended_at FROM pbx_cdrs
        WHERE pbx = $1 AND settled_at IS NULL AND ended_at <= to_timestamp($2 / 1000.0)
          AND uid NOT IN (SELECT uid FROM young) AND linkedid NOT IN (SELECT linkedid FROM young WHERE linkedid <> '')
        ORDER BY ended_at, id LIMIT $3
     )
     SELECT id::text, record, settled_at IS NOT NULL AS settled FROM pbx_cdrs
      WHERE pbx = $1 AND ended_at >= (SELECT min(started_at) FROM next) - interval '5 seconds'
        AND (ended_at <= (SELECT max(ended_at) FROM next) + interval '5 seconds'
             OR uid IN (SELECT uid FROM next) OR linkedid IN (SELECT linkedid FROM next WHERE linkedid <> ''))
      ORDER BY started_at, id`,
    [pbx, until, limit],
  );
  return rows;
}

export async function settleCdrs(db: Queryable, ids: readonly string[], note: string | null): Promise<void> {
  if (ids.length === 0) return;
  await db.query('UPDATE pbx_cdrs SET settled_at = now(), note = $2 WHERE id = ANY ($1::bigint[])', [ids, note]);
}

/** What ended before this moment (Unix ms) is left alone. */
export async function passOverBefore(db: Queryable, pbx: string, since: number): Promise<void> {
  await db.query(
    `UPDATE pbx_cdrs SET settled_at = now(), note = 'from before its file was first read'
      WHERE pbx = $1 AND settled_at IS NULL AND ended_at < to_timestamp($2 / 1000.0)`,
    [pbx, since],
  );
}

/** Which of these uids belong to a call of this PBX at that time (Unix ms). */
export async function knownUids(
  db: Queryable,
  pbx: string,
  asked: readonly { uid: string; from: number; to: number }[],
): Promise<Set<string>> {
  const { rows } = await db.query<{ uid: string }>(
    `SELECT DISTINCT a.uid FROM jsonb_to_recordset($2::jsonb) AS a (uid text, "from" float8, "to" float8)
       JOIN call_uids u ON u.pbx = $1 AND u.uid = a.uid JOIN calls c ON c.id = u.call_id
      WHERE c.started_at <= to_timestamp(a."to" / 1000) + interval '10 minutes'
        AND coalesce(c.ended_at, 'infinity') >= to_timestamp(a."from" / 1000) - interval '10 minutes'`,
    [pbx, JSON.stringify(asked)],
  );
  return new Set(rows.map(({ uid }) => uid));
}

export async function dropOldCdrs(db: Queryable, days: number): Promise<void> {
  await db.query(`DELETE FROM pbx_cdrs WHERE ended_at < now() - $1 * interval '1 day'`, [days]);
}
