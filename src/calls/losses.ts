/**
 * Posts that could be kept nowhere are a gap, listed like any other. While they are refused there is no place to list it
 * either, so it is written when the first post of that PBX is stored again, and tried again until it is.
 */
import type { Clock } from '../platform/clock.js';

export interface Losses {
  /** A post of this PBX was refused. `at`: Unix ms. */
  began(pbx: string, at: number): void;
  /** A post of this PBX was stored. */
  over(pbx: string): void;
}

export interface LossesDeps {
  clock: Pick<Clock, 'now' | 'monotonic'>;
  save(pbx: string, from: number, to: number): Promise<void>;
}

export function createLosses({ clock, save }: LossesDeps): Losses {
  /** By the clock that is never set: ours may be meanwhile. */
  const since = new Map<string, number>();
  return {
    began(pbx, at) {
      if (!since.has(pbx)) since.set(pbx, clock.monotonic() - (clock.now() - at));
    },
    over(pbx) {
      const from = since.get(pbx);
      if (from === undefined) return;
      since.delete(pbx);
      const now = clock.now();
      save(pbx, now - (clock.monotonic() - from), now).catch(() => {
        // Refused again: the next post that is stored writes it, from the same beginning.
        since.set(pbx, Math.min(from, since.get(pbx) ?? from));
      });
    },
  };
}
