/**
 * One integration's lane: better-queue in memory. It is handed only rows that may start at once, each the oldest of its
 * call, so order per call holds without the queue's help. The handler never fails as far as the queue knows: what came of
 * an attempt is settled in the table, and the slot is free after that.
 */
import Queue from 'better-queue';

export interface Lane<T> {
  push(task: T): void;
  /** Slots for any row, and for history alone. */
  free(): number;
  freeForHistory(): number;
  inFlight(): number;
}

export interface LaneOptions<T> {
  parallel: number;
  /** Slots history may not use. */
  cardSlots: number;
  isHistory(task: T): boolean;
  /** A rejection is a bug; it frees the slot all the same. */
  handle(task: T): Promise<void>;
  onBug(error: unknown): void;
  /** The slot is free again. */
  onFree(task: T): void;
}

export function createLane<T>(options: LaneOptions<T>): Lane<T> {
  const parallel = Math.max(1, options.parallel);
  let all = 0;
  let history = 0;
  let pushed = 0;

  const queue = new Queue<{ id: string; task: T }, void>(
    ({ task }: { task: T }, done: () => void) => {
      options
        .handle(task)
        .catch(options.onBug)
        .finally(() => {
          all--;
          if (options.isHistory(task)) history--;
          done();
          options.onFree(task);
        });
    },
    { concurrent: parallel, maxRetries: 1 },
  );

  const free = () => Math.max(0, parallel - all);
  return {
    push(task) {
      all++;
      if (options.isHistory(task)) history++;
      // Tasks with equal ids would be merged into one.
      queue.push({ id: String(++pushed), task });
    },
    free,
    freeForHistory: () => Math.min(free(), Math.max(0, parallel - Math.min(options.cardSlots, parallel - 1) - history)),
    inFlight: () => all,
  };
}
