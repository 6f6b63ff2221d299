/** What stands in the database and may be wrong, of all enterprises at once. */
import type { Queryable } from './store.js';

export interface Rate {
  enterprise: string;
  type: string;
  attempts: number;
  errors: number;
  /** The newest failure, in the log's words. */
  last: string | null;
}

/** How far back the attempts of an enterprise count. */
export interface Window {
  enterprise: string;
  minutes: number;
}

/** Attempts of each one's window. Naming the types and the longest of them lets it go by the index of each partition. */
export async function failureRates(
  db: Queryable,
  types: readonly string[],
  windows: readonly Window[],
): Promise<Rate[]> {
  const minutes = windows.map((one) => one.minutes);
  const { rows } = await db.query<Rate>(
    `SELECT enterprise_number AS enterprise, integration_type AS type, count(*)::int AS attempts,
            count(*) FILTER (WHERE status <> 'success')::int AS errors,
            (array_agg(left(error_message, 200) ORDER BY created_at DESC) FILTER (WHERE status <> 'success'))[1] AS last
       FROM integration_logs JOIN unnest($2::text[], $3::int[]) AS own (number, minutes) ON own.number = enterprise_number
      WHERE integration_type = ANY ($1::text[]) AND created_at > now() - make_interval(mins => $4)
        AND created_at > now() - make_interval(mins => own.minutes)
        AND status IN ('success', 'error', 'unknown')
      GROUP BY 1, 2`,
    [types, windows.map((one) => one.enterprise), minutes, Math.max(0, ...minutes)],
  );
  return rows;
}

export interface Owed {
  enterprise: string;
  type: string;
  count: number;
}

export async function deadLetters(db: Queryable): Promise<Owed[]> {
  const { rows } = await db.query<Owed>(
    `SELECT enterprise_number AS enterprise, integration_type AS type, count(*)::int AS count
       FROM deliveries WHERE state = 'dead' GROUP BY 1, 2`,
  );
  return rows;
}

/** Finished calls that should have gone by now. What is held back on purpose is not late. */
export async function oldestWaiting(db: Queryable): Promise<(Owed & { minutes: number })[]> {
  const { rows } = await db.query<Owed & { minutes: number }>(
    `SELECT enterprise_number AS enterprise, integration_type AS type, count(*)::int AS count,
            floor(extract(epoch FROM now() - min(created_at)) / 60)::int AS minutes
       FROM deliveries
      WHERE state IN ('pending', 'started') AND class = 'durable' AND (attempts > 0 OR due_at <= now()) GROUP BY 1, 2`,
  );
  return rows;
}

export interface DayDiffers {
  enterprise: string;
  day: string;
  differences: number;
}

/** Where the day reconciled last differs. Results, which may be large, are read of those alone. */
export async function differingDays(db: Queryable): Promise<DayDiffers[]> {
  const { rows } = await db.query<DayDiffers>(
    `SELECT r.enterprise_number AS enterprise, r.day::text AS day, jsonb_array_length(r.result->'differences') AS differences
       FROM (SELECT DISTINCT ON (enterprise_number) enterprise_number, day, differs
               FROM reconciliations ORDER BY enterprise_number, day DESC) latest
       JOIN reconciliations r USING (enterprise_number, day) WHERE latest.differs`,
  );
  return rows;
}

/** Whether the CRM has taken anything of this integration since. */
export async function hasAccepted(db: Queryable, enterprise: string, type: string, since: Date): Promise<boolean> {
  const { rows } = await db.query<{ accepted: boolean }>(
    `SELECT EXISTS (SELECT FROM integration_logs
       WHERE enterprise_number = $1 AND integration_type = $2 AND status = 'success' AND created_at > $3) AS accepted`,
    [enterprise, type, since],
  );
  return rows[0]?.accepted ?? false;
}
