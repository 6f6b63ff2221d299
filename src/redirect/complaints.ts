import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';

const QUIET_MS = 60_000;
const MOST_KEYS = 1_000;

/** Warns at most once a minute for each key: whoever hammers us must not fill the disk. */
export function createComplaints(
  log: Logger,
  clock: Pick<Clock, 'monotonic'>,
): (key: string, message: string, more?: object) => void {
  const saidAt = new Map<string, number>();
  return (key, message, more = {}) => {
    const now = clock.monotonic();
    if (now - (saidAt.get(key) ?? -Infinity) < QUIET_MS) return;
    if (saidAt.size >= MOST_KEYS) saidAt.clear();
    saidAt.set(key, now);
    log.warn(more, message);
  };
}
