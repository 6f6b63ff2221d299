/**
 * Leases of limit keys, many in one statement. Unlike a PBX's (db/leases.ts), taking one anew always begins a new epoch: what
 * was claimed before must be told from what is claimed after, by the same holder too.
 */
import { createHash } from 'node:crypto';
import type { Queryable } from '../db/pool.js';

export interface HeldLimit {
  key: string;
  epoch: string;
}

/** A limit key as it stands in `leases`: it may be an API key, so only its hash is written. */
export function leaseKeyOf(type: string, limitKey: string): string {
  return `${type}:${createHash('sha256').update(`${type}\0${limitKey}`).digest('hex').slice(0, 32)}`;
}

/**
 * Takes the keys that are free: never held, run out, ours, or held by an earlier boot of our instance. A holder is
 * `<instance>#<boot>`, or any text without `#` when nothing makes sure that its instance lives only once.
 */
export async function acquireLimits(
  db: Queryable,
  keys: readonly string[],
  holder: string,
  ttlMs: number,
): Promise<HeldLimit[]> {
  const { rows } = await db.query<HeldLimit>(
    `INSERT INTO leases AS l (kind, key, holder, expires_at)
     SELECT 'limit', key, $2, now() + $3 * interval '1 millisecond' FROM unnest($1::text[]) AS key ORDER BY key
     ON CONFLICT (kind, key) DO UPDATE SET holder = EXCLUDED.holder, epoch = l.epoch + 1, expires_at = EXCLUDED.expires_at
      WHERE l.expires_at <= now() OR l.holder = EXCLUDED.holder
         OR (position('#' IN EXCLUDED.holder) > 0 AND split_part(l.holder, '#', 1) = split_part(EXCLUDED.holder, '#', 1))
     RETURNING key, epoch`,
    [keys, holder, ttlMs],
  );
  return rows;
}

/** Answers the keys that are still ours. One that has run out but was not taken is kept. */
export async function renewLimits(
  db: Queryable,
  held: readonly HeldLimit[],
  holder: string,
  ttlMs: number,
): Promise<string[]> {
  const { rows } = await db.query<{ key: string }>(
    `UPDATE leases l SET expires_at = now() + $4 * interval '1 millisecond'
       FROM unnest($1::text[], $2::bigint[]) AS h (key, epoch)
      WHERE l.kind = 'limit' AND l.key = h.key AND l.epoch = h.epoch AND l.holder = $3 RETURNING l.key`,
    [held.map((lease) => lease.key), held.map((lease) => lease.epoch), holder, ttlMs],
  );
  return rows.map((row) => row.key);
}

export async function releaseLimits(db: Queryable, held: readonly HeldLimit[], holder: string): Promise<void> {
  await db.query(
    `UPDATE leases l SET expires_at = now() FROM unnest($1::text[], $2::bigint[]) AS h (key, epoch)
      WHERE l.kind = 'limit' AND l.key = h.key AND l.epoch = h.epoch AND l.holder = $3`,
    [held.map((lease) => lease.key), held.map((lease) => lease.epoch), holder],
  );
}
