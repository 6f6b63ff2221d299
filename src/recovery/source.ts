/** A place where a PBX keeps what it told. */
import type { Kept } from './keep.js';

export interface Progress extends Kept {
  /** Rows read. */
  read: number;
  /** Rows that could not be read. */
  unreadable: number;
}

export const NO_PROGRESS: Progress = { read: 0, unreadable: 0, stored: 0, known: 0, nobodys: 0 };

export function addProgress(one: Progress, more: Partial<Progress>): Progress {
  return {
    read: one.read + (more.read ?? 0),
    unreadable: one.unreadable + (more.unreadable ?? 0),
    stored: one.stored + (more.stored ?? 0),
    known: one.known + (more.known ?? 0),
    nobodys: one.nobodys + (more.nobodys ?? 0),
  };
}

export interface SourceRun {
  /** Unix ms: nothing later is looked at. */
  until: number;
  /** Calls of this time are read again, whatever was read before; null: goes on where it ended. */
  window: { from: number; to: number } | null;
  signal: AbortSignal;
  onProgress(progress: Progress): void;
}

export interface Source {
  name: 'events' | 'cdr';
  /** It has what was told while nobody listened. */
  fillsGaps: boolean;
  /** @throws TrunklineError when the host, a file or the database could not be had; what was stored before stays */
  run(options: SourceRun): Promise<Progress>;
}
