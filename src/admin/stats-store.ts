import type { Queryable } from './store.js';

export interface IntegrationBucket {
  type: string;
  /** ISO, the beginning. */
  from: string;
  success: number;
  error: number;
  other: number;
  /** Milliseconds of attempts that were made; null when none was. */
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

/** Attempts by integration and time, in pieces of `seconds`. */
export async function integrationBuckets(
  db: Queryable,
  enterprise: string,
  from: string,
  until: string,
  seconds: number,
): Promise<IntegrationBucket[]> {
  const { rows } = await db.query<IntegrationBucket>(
    `SELECT integration_type AS type,
            to_char(date_bin($4 * interval '1 second', created_at, $2::timestamptz) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "from",
            count(*) FILTER (WHERE status = 'success')::int AS success,
            count(*) FILTER (WHERE status IN ('error', 'unknown'))::int AS error,
            count(*) FILTER (WHERE status NOT IN ('success', 'error', 'unknown'))::int AS other,
            percentile_disc(0.5) WITHIN GROUP (ORDER BY duration_ms) AS p50,
            percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_ms) AS p95,
            percentile_disc(0.99) WITHIN GROUP (ORDER BY duration_ms) AS p99
       FROM integration_logs
      WHERE enterprise_number = $1 AND created_at >= $2::timestamptz AND created_at < $3::timestamptz
      GROUP BY 1, 2 ORDER BY 2, 1`,
    [enterprise, from, until, seconds],
  );
  return rows;
}

export interface CallBucket {
  from: string;
  direction: string;
  answered: number;
  missed: number;
  failed: number;
}

export async function callBuckets(
  db: Queryable,
  enterprise: string,
  from: string,
  until: string,
  seconds: number,
): Promise<CallBucket[]> {
  const { rows } = await db.query<CallBucket>(
    `SELECT to_char(date_bin($4 * interval '1 second', started_at, $2::timestamptz) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "from",
            direction,
            count(*) FILTER (WHERE result = 'answered')::int AS answered,
            count(*) FILTER (WHERE result IN ('missed', 'abandoned', 'busy'))::int AS missed,
            count(*) FILTER (WHERE result = 'failed')::int AS failed
       FROM calls
      WHERE enterprise_number = $1 AND merged_into IS NULL AND started_at >= $2::timestamptz AND started_at < $3::timestamptz
      GROUP BY 1, 2 ORDER BY 1, 2`,
    [enterprise, from, until, seconds],
  );
  return rows;
}

export interface Today {
  inAnswered: number;
  inMissed: number;
  out: number;
  live: number;
  /** Of attempts of the last 24 hours; null when there were none. */
  crmSuccess: number | null;
}

/** Since midnight in the enterprise's zone. */
export async function today(db: Queryable, enterprise: string, timezone: string): Promise<Today> {
  const { rows } = await db.query<Today>(
    `SELECT (SELECT jsonb_build_object(
               'inAnswered', count(*) FILTER (WHERE direction = 'in' AND result = 'answered'),
               'inMissed', count(*) FILTER (WHERE direction = 'in' AND result IN ('missed', 'abandoned', 'busy')),
               'out', count(*) FILTER (WHERE direction = 'out'))
               FROM calls WHERE enterprise_number = $1 AND merged_into IS NULL
                AND started_at >= date_trunc('day', now() AT TIME ZONE $2) AT TIME ZONE $2)
            || jsonb_build_object(
               'live', (SELECT count(*) FROM calls WHERE enterprise_number = $1 AND state IS NOT NULL AND ended_at IS NULL AND merged_into IS NULL),
               'crmSuccess', (SELECT avg((status = 'success')::int)::float8 FROM integration_logs
                               WHERE enterprise_number = $1 AND created_at > now() - interval '24 hours' AND status IN ('success', 'error', 'unknown')))
            AS today`,
    [enterprise, timezone],
  );
  return (rows[0] as unknown as { today: Today }).today;
}

export interface PlatformStats {
  total_events: number;
  /** Share of attempts that succeeded, percent with one decimal; 100 when none was made. */
  success_rate: number;
  integrations: Record<string, { events: number; errors: number }>;
}

/** All enterprises, since a moment (ISO); the old plan's names. */
export async function platformStats(db: Queryable, since: string): Promise<PlatformStats> {
  const { rows } = await db.query<{ type: string; events: number; errors: number; successes: number }>(
    `SELECT integration_type AS type, count(*)::int AS events,
            count(*) FILTER (WHERE status IN ('error', 'unknown'))::int AS errors,
            count(*) FILTER (WHERE status = 'success')::int AS successes
       FROM integration_logs WHERE created_at >= $1::timestamptz GROUP BY 1 ORDER BY 1`,
    [since],
  );
  const sum = (name: 'events' | 'errors' | 'successes') => rows.reduce((total, row) => total + row[name], 0);
  const tried = sum('successes') + sum('errors');
  return {
    total_events: sum('events'),
    success_rate: tried === 0 ? 100 : Math.round((1_000 * sum('successes')) / tried) / 10,
    integrations: Object.fromEntries(rows.map(({ type, events, errors }) => [type, { events, errors }])),
  };
}
