/**
 * Open subscriptions. Each holds for as long as its session may see it: it is asked again every minute, and at once when that
 * session logs out here. Whoever logs out in another process is found within that minute.
 */
import type { Clock } from '../platform/clock.js';

const ASK_MS = 60_000;

export interface Watched {
  token: string | null;
  /** Whether it may go on. A rejection is no answer: asked again next time. */
  may(): Promise<boolean>;
}

export interface Watch {
  /** Aborted when the subscription must end; `end` when it has. */
  open(watched: Watched): { signal: AbortSignal; end(): void };
  /** Ends what was opened with these sessions. */
  closed(token: string): void;
  /** Asks for all, now. */
  ask(): Promise<void>;
  size(): number;
  run(signal: AbortSignal): Promise<void>;
}

export function createWatch(clock: Clock): Watch {
  const open = new Map<AbortController, Watched>();

  async function ask(): Promise<void> {
    await Promise.all(
      [...open].map(async ([controller, watched]) => {
        const may = await watched.may().catch(() => true);
        if (!may) controller.abort();
      }),
    );
  }

  return {
    open(watched) {
      const controller = new AbortController();
      open.set(controller, watched);
      return { signal: controller.signal, end: () => void open.delete(controller) };
    },
    closed(token) {
      for (const [controller, watched] of open) if (watched.token === token) controller.abort();
    },
    ask,
    size: () => open.size,
    async run(signal) {
      for (; !signal.aborted; await clock.sleep(ASK_MS, signal)) await ask();
    },
  };
}
