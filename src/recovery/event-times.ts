/**
 * When the rows of a host's event database were written, and which of a page's may be taken: those old enough, as far as both tables were
 * read. Rows are read by their ids, so a stamp that is missing or wrong holds back none behind it. Pure.
 */
import type { EventRow } from './event-database.js';
import type { HostClock } from './host-clock.js';

/** A row, and when it was written: Unix ms. */
export interface Told {
  row: EventRow;
  at: number;
}

export interface Times {
  /** Learns from the rows. */
  clock: HostClock;
  /** The host's day the file is of. */
  day: string;
  /** Up to when rows were taken before; 0: none. Unix ms. */
  upTo: number;
  /** Nothing later is old enough. Unix ms. */
  until: number;
  /** Of a table that gave so many there may be more. */
  full: number;
}

export interface Page {
  /** In the order of their time. */
  told: Told[];
  /** One was left out that is too young. */
  young: boolean;
  /** There may be more. */
  cut: boolean;
}

/** Nothing is stamped so far ahead of now but by a clock that was wrong for a while. */
const AHEAD_MS = 86_400_000;

/**
 * Of each table those before the first one left out: ids tell how far it was read, and a clock that was set back leaves later ones with
 * earlier stamps.
 */
export function inTime(rows: readonly EventRow[], times: Times): Page {
  for (const row of rows) if (row.event === 'start') times.clock.learn(row.at, row.uid);
  const ends: number[] = [];
  let young = false;
  const dated = (['a', 'l'] as const).flatMap((table) => {
    const timed = timesOf(
      rows.filter((row) => row.t === table),
      times,
    );
    const from = timed.findIndex(({ at }) => at > times.until);
    if (from >= 0) young = true;
    else if (timed.length === times.full) ends.push(Math.max(...timed.map(({ at }) => at)));
    return [from >= 0 ? timed.slice(0, from) : timed];
  });
  const end = Math.min(...ends, Number.POSITIVE_INFINITY);
  const told = dated.flatMap((timed) => upTo(timed, end)).sort((one, other) => one.at - other.at);
  return { told, young, cut: ends.length > 0 };
}

/** A stamp that cannot be read, or cannot be right, is that of the row before, else of the row behind. */
function timesOf(rows: readonly EventRow[], times: Times): Told[] {
  const { clock, until } = times;
  // One far ahead is none: its row would be too young until then, and hold back all behind it.
  const stampOf = ({ at: stamp }: EventRow) => {
    const at = clock.at(stamp);
    return at === null || at > until + AHEAD_MS ? null : at;
  };
  let last = times.upTo || firstOf(rows, stampOf) || (clock.at(`${times.day} 00:00:00`) ?? 0);
  return rows.map((row) => ({ row, at: (last = stampOf(row) ?? last) }));
}

function firstOf(rows: readonly EventRow[], stampOf: (row: EventRow) => number | null): number | null {
  for (const row of rows) {
    const at = stampOf(row);
    if (at !== null) return at;
  }
  return null;
}

function upTo(timed: readonly Told[], end: number): readonly Told[] {
  const left = timed.findIndex(({ at }) => at > end);
  return left >= 0 ? timed.slice(0, left) : timed;
}
