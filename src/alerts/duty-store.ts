/** Which of the daemons that share a database looks and tells. */
import { acquireLease, assertEpoch, releaseLease } from '../db/leases.js';
import type { Lease } from '../db/leases.js';
import type { PoolClient, Queryable } from './store.js';

export type Duty = Lease;

const DUTY = { kind: 'duty', key: 'alerts' } as const;
const TTL_MS = 45_000;

/** Null while another daemon has it. */
export function takeDuty(db: Queryable, holder: string): Promise<Duty | null> {
  return acquireLease(db, DUTY, holder, TTL_MS);
}

export function leaveDuty(db: Queryable, duty: Duty): Promise<void> {
  return releaseLease(db, duty);
}

/** @throws TrunklineError DB_EPOCH_STALE when another daemon has it by now */
export function assertDuty(tx: PoolClient, duty: Duty): Promise<void> {
  return assertEpoch(tx, duty);
}
