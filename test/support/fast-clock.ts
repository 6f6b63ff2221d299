import type { Clock } from '../../src/platform/clock.js';
import { systemClock } from '../../src/platform/clock.js';

/** A clock on which a second lasts `1000 / factor` ms, so that half a minute of patience is tried in half a second. */
export function createFastClock(factor: number): Clock {
  const beganAt = Date.now();
  const began = performance.now();
  const elapsed = () => (performance.now() - began) * factor;
  return {
    now: () => beganAt + elapsed(),
    monotonic: elapsed,
    sleep: (ms, signal) => systemClock.sleep(ms / factor, signal),
  };
}
