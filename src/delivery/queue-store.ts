import type { Queryable } from './store.js';

export interface QueueDepths {
  pending: { type: string; class: string; count: number; oldestSeconds: number }[];
  dead: { type: string; count: number }[];
}

/** By the indexes of what is unsettled and dead. What waits on purpose, for its time or after a failure, is as old as it is due. */
export async function queueDepths(db: Queryable): Promise<QueueDepths> {
  const { rows: pending } = await db.query<QueueDepths['pending'][number]>(
    `SELECT integration_type AS type, class, count(*)::int AS count,
            coalesce(extract(epoch FROM clock_timestamp() - min(created_at) FILTER (WHERE attempts > 0 OR due_at <= now())), 0)::float8 AS "oldestSeconds"
       FROM deliveries WHERE state IN ('pending', 'started') GROUP BY 1, 2`,
  );
  const { rows: dead } = await db.query<QueueDepths['dead'][number]>(
    `SELECT integration_type AS type, count(*)::int AS count FROM deliveries WHERE state = 'dead' GROUP BY 1`,
  );
  return { pending, dead };
}
