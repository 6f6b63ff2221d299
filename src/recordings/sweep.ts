/**
 * Recordings removed by age, as each enterprise set it when they were kept; beside the lane, which waits for none of it. Every place is gone
 * through from the oldest to the last that is old. What cannot be removed is passed over, told once a sweep with its reason, and tried again
 * by the next.
 */
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import { KeepAway } from './ports.js';
import type { Keep } from './ports.js';
import * as store from './recordings-store.js';
import type { OldRecording, Pool } from './recordings-store.js';

export interface SweepDeps {
  pool: Pool;
  clock: Clock;
  log: Logger;
  /** Every place recordings are kept in, that of a former setting too. */
  keeps: Partial<Record<string, Keep>>;
  onRemoved(): void;
}

export interface Sweep {
  run(signal: AbortSignal): Promise<void>;
}

const EVERY_MS = 10 * 60_000;
const PIECE_ROWS = 200;
/** Between two pieces: others need the disk and the database too. */
const PAUSE_MS = 100;

export function createSweep({ pool, clock, log, keeps, onRemoved }: SweepDeps): Sweep {
  async function* oldIn(keptIn: string, signal: AbortSignal): AsyncGenerator<OldRecording> {
    for (let last: OldRecording | null = null; ; await clock.sleep(PAUSE_MS, signal)) {
      const piece: OldRecording[] = await store.oldIn(pool, keptIn, last, PIECE_ROWS);
      yield* piece;
      last = piece.at(-1) ?? null;
      if (piece.length < PIECE_ROWS) return;
    }
  }

  async function sweepPlace(keptIn: string, place: Keep, signal: AbortSignal): Promise<void> {
    const left = new Map<string, { count: number; recording: string }>();
    try {
      for await (const { id, key } of oldIn(keptIn, signal)) {
        if (signal.aborted) return;
        try {
          await place.remove(key);
        } catch (error) {
          const why = reasonOf(error);
          const known = left.get(why) ?? { count: 0, recording: id };
          left.set(why, { ...known, count: known.count + 1 });
          // The others stand in the same place.
          if (error instanceof KeepAway) return;
          continue;
        }
        if (await store.markRemoved(pool, id)) onRemoved();
      }
    } finally {
      for (const [why, { count, recording }] of left)
        log.warn({ place: keptIn, count, recording, why }, 'old recordings could not be removed');
    }
  }

  async function tellOfUnset(): Promise<void> {
    for (const { keptIn, count } of await store.countOldOutside(pool, Object.keys(keeps)))
      log.warn({ place: keptIn, count, why: 'nothing is set for this place' }, 'old recordings could not be removed');
  }

  return {
    async run(signal) {
      for (; !signal.aborted; await clock.sleep(EVERY_MS, signal)) {
        // One place that is slow holds up no other.
        const places = Object.entries(keeps).map(([keptIn, place]) => place && sweepPlace(keptIn, place, signal));
        for (const one of await Promise.allSettled([...places, tellOfUnset()]))
          if (one.status === 'rejected') log.warn({ err: one.reason as unknown }, 'old recordings are removed later');
      }
    },
  };
}

/** A path differs from file to file; the kind of failure does not. */
function reasonOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code ?? (error instanceof Error ? error.message : String(error));
}
