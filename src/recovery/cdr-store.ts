import { digestOf } from './cdr-record.js';
import type { CdrRecord } from './cdr-record.js';
import { HEARD_IN_PART, overlaps } from './store.js';
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

/** Of how far the unsettled were gone through: the end (Unix ms) and the id of the last. */
export interface Reached {
  end: number;
  id: string;
}

export interface UnsettledPage {
  /** In order of their beginning. */
  rows: StoredCdr[];
  /** Null when there is nothing behind `after`. */
  reached: Reached | null;
}

/**
 * Records nobody has looked at that were over by then, those that ended first first, with all others of their time and of their calls:
 * a call is told by several, and some come later than others. Among the others are such as were not over by then.
 */
export async function readUnsettled(
  db: Queryable,
  pbx: string,
  { until, after, limit }: { until: number; after: Reached | null; limit: number },
): Promise<UnsettledPage> {
  const { rows } = await db.query<StoredCdr & { next: boolean }>(
    `WITH next AS MATERIALIZED (
       SELECT id, uid, linkedid, started_at, ended_at FROM pbx_cdrs
        WHERE pbx = $1 AND settled_at IS NULL AND ended_at <= to_timestamp($2 / 1000.0)
          AND (ended_at, id) > (to_timestamp($4::float8 / 1000), $5::bigint)
        ORDER BY ended_at, id LIMIT $3
     )
     SELECT id::text, record, settled_at IS NOT NULL AS settled, id IN (SELECT id FROM next) AS next FROM pbx_cdrs
      WHERE pbx = $1 AND ended_at >= (SELECT min(started_at) FROM next) - interval '5 seconds'
        AND (ended_at <= (SELECT max(ended_at) FROM next) + interval '5 seconds' OR ended_at > to_timestamp($2 / 1000.0)
             OR uid IN (SELECT uid FROM next) OR linkedid IN (SELECT linkedid FROM next WHERE linkedid <> ''))
      ORDER BY started_at, id`,
    [pbx, until, limit, after?.end ?? 0, after?.id ?? 0],
  );
  const reached = rows
    .filter(({ next }) => next)
    .map(({ id, record }) => ({ id, end: record.end }))
    .reduce<Reached | null>((last, one) => (last && isBehind(last, one) ? last : one), null);
  return { rows: rows.map(({ id, record, settled }) => ({ id, record, settled })), reached };
}

const isBehind = (one: Reached, other: Reached): boolean =>
  one.end !== other.end ? one.end > other.end : BigInt(one.id) > BigInt(other.id);

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

/** Which of these uids belong to a call of this PBX at that time (Unix ms) that was heard well enough. */
export async function knownUids(
  db: Queryable,
  pbx: string,
  asked: readonly { uid: string; from: number; to: number }[],
): Promise<Set<string>> {
  const { rows } = await db.query<{ uid: string }>(
    `SELECT DISTINCT a.uid FROM jsonb_to_recordset($2::jsonb) AS a (uid text, "from" float8, "to" float8)
       JOIN call_uids u ON u.pbx = $1 AND u.uid = a.uid JOIN calls c ON c.id = u.call_id
      WHERE ${overlaps('a')} AND NOT ${HEARD_IN_PART}`,
    [pbx, JSON.stringify(asked)],
  );
  return new Set(rows.map(({ uid }) => uid));
}

export async function dropOldCdrs(db: Queryable, days: number): Promise<void> {
  await db.query(`DELETE FROM pbx_cdrs WHERE ended_at < now() - $1 * interval '1 day'`, [days]);
}
