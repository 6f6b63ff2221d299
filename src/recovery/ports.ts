/** What recovery asks of the rest. The composition fits it. */
import type { Fact } from '../calls/facts.js';
import type { Folded, TrackerContext } from '../calls/tracker.js';
import type { PoolClient } from './store.js';

export interface CallsPort {
  /** How the calls of this PBX are read; null when no enterprise that is switched on has it. */
  context(pbx: string): TrackerContext | null;
  /** One transaction in the turn of whoever folds this PBX. Rejects (DB_EPOCH_STALE) while that is not us. */
  between<T>(pbx: string, work: (tx: PoolClient, epoch: number) => Promise<T>): Promise<T>;
  /** Writes what integrations are owed, in the transaction; answers what wakes their lanes after the commit. */
  owe(tx: PoolClient, folded: Folded): Promise<() => void>;
  /** A fact for the live tracker of this PBX. */
  offer(pbx: string, fact: Fact): void;
  isOurs(pbx: string): boolean;
  /** Calls go on: something live was told of in the last seconds. */
  isBusy: () => boolean;
  /** Our clock. */
  now(): number;
}
