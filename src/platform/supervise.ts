/**
 * Keeps a part running: one that fails is started again, and is in `failed` until it has run for a while. What it failed
 * of is told there, for /readyz and the watchdog.
 */
import type { Clock } from './clock.js';
import type { Logger } from './log.js';

export interface SuperviseOptions {
  clock: Clock;
  log: Logger;
  /** Why a part is not well, by its name. */
  failed: Map<string, string>;
  signal: AbortSignal;
  /** True for a failure that is told elsewhere and no fault of the part: a database that is away. */
  excused?: (error: unknown) => boolean;
  /** Between a failure and the next start. */
  restartMs?: number;
  /** A part that has run for so long after a failure is well again. */
  wellAfterMs?: number;
}

/** Resolves when the signal has aborted and the part has returned. Never rejects. */
export async function supervise(
  name: string,
  run: (signal: AbortSignal) => Promise<void>,
  { clock, log, failed, signal, excused = () => false, restartMs = 1_000, wellAfterMs = 5_000 }: SuperviseOptions,
): Promise<void> {
  while (!signal.aborted) {
    const over = new AbortController();
    const well = clock.sleep(wellAfterMs, over.signal).then(() => {
      if (!over.signal.aborted) failed.delete(name);
    });
    try {
      await run(signal);
      failed.delete(name);
    } catch (error) {
      if (excused(error)) log.warn({ worker: name, err: error }, 'a part was interrupted and is started again');
      else {
        failed.set(name, error instanceof Error ? error.message : String(error));
        log.error({ worker: name, err: error }, 'a part failed and is started again');
      }
    } finally {
      over.abort();
      await well;
    }
    if (!signal.aborted) await clock.sleep(restartMs, signal);
  }
}
