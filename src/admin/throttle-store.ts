import type { Queryable } from './store.js';

/** Counts a try before it is made, so that many at once count as many. Answers how many there were in this window, and its end. */
export async function countTry(
  db: Queryable,
  key: string,
  windowMs: number,
): Promise<{ tries: number; waitMs: number }> {
  const { rows } = await db.query<{ tries: number; wait: number }>(
    `INSERT INTO admin_tries AS t (key, tries, window_ends) VALUES ($1, 1, now() + $2 * interval '1 millisecond')
     ON CONFLICT (key) DO UPDATE SET
       tries = CASE WHEN t.window_ends < now() THEN 1 ELSE t.tries + 1 END,
       window_ends = CASE WHEN t.window_ends < now() THEN EXCLUDED.window_ends ELSE t.window_ends END
     RETURNING tries, (extract(epoch FROM window_ends - now()) * 1000)::float8 AS wait`,
    [key, windowMs],
  );
  return { tries: rows[0]?.tries ?? 1, waitMs: rows[0]?.wait ?? windowMs };
}

/** It was no failure: an account begins anew, an address only gets this one back. */
export async function forgiveTry(db: Queryable, account: string, address: string): Promise<void> {
  await db.query('DELETE FROM admin_tries WHERE key = $1', [account]);
  await db.query('UPDATE admin_tries SET tries = greatest(0, tries - 1) WHERE key = $1', [address]);
}
