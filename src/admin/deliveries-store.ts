import type { Queryable } from './store.js';

export interface DeliveryCount {
  type: string;
  pending: number;
  dead: number;
  /** Of what waits and is due, in seconds; null when nothing is. */
  oldestDueSeconds: number | null;
}

/** By the indexes of what is unsettled and dead: history is not looked at. */
export async function countDeliveries(db: Queryable, enterprise: string): Promise<DeliveryCount[]> {
  const { rows } = await db.query<DeliveryCount>(
    `SELECT coalesce(p.type, d.type) AS type, coalesce(pending, 0)::int AS pending, coalesce(dead, 0)::int AS dead,
            oldest AS "oldestDueSeconds"
       FROM (SELECT integration_type AS type, count(*) AS pending,
                    extract(epoch FROM now() - min(created_at) FILTER (WHERE due_at <= now()))::float8 AS oldest
               FROM deliveries WHERE enterprise_number = $1 AND state IN ('pending', 'started') GROUP BY 1) p
       FULL JOIN (SELECT integration_type AS type, count(*) AS dead
               FROM deliveries WHERE enterprise_number = $1 AND state = 'dead' GROUP BY 1) d ON d.type = p.type
      ORDER BY 1`,
    [enterprise],
  );
  return rows;
}

/** How many of these are in which state. Those of another enterprise are none. */
export async function statesOf(
  db: Queryable,
  enterprise: string,
  ids: readonly string[],
): Promise<Record<string, number>> {
  const { rows } = await db.query<{ state: string; count: number }>(
    `SELECT state, count(*)::int AS count FROM deliveries WHERE enterprise_number = $1 AND id = ANY ($2::bigint[]) GROUP BY 1`,
    [enterprise, ids],
  );
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
}
