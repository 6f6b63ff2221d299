/** The inbox of posted events. The same event of an enterprise is there once. */
import type { Queryable } from './store.js';

export interface PostedEvent {
  pbx: string;
  enterprise: string;
  event: string;
  uid: string;
  raw: object;
  /** Unix ms by the PBX's clock. */
  at: number;
  dated: boolean;
  /** Of all above but the PBX. */
  digest: string;
}

export async function insertPosted(db: Queryable, events: readonly PostedEvent[]): Promise<void> {
  await db.query(
    `INSERT INTO recovery_inbox (pbx, enterprise_number, event_type, unique_id, raw_data, at, dated, digest)
     SELECT pbx, enterprise, event, uid, raw, to_timestamp(at / 1000), dated, digest
       FROM ROWS FROM (json_to_recordset($1) AS (pbx text, enterprise text, event text, uid text, raw jsonb, at float8,
                                                 dated boolean, digest text)) WITH ORDINALITY
      ORDER BY ordinality
     ON CONFLICT DO NOTHING`,
    [JSON.stringify(events)],
  );
}

export interface PostedRow extends Omit<PostedEvent, 'pbx' | 'digest'> {
  id: string;
}

/** In the order of their time, `after` this one. */
export async function readPosted(
  db: Queryable,
  pbx: string,
  { after, limit }: { after: Pick<PostedRow, 'at' | 'id'> | null; limit: number },
): Promise<PostedRow[]> {
  const { rows } = await db.query<PostedRow>(
    `SELECT id::text, enterprise_number AS enterprise, event_type AS event, unique_id AS uid, raw_data AS raw,
            round(extract(epoch FROM at) * 1000)::float8 AS at, dated
       FROM recovery_inbox WHERE pbx = $1 AND (at, id) > (to_timestamp($3::float8 / 1000), $4::bigint)
      ORDER BY at, id LIMIT $2`,
    [pbx, limit, after?.at ?? 0, after?.id ?? 0],
  );
  return rows;
}

export async function dropPosted(db: Queryable, ids: readonly string[]): Promise<void> {
  await db.query('DELETE FROM recovery_inbox WHERE id = ANY ($1::bigint[])', [ids]);
}

/** PBXs of which events wait, and how long ago the last one came; milliseconds. */
export async function waitingPosted(db: Queryable): Promise<{ pbx: string; quietMs: number }[]> {
  const { rows } = await db.query<{ pbx: string; quietMs: number }>(
    `SELECT pbx, (extract(epoch FROM clock_timestamp() - max(arrived_at)) * 1000)::float8 AS "quietMs"
       FROM recovery_inbox GROUP BY pbx`,
  );
  return rows;
}
