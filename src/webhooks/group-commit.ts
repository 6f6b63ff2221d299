/**
 * Many writers, one commit: items that come within a few milliseconds, or while a write is under way, are written
 * together, in the order they came. One write runs at a time, so a later item is never stored before an earlier one.
 */
export interface GroupCommit<T> {
  /** Settles as `write` decides for this item. */
  add(item: T): Promise<void>;
  /** Items not settled yet. */
  waiting(): number;
  /** Resolves when everything added so far is settled. */
  settled(): Promise<void>;
}

export interface GroupCommitOptions<T> {
  /** Resolves when the batch is written: nothing for "all of it", or one result an item, null where it went well. */
  write(batch: readonly T[]): Promise<void | readonly (Error | null)[]>;
  maxBatch?: number;
  /** How long the first item waits for company. */
  maxDelayMs?: number;
}

interface Waiting<T> {
  item: T;
  resolve(): void;
  reject(error: Error): void;
}

export function createGroupCommit<T>(options: GroupCommitOptions<T>): GroupCommit<T> {
  const { write, maxBatch = 500, maxDelayMs = 2 } = options;
  let queue: Waiting<T>[] = [];
  let inFlight = 0;
  let timer: NodeJS.Timeout | null = null;
  let last: Promise<void> = Promise.resolve();

  function schedule(): void {
    if (inFlight > 0 || queue.length === 0) return;
    if (queue.length >= maxBatch) start();
    else timer ??= setTimeout(start, maxDelayMs);
  }

  function start(): void {
    if (timer) clearTimeout(timer);
    timer = null;
    const batch = queue.slice(0, maxBatch);
    queue = queue.slice(maxBatch);
    inFlight = batch.length;
    last = settle(batch).then(() => {
      inFlight = 0;
      // Whoever came meanwhile has waited already.
      if (queue.length > 0) start();
    });
  }

  async function settle(batch: readonly Waiting<T>[]): Promise<void> {
    try {
      const results = await write(batch.map(({ item }) => item));
      batch.forEach(({ resolve, reject }, index) => {
        const error = results?.[index];
        if (error) reject(error);
        else resolve();
      });
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      for (const { reject } of batch) reject(failure);
    }
  }

  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        queue.push({ item, resolve, reject });
        schedule();
      }),
    waiting: () => queue.length + inFlight,
    async settled() {
      while (queue.length + inFlight > 0) {
        if (inFlight === 0) start();
        await last;
      }
    },
  };
}
