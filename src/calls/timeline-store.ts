/** What is stored of one call, read for a person: found by any of its ids, each look-up by an index. */
import type { Queryable } from '../db/pool.js';
import { isUuid } from '../platform/uuid.js';
import { fromKept } from './kept-notes.js';
import type { KeptNote } from './kept-notes.js';
import type { Note } from './rules.js';
import type { CallFacts, Direction } from './vocabulary.js';

export interface FoundCall {
  id: string;
  externalId: string;
  direction: Direction;
  phone: string | null;
  startedAt: Date;
}

export interface Asked {
  enterprise: string;
  /** Where its calls come from: one that nobody claims there may be its as well. */
  pbx: string;
  /** Unique id of any channel, the id CRMs know, or our own. */
  id: string;
}

/** The calls somebody may mean, newest first; of one that became a part of another, that other. CRMs' id means one only. */
export async function findCalls(db: Queryable, { enterprise, pbx, id }: Asked): Promise<FoundCall[]> {
  const prefix = `${enterprise}-`;
  const uids = id.startsWith(prefix) ? [id, id.slice(prefix.length)] : [id];
  const ourId = isUuid(id) ? id : null;
  const { rows } = await db.query<FoundCall>(
    `WITH RECURSIVE asked AS (
       SELECT id FROM calls WHERE id = $4::uuid
       UNION SELECT id FROM calls WHERE external_id = $5
       UNION SELECT c.id FROM pbx_heartbeats h JOIN calls c ON c.pbx = h.pbx AND c.unique_id = ANY ($3)
       UNION SELECT u.call_id FROM pbx_heartbeats h JOIN call_uids u ON u.pbx = h.pbx AND u.uid = ANY ($3)
     ), up AS (
       SELECT c.id, c.merged_into FROM asked JOIN calls c USING (id)
        WHERE c.enterprise_number = $1 OR (c.enterprise_number IS NULL AND c.pbx = $2)
       UNION
       SELECT c.id, c.merged_into FROM up JOIN calls c ON c.id = up.merged_into
     )
     SELECT c.id, c.external_id AS "externalId", c.direction, c.phone, c.started_at AS "startedAt"
       FROM up JOIN calls c USING (id) WHERE up.merged_into IS NULL ORDER BY c.started_at DESC`,
    [enterprise, pbx, uids, ourId, id],
  );
  const known = rows.filter((one) => one.externalId === id);
  return known.length > 0 ? known : rows;
}

export interface StoredCall {
  facts: CallFacts;
  live: boolean;
  /** Ids of the call and of those that became a part of it. */
  ids: string[];
  /** Unique ids of all their channels. */
  uids: string[];
}

export async function readCall(db: Queryable, id: string): Promise<StoredCall | null> {
  const { rows } = await db.query<{ facts: CallFacts; live: boolean; ids: string[]; uids: string[] }>(
    `WITH RECURSIVE part AS (
       SELECT id, unique_id FROM calls WHERE id = $1
       UNION
       SELECT c.id, c.unique_id FROM part JOIN calls c ON c.merged_into = part.id
     )
     SELECT facts, state IS NOT NULL AS live, ARRAY(SELECT id FROM part) AS ids,
            ARRAY(SELECT unique_id FROM part
                  UNION SELECT uid FROM call_uids WHERE call_id IN (SELECT id FROM part)) AS uids
       FROM calls WHERE id = $1`,
    [id],
  );
  return rows[0] ?? null;
}

/** In the order they were made; those of one fold about several calls call by call. */
export async function readNotes(db: Queryable, ids: readonly string[]): Promise<Note[]> {
  const { rows } = await db.query<{ call: string; notes: KeptNote[] }>(
    'SELECT call_id AS call, notes FROM call_notes WHERE call_id = ANY ($1) ORDER BY id',
    [ids],
  );
  return rows.flatMap(({ call, notes }) => fromKept(call, notes));
}

/** A consumed fact as it is kept. */
export interface KeptFact {
  /** Our clock when it came. */
  arrivedAt: number;
  source: string;
  uid: string;
  /** Our kinds of AMI facts; a post's event. */
  type: string;
  /** An AMI fact as it was folded; a post as it came, without its token. */
  raw: unknown;
}

/** In the order they were folded. Times are Unix ms by our clock. */
export async function readFacts(
  db: Queryable,
  pbx: string,
  uids: readonly string[],
  from: number,
  until: number,
): Promise<KeptFact[]> {
  const { rows } = await db.query<KeptFact>(
    `SELECT ${ms('timestamp')} AS "arrivedAt", source, unique_id AS uid, event_type AS type, raw_data AS raw
       FROM asterisk_logs
      WHERE pbx = $1 AND unique_id = ANY ($2) AND timestamp BETWEEN to_timestamp($3 / 1000.0) AND to_timestamp($4 / 1000.0)
      ORDER BY timestamp, id`,
    [pbx, uids, from, until],
  );
  return rows;
}

export interface Gap {
  startedAt: number;
  endedAt: number | null;
  reason: string;
}

/** Times without a link that reach into this one. */
export async function readGaps(db: Queryable, pbx: string, from: number, until: number): Promise<Gap[]> {
  const { rows } = await db.query<Gap>(
    `SELECT ${ms('started_at')} AS "startedAt", ${ms('ended_at')} AS "endedAt", reason
       FROM pbx_gaps
      WHERE pbx = $1 AND started_at <= to_timestamp($3 / 1000.0) AND coalesce(ended_at, 'infinity') >= to_timestamp($2 / 1000.0)
      ORDER BY started_at`,
    [pbx, from, until],
  );
  return rows;
}

function ms(column: string): string {
  return `round(extract(epoch FROM ${column}) * 1000)::float8`;
}
