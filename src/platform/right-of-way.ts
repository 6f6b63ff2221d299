/**
 * A few milliseconds that somebody on the phone waits for go before work of this process that can wait. What waits never
 * waits long, whoever forgets to give way again.
 */
import type { Clock } from './clock.js';

const MOST_MS = 20;

export interface RightOfWay {
  /** Taken until the answer is called. */
  take(): () => void;
  /** Resolves when nobody has it any more, at the latest after 20 ms; null when nobody has it. */
  whenFree(): Promise<void> | null;
}

export function createRightOfWay(clock: Pick<Clock, 'sleep'>): RightOfWay {
  const holders = new Set<symbol>();
  let free = new AbortController();

  return {
    take() {
      const holder = Symbol('holder');
      holders.add(holder);
      return () => {
        if (!holders.delete(holder) || holders.size > 0) return;
        free.abort('free');
        free = new AbortController();
      };
    },
    whenFree: () => (holders.size === 0 ? null : clock.sleep(MOST_MS, free.signal)),
  };
}
