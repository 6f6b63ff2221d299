/**
 * How fast history goes to a CRM: the first few at once, the rest spread out over a share of what the account allows, so that live
 * finishes and cards have the larger part of it, whatever is recovered; and never so fast that it is this daemon it keeps busy.
 */
import type { Clock } from '../platform/clock.js';

const SHARE = 0.5;
const AT_ONCE = 10;
const MOST_PER_SECOND = 3;

/** `rateOf`: of the account; null when there is none, and then nothing is spread out. */
export function createPace(
  clock: Pick<Clock, 'monotonic'>,
  rateOf: (enterprise: string, type: string) => { perSecond: number } | null,
  share = SHARE,
): (enterprise: string, type: string) => number {
  /** By account: when its last one goes, by the monotonic clock. */
  const last = new Map<string, number>();
  return (enterprise, type) => {
    const rate = rateOf(enterprise, type);
    if (!rate) return 0;
    const everyMs = 1_000 / Math.min(MOST_PER_SECOND, Math.max(0.01, rate.perSecond * share));
    const now = clock.monotonic();
    const key = `${enterprise}/${type}`;
    const at = Math.max(last.get(key) ?? 0, now - everyMs * AT_ONCE) + everyMs;
    last.set(key, at);
    return Math.max(0, at - now);
  };
}
