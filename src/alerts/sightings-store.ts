import type { AlertDetail, AlertKind } from './kinds.js';
import type { Sighted } from './ports.js';
import type { Queryable } from './store.js';

/**
 * Since when something is bad, or well, goes on over a restart of whoever sees it, unless nobody saw it for so long that it may
 * have been otherwise meanwhile.
 */
const UNSEEN = `interval '5 minutes'`;
/** What was not seen for so long is not known any more. */
const FRESH = `interval '1 minute'`;

export async function saveSightings(db: Queryable, sighted: readonly Sighted[]): Promise<void> {
  if (sighted.length === 0) return;
  await db.query(
    `INSERT INTO alert_sightings AS known (kind, enterprise_number, subject, bad, detail, since, seen_at)
     SELECT kind, enterprise, subject, bad, detail, clock_timestamp(), clock_timestamp()
       FROM jsonb_to_recordset($1::jsonb) AS s (kind text, enterprise text, subject text, bad boolean, detail jsonb)
     ON CONFLICT (kind, enterprise_number, subject) DO UPDATE SET bad = excluded.bad, detail = excluded.detail, seen_at = excluded.seen_at,
       since = CASE WHEN known.bad = excluded.bad AND known.seen_at > excluded.seen_at - ${UNSEEN} THEN known.since ELSE excluded.since END`,
    [JSON.stringify(sighted)],
  );
}

export interface Sighting {
  kind: AlertKind;
  enterprise: string;
  subject: string;
  bad: boolean;
  detail: AlertDetail;
  forMs: number;
}

/** A lane is not refused any more when another daemon's attempt went well since it was seen so. */
export async function freshSightings(db: Queryable): Promise<Sighting[]> {
  const { rows } = await db.query<Sighting>(
    `SELECT kind, enterprise_number AS enterprise, subject, detail,
            bad AND NOT (kind = 'refused' AND EXISTS (SELECT FROM integration_logs l WHERE l.enterprise_number = s.enterprise_number
              AND l.integration_type = s.subject AND l.status = 'success' AND l.created_at > s.seen_at)) AS bad,
            (extract(epoch FROM clock_timestamp() - since) * 1000)::float8 AS "forMs"
       FROM alert_sightings s WHERE seen_at > clock_timestamp() - ${FRESH}`,
  );
  return rows;
}

export async function dropOldSightings(db: Queryable): Promise<void> {
  await db.query(`DELETE FROM alert_sightings WHERE seen_at < now() - interval '1 day'`);
}
