/** Tells who waits for news of an enterprise that there is some. News of another daemon is found by looking now and then. */
import type { Clock } from '../platform/clock.js';

export interface Feed {
  changed(enterprise: string): void;
  /** Where the news of an enterprise is now: what comes after it does not get lost before `next`. */
  mark(enterprise: string): number;
  /** Resolves when there is news since `mark`, or after `ms`. */
  next(enterprise: string, mark: number, ms: number, signal: AbortSignal): Promise<void>;
}

interface Entry {
  news: number;
  waiting: Set<() => void>;
}

export function createFeed(clock: Clock): Feed {
  const entries = new Map<string, Entry>();

  function entryOf(enterprise: string): Entry {
    const known = entries.get(enterprise);
    if (known) return known;
    const entry: Entry = { news: 0, waiting: new Set() };
    entries.set(enterprise, entry);
    return entry;
  }

  return {
    changed(enterprise) {
      const entry = entryOf(enterprise);
      entry.news += 1;
      for (const wake of entry.waiting) wake();
    },
    mark: (enterprise) => entryOf(enterprise).news,
    async next(enterprise, mark, ms, signal) {
      const entry = entryOf(enterprise);
      if (entry.news !== mark) return;
      const over = new AbortController();
      const wake = () => over.abort();
      entry.waiting.add(wake);
      await clock.sleep(ms, AbortSignal.any([signal, over.signal]));
      entry.waiting.delete(wake);
    },
  };
}
