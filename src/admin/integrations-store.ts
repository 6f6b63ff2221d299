import type { LastAttempt } from './integration-light.js';
import type { Queryable } from './store.js';

/** By type, the newest attempt that came to something, of the last day. */
export async function lastAttempts(
  db: Queryable,
  enterprise: string,
  types: readonly string[],
): Promise<Map<string, LastAttempt>> {
  const { rows } = await db.query<LastAttempt & { type: string }>(
    `SELECT t.type, l.status, l.error_message AS error, l.created_at AS at
       FROM unnest($2::text[]) AS t (type), LATERAL (
         SELECT status, error_message, created_at FROM integration_logs
          WHERE enterprise_number = $1 AND integration_type = t.type AND status IN ('success', 'error', 'unknown')
            AND created_at > now() - interval '1 day'
          ORDER BY created_at DESC LIMIT 1) l`,
    [enterprise, types],
  );
  return new Map(rows.map(({ type, ...last }) => [type, last]));
}
