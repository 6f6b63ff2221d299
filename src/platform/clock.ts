/** Time as a part that can be handed in: tests turn it by hand. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  /** Milliseconds of a clock that never steps back; only differences mean anything. */
  monotonic(): number;
  /** Resolves after `ms`, or at once when `signal` aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A step of less than this passes as the unevenness of clocks. */
const STEP_MS = 1_000;

/**
 * A clock that notices when this machine's time is set. `onStep` is told by how much before anybody is told the new time, so
 * whatever was dated before comes before it.
 */
export function noticeSteps(clock: Clock, onStep: (byMs: number) => void): Clock {
  let difference = clock.now() - clock.monotonic();
  return {
    now() {
      const now = clock.now();
      const by = now - clock.monotonic() - difference;
      if (Math.abs(by) < STEP_MS) return now;
      difference += by;
      onStep(by);
      return now;
    },
    monotonic: () => clock.monotonic(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
  };
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const over = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', over);
        resolve();
      };
      const timer = setTimeout(over, ms);
      signal?.addEventListener('abort', over);
    }),
};
