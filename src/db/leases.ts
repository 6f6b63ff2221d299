import { TrunklineError } from '../platform/errors.js';
import type { PoolClient, Queryable } from './pool.js';

/**
 * Who may do what, when several daemons share a database. A lease is held by one holder until its time by the
 * database's clock; its epoch grows each time it is taken anew, and every write made under it carries that epoch.
 *
 * Invariants: a live lease has one holder; two tenures never have the same epoch; `assertEpoch` in a transaction keeps
 * the lease from changing hands until that transaction ends.
 */
export type LeaseKind = 'pbx' | 'enterprise' | 'limit' | 'duty';

export interface LeaseKey {
  kind: LeaseKind;
  key: string;
}

export interface Lease extends LeaseKey {
  /** Unique for each run of a process: a restarted daemon is another holder. */
  holder: string;
  epoch: number;
  /** Milliseconds left when the database answered. Count from before the question was asked. */
  leftMs: number;
}

/** Null while somebody else holds it. The holder of a live lease gets it again, with the same epoch. */
export async function acquireLease(
  db: Queryable,
  { kind, key }: LeaseKey,
  holder: string,
  ttlMs: number,
): Promise<Lease | null> {
  const { rows } = await db.query<{ epoch: string }>(
    `INSERT INTO leases AS held (kind, key, holder, epoch, expires_at)
     VALUES ($1, $2, $3, 1, clock_timestamp() + $4 * interval '1 millisecond')
     ON CONFLICT (kind, key) DO UPDATE SET
       holder = excluded.holder,
       epoch = CASE WHEN held.holder = excluded.holder AND held.expires_at > clock_timestamp() THEN held.epoch ELSE held.epoch + 1 END,
       expires_at = excluded.expires_at
     WHERE held.holder = excluded.holder OR held.expires_at <= clock_timestamp()
     RETURNING epoch`,
    [kind, key, holder, ttlMs],
  );
  return rows[0] ? { kind, key, holder, epoch: Number(rows[0].epoch), leftMs: ttlMs } : null;
}

/** Free for anybody at once. The row stays, so that the epoch goes on growing. */
export async function releaseLease(db: Queryable, lease: Lease): Promise<void> {
  await db.query(
    `UPDATE leases SET expires_at = '-infinity' WHERE kind = $1 AND key = $2 AND holder = $3 AND epoch = $4`,
    [lease.kind, lease.key, lease.holder, lease.epoch],
  );
}

/**
 * Belongs at the head of a transaction that writes under a lease: nobody can take the lease over until it ends.
 * @throws TrunklineError DB_EPOCH_STALE
 */
export async function assertEpoch(tx: PoolClient, lease: LeaseKey & { epoch: number }): Promise<void> {
  const { rows } = await tx.query<{ epoch: string }>(
    'SELECT epoch FROM leases WHERE kind = $1 AND key = $2 FOR SHARE',
    [lease.kind, lease.key],
  );
  if (Number(rows[0]?.epoch) !== lease.epoch) {
    throw new TrunklineError(
      'DB_EPOCH_STALE',
      `The lease ${lease.kind} ${lease.key} of epoch ${lease.epoch} has passed to another daemon.`,
    );
  }
}

/**
 * Renews every lease of one kind that this holder has and has not released, in one statement; one that ran out and was
 * taken by nobody goes on. Answers the keys that are its own: a lease missing from the answer passed to somebody else.
 */
export async function renewLeases(db: Queryable, kind: LeaseKind, holder: string, ttlMs: number): Promise<string[]> {
  const { rows } = await db.query<{ key: string }>(
    `UPDATE leases SET expires_at = clock_timestamp() + $3 * interval '1 millisecond'
     WHERE kind = $1 AND holder = $2 AND expires_at > '-infinity' RETURNING key`,
    [kind, holder, ttlMs],
  );
  return rows.map((row) => row.key);
}

/**
 * Frees what an earlier boot of the same instance held: its data directory's lock proves that it is dead. A holder is
 * `<instance>#<boot>`.
 */
export async function releaseFormerLeases(db: Queryable, holder: string): Promise<void> {
  await db.query(
    `UPDATE leases SET expires_at = '-infinity'
     WHERE holder <> $1 AND split_part(holder, '#', 1) = split_part($1, '#', 1) AND position('#' IN $1) > 0`,
    [holder],
  );
}
