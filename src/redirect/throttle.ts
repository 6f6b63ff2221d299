import type { Clock } from '../platform/clock.js';

/** A burst is as much as comes in so many seconds. */
const BURST_SECONDS = 3;

/** So many questions a second for each enterprise: a token that got out must not read out whose clients are whose. */
export function createThrottle(clock: Pick<Clock, 'monotonic'>): (enterprise: string, perSecond: number) => boolean {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return (enterprise, perSecond) => {
    const now = clock.monotonic();
    const most = Math.max(1, perSecond * BURST_SECONDS);
    const before = buckets.get(enterprise) ?? { tokens: most, at: now };
    const tokens = Math.min(most, before.tokens + ((now - before.at) / 1_000) * perSecond);
    const admits = tokens >= 1;
    buckets.set(enterprise, { tokens: admits ? tokens - 1 : tokens, at: now });
    return admits;
  };
}
