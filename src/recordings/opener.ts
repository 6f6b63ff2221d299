/** Recordings as they are asked for: by their address, one of the system before too, or by their call. */
import type { Readable } from 'node:stream';
import type { Clock } from '../platform/clock.js';
import { TrunklineError } from '../platform/errors.js';
import { createThrottle } from '../platform/throttle.js';
import { mayBeOld } from './names.js';
import type { Keep } from './ports.js';
import * as store from './recordings-store.js';
import type { CallRecording, OldCall, Pool, ServedRecording } from './recordings-store.js';

export interface OpenerDeps {
  pool: Pool;
  keeps: Partial<Record<string, Keep>>;
  clock: Pick<Clock, 'monotonic'>;
  /** A recording is to be looked for now. */
  kick(): void;
}

export interface Opener {
  /** @throws TrunklineError THROTTLED when too many are asked for that only the system before may know */
  byToken(token: string): Promise<ServedRecording | null>;
  byCall(callId: string): Promise<CallRecording | null>;
  /** Null: it is not in its place. */
  open(keptIn: string, key: string, range: { start: number; end: number } | null): Promise<Readable | null>;
}

/** The system before has no index by its addresses: each that is asked for may cost a look through all its calls. */
const OLD_PER_SECOND = 5;

export function createOpener({ pool, keeps, clock, kick }: OpenerDeps): Opener {
  const admits = createThrottle(clock);

  /** The first time somebody opens it: fetched from where the system before keeps it, or looked for on the PBX. */
  async function takeOver(token: string, old: OldCall): Promise<void> {
    const { s3 } = keeps;
    const bytes = old.key !== null && s3 ? await s3.size(old.key) : null;
    const kept = old.key !== null && bytes !== null ? { key: old.key, keptIn: 's3', bytes } : null;
    await store.expectOld(pool, token, { ...old, startedAt: epochOf(old.uid) ?? old.startedAt }, kept);
    if (!kept) kick();
  }

  return {
    async byToken(token) {
      const found = await store.byToken(pool, token);
      if (found || !mayBeOld(token)) return found;
      if (!admits('old', OLD_PER_SECOND))
        throw new TrunklineError('THROTTLED', 'too many unknown recordings are asked for');
      const old = await store.findOldLink(pool, token);
      if (!old) return null;
      await takeOver(token, old);
      return store.byToken(pool, token);
    },
    byCall: (callId) => store.byCall(pool, callId),
    open: (keptIn, key, range) => keeps[keptIn]?.open(key, range) ?? Promise.resolve(null),
  };
}

/** That system wrote a PBX's local time without its zone; the unique id tells the moment. */
function epochOf(uid: string): number | null {
  const seconds = Number(/(?:^|-)(\d{9,11})\.\d+$/.exec(uid)?.[1]);
  return Number.isFinite(seconds) ? seconds * 1_000 : null;
}
