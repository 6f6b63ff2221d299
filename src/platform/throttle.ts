import type { Clock } from './clock.js';

/** A burst is as much as comes in so many seconds. */
const BURST_SECONDS = 3;

/** So many a second for each key. */
export function createThrottle(clock: Pick<Clock, 'monotonic'>): (key: string, perSecond: number) => boolean {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return (key, perSecond) => {
    const now = clock.monotonic();
    const most = Math.max(1, perSecond * BURST_SECONDS);
    const before = buckets.get(key) ?? { tokens: most, at: now };
    const tokens = Math.min(most, before.tokens + ((now - before.at) / 1_000) * perSecond);
    const admits = tokens >= 1;
    buckets.set(key, { tokens: admits ? tokens - 1 : tokens, at: now });
    return admits;
  };
}
