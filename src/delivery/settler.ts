/**
 * Writes down what came of attempts, in batches: while one statement is on its way the next ones gather. Nothing is given
 * up while the process lives: with the database away an attempt's result waits here, with its slot.
 */
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import { settle } from './store.js';
import type { LogRow, Pool, SettleRow } from './store.js';

export interface Settler {
  /** Resolves when it is committed: false when the row is not ours any more, or could not be written. */
  add(row: SettleRow, logs: LogRow[]): Promise<boolean>;
  /** Stop trying against a database that does not answer. */
  giveUp(): void;
}

interface Waiting {
  row: SettleRow;
  logs: LogRow[];
  done(settled: boolean): void;
}

const MAX_BATCH = 250;
const AWAY_MS = 200;

export function createSettler(deps: { pool: Pool; holder: string; clock: Clock; log: Logger }): Settler {
  let waiting: Waiting[] = [];
  let busy = false;
  const stop = new AbortController();

  /** At most one row of a (call, integration), as the statement needs it. */
  function nextBatch(): Waiting[] {
    const calls = new Set<string>();
    const batch: Waiting[] = [];
    const later: Waiting[] = [];
    for (const one of waiting) {
      const call = `${one.row.callId}/${one.row.type}`;
      if (batch.length < MAX_BATCH && !calls.has(call)) batch.push(one);
      else later.push(one);
      calls.add(call);
    }
    waiting = later;
    return batch;
  }

  async function write(batch: Waiting[]): Promise<void> {
    const settled = await settle(
      deps.pool,
      deps.holder,
      batch.map((one) => one.row),
      batch.flatMap((one) => one.logs),
    );
    const ours = new Set(settled);
    for (const one of batch) one.done(ours.has(one.row.id));
  }

  async function writeSurely(batch: Waiting[]): Promise<void> {
    for (;;) {
      try {
        return await write(batch);
      } catch (error) {
        if (isOurFault(error)) return apart(batch, error);
        if (stop.signal.aborted) {
          for (const one of batch) one.done(false);
          return;
        }
        deps.log.warn({ err: error, waiting: waiting.length + batch.length }, 'results wait for the database');
        await deps.clock.sleep(AWAY_MS, stop.signal);
      }
    }
  }

  /** One row the database refuses must not hold up the others, and a log must not hold up its row. */
  async function apart(batch: Waiting[], error: unknown): Promise<void> {
    if (batch.length > 1) {
      for (const one of batch) await writeSurely([one]);
      return;
    }
    const [one] = batch;
    if (!one) return;
    const bare = one.logs.some((log) => log.request !== null || log.response !== null);
    deps.log.error({ err: error, delivery: one.row.id, bare }, 'a result could not be stored as it is');
    if (bare) {
      one.logs = one.logs.map((log) => ({ ...log, request: null, response: null }));
      return writeSurely([one]);
    }
    one.done(false);
  }

  async function drain(): Promise<void> {
    if (busy) return;
    busy = true;
    while (waiting.length > 0) await writeSurely(nextBatch());
    busy = false;
  }

  return {
    add: (row, logs) =>
      new Promise((done) => {
        waiting.push({ row, logs, done });
        void drain();
      }),
    giveUp: () => stop.abort(),
  };
}

/** Data the database refuses (SQLSTATE classes 21, 22, 23, 42, 54), as opposed to a database that does not answer. */
function isOurFault(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^(21|22|23|42|54)[0-9A-Z]{3}$/.test(error.code)
  );
}
