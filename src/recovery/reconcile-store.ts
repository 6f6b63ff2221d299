/** What reconciliation reads, and where a day's result is kept. */
import type { CdrRecord } from './cdr-record.js';
import type { CallSide, Owing, Reconciled } from './reconcile.js';
import { HEARD_IN_PART } from './store.js';
import type { Queryable } from './store.js';

/** Records of calls that touch this time, with whether somebody has looked at them. Unix ms. */
export async function cdrsOf(
  db: Queryable,
  pbx: string,
  from: number,
  to: number,
): Promise<{ record: CdrRecord; settled: boolean }[]> {
  const { rows } = await db.query<{ record: CdrRecord; settled: boolean }>(
    `SELECT record, settled_at IS NOT NULL AS settled FROM pbx_cdrs
      WHERE pbx = $1 AND ended_at >= to_timestamp($2 / 1000.0) AND started_at < to_timestamp($3 / 1000.0)
      ORDER BY started_at, id`,
    [pbx, from, to],
  );
  return rows;
}

/** Up to when the PBX's records were read, or were told by its link; null when never. Unix ms. */
export async function cdrReadAt(db: Queryable, pbx: string): Promise<number | null> {
  const { rows } = await db.query<{ at: Date | null }>(
    `SELECT greatest((SELECT moved_at FROM recovery_cursors WHERE pbx = $1 AND source = 'cdr'),
                     (SELECT max(ended_at) FROM pbx_cdrs WHERE pbx = $1)) AS at`,
    [pbx],
  );
  return rows[0]?.at?.getTime() ?? null;
}

/**
 * Calls that began in this time, of an enterprise or (null) of all others of its PBX, with all their channels. One that was heard in
 * part only is none until it is recovered.
 */
export async function callsBetween(
  db: Queryable,
  enterprise: string,
  pbx: string,
  from: number,
  to: number,
): Promise<CallSide[]> {
  const { rows } = await db.query<CallSide>(
    `SELECT c.id, c.enterprise_number AS enterprise, c.external_id AS "externalId", c.unique_id AS uid, c.direction,
            round(extract(epoch FROM c.started_at) * 1000)::float8 AS "startedAt",
            round(extract(epoch FROM coalesce(c.ended_at, now())) * 1000)::float8 AS "endedAt", c.state IS NOT NULL AS live, c.recovered,
            EXISTS (SELECT FROM call_events e WHERE e.call_id = c.id AND e.kind = 'call.finished') AS told,
            ARRAY(SELECT u.uid FROM call_uids u WHERE u.call_id = c.id) AS uids
       FROM calls c
      WHERE (c.enterprise_number = $1 OR c.pbx = $2) AND c.merged_into IS NULL
        AND NOT ${HEARD_IN_PART} AND c.started_at >= to_timestamp($3 / 1000.0) AND c.started_at < to_timestamp($4 / 1000.0)
      ORDER BY c.started_at`,
    [enterprise, pbx, from, to],
  );
  return rows;
}

/** What became of the finished call at each integration: rows of `deliveries`, else why nothing was owed. */
export async function owingOf(db: Queryable, callIds: readonly string[]): Promise<Owing[]> {
  if (callIds.length === 0) return [];
  const { rows } = await db.query<Owing>(
    `SELECT call_id AS "callId", integration_type AS type, state, coalesce(last_error, last_code) AS why
       FROM deliveries WHERE call_id = ANY ($1::uuid[]) AND class = 'durable' AND event->>'kind' = 'call.finished'
     UNION ALL
     SELECT call_id, note->'detail'->>'integration', 'not owed', note->'detail'->>'why'
       FROM call_notes, jsonb_array_elements(notes) AS n (note)
      WHERE call_id = ANY ($1::uuid[]) AND note->>'rule' = 'not-owed' AND note->>'by' = 'call.finished'`,
    [callIds],
  );
  return rows;
}

export async function saveReconciled(db: Queryable, result: Reconciled): Promise<void> {
  await db.query(
    `INSERT INTO reconciliations (enterprise_number, day, result, differs) VALUES ($1, $2, $3, $4)
     ON CONFLICT (enterprise_number, day) DO UPDATE SET result = EXCLUDED.result, differs = EXCLUDED.differs, made_at = now()`,
    [result.enterprise, result.day, JSON.stringify(result), result.differences.length > 0],
  );
}

/** Newest first. */
export async function reconciliationsOf(db: Queryable, enterprise: string, limit = 31): Promise<Reconciled[]> {
  const { rows } = await db.query<{ result: Reconciled }>(
    'SELECT result FROM reconciliations WHERE enterprise_number = $1 ORDER BY day DESC LIMIT $2',
    [enterprise, limit],
  );
  return rows.map(({ result }) => result);
}

/** Those of these days that were not reconciled since they were over, in their order. `zone`: the enterprise's. */
export async function unreconciled(
  db: Queryable,
  enterprise: string,
  zone: string,
  days: readonly string[],
): Promise<string[]> {
  const { rows } = await db.query<{ day: string }>(
    `SELECT d.day::text FROM unnest($3::date[]) WITH ORDINALITY AS d (day, place)
      WHERE NOT EXISTS (SELECT FROM reconciliations r WHERE r.enterprise_number = $1 AND r.day = d.day
                           AND r.made_at >= (r.day + 1)::timestamp AT TIME ZONE $2)
      ORDER BY d.place`,
    [enterprise, zone, days],
  );
  return rows.map(({ day }) => day);
}

/**
 * Since when both calls of this enterprise and the records of its PBX are kept; null when not both are. A file of records goes back
 * further: of what ended before it was first read nobody is told. Unix ms.
 */
export async function keptSince(db: Queryable, enterprise: string, pbx: string): Promise<number | null> {
  const { rows } = await db.query<{ calls: number | null; records: number | null }>(
    `SELECT (extract(epoch FROM (SELECT min(started_at) FROM calls WHERE enterprise_number = $1)) * 1000)::float8 AS calls,
            coalesce((SELECT (place->>'since')::float8 FROM recovery_cursors WHERE pbx = $2 AND source = 'cdr'),
                     (extract(epoch FROM (SELECT min(ended_at) FROM pbx_cdrs WHERE pbx = $2)) * 1000)::float8) AS records`,
    [enterprise, pbx],
  );
  const { calls = null, records = null } = rows[0] ?? {};
  return calls === null || records === null ? null : Math.max(calls, records);
}
