import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';

/** Why a post was turned away at the door. */
export type Refusal = 'unknown token' | 'no token' | 'address';

/**
 * Says that posts are refused, at most one line a minute for each reason and address: whoever hammers us must not fill the
 * disk. Each line tells how many it stands for.
 */
export interface Refusals {
  tell(why: Refusal, detail: { event: string; address: string; enterprise?: string }): void;
}

const QUIET_MS = 60_000;
const MOST_ADDRESSES = 1_000;

export function createRefusals(log: Logger, clock: Clock): Refusals {
  const told = new Map<string, { at: number; untold: number }>();

  return {
    tell(why, detail) {
      const key = `${why} ${detail.address}`;
      const before = told.get(key);
      if (before && clock.monotonic() - before.at < QUIET_MS) {
        before.untold += 1;
        return;
      }
      if (!before && told.size >= MOST_ADDRESSES) told.clear();
      told.set(key, { at: clock.monotonic(), untold: 0 });
      log.warn({ why, ...detail, times: 1 + (before?.untold ?? 0) }, 'webhook refused');
    },
  };
}
