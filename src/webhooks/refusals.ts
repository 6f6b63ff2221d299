import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';

/** Why a post was turned away at the door. */
export type Refusal = 'unknown token' | 'no token' | 'address';

/**
 * Says that posts are refused, at most one line a minute for each reason and address, and for all addresses beyond the first
 * hundred together: whoever hammers us must not fill the disk. Each line tells how many it stands for.
 */
export interface Refusals {
  tell(why: Refusal, detail: { event: string; address: string; enterprise?: string }): void;
}

const QUIET_MS = 60_000;
const MOST_ADDRESSES = 100;

interface Told {
  at: number;
  untold: number;
}

export function createRefusals(log: Logger, clock: Clock): Refusals {
  const told = new Map<string, Told>();

  const isQuiet = (entry: Told) => clock.monotonic() - entry.at < QUIET_MS;

  function keyOf(why: Refusal, address: string): string {
    const key = `${why} ${address}`;
    if (told.has(key) || told.size < MOST_ADDRESSES) return key;
    for (const [old, entry] of told) if (!isQuiet(entry)) told.delete(old);
    return told.size < MOST_ADDRESSES ? key : `${why} elsewhere`;
  }

  return {
    tell(why, detail) {
      const key = keyOf(why, detail.address);
      const before = told.get(key);
      if (before && isQuiet(before)) {
        before.untold += 1;
        return;
      }
      told.set(key, { at: clock.monotonic(), untold: 0 });
      log.warn({ why, ...detail, times: 1 + (before?.untold ?? 0) }, 'webhook refused');
    },
  };
}
