/**
 * How fast history goes to CRMs: of each account the first few at once, the rest spread out over a share of what the account allows, so
 * that live finishes and cards have the larger part of it, whatever is recovered; and never so fast that it is this daemon it keeps
 * busy, which many accounts share.
 */
import type { Clock } from '../platform/clock.js';

const SHARE = 0.5;
const AT_ONCE = 10;
const MOST_PER_SECOND = 3;
/** Of all accounts that are told of history. */
const MOST_IN_ALL = 4;

/** `rateOf`: of the account; null when there is none, and then nothing is spread out. */
export function createPace(
  clock: Pick<Clock, 'monotonic'>,
  rateOf: (enterprise: string, type: string) => { perSecond: number } | null,
): (enterprise: string, type: string) => number {
  /** By account: when its last one goes, by the monotonic clock. */
  const last = new Map<string, number>();
  return (enterprise, type) => {
    const rate = rateOf(enterprise, type);
    if (!rate) return 0;
    const now = clock.monotonic();
    const key = `${enterprise}/${type}`;
    // What was spread out before others came stays as it was: of n accounts all get a little more than the bound, never n times it.
    const others = [...last].filter(([account, at]) => account !== key && at > now).length;
    const most = Math.min(MOST_PER_SECOND, MOST_IN_ALL / (1 + others));
    const everyMs = 1_000 / Math.min(most, Math.max(0.01, rate.perSecond * SHARE));
    const at = Math.max(last.get(key) ?? 0, now - everyMs * AT_ONCE) + everyMs;
    last.set(key, at);
    return Math.max(0, at - now);
  };
}
