/**
 * What is new in the log of an enterprise, as it comes, gone on with after a break without a gap or a repeat.
 *
 * A row has the time its transaction began and is seen when that commits, so rows become visible out of order. What is younger
 * than `LATE_MS` may still get an elder: the cursor is a time before which all is known (`since`) and the ids given from then on.
 * Every row carries the cursor behind it as its id; whoever comes back with the last one he got reads on from there. Rows younger
 * than the cursor are read again each turn, which is why the window is short.
 */
import type { LogListed } from './logs-store.js';

/** No transaction that writes to the log takes longer. */
const LATE_MS = 15_000;
const PAGE = 200;
/** Of an enterprise in `LATE_MS`. */
const MOST_SEEN = 2_000;

export interface Cursor {
  /** ISO with microseconds. */
  since: string;
  /** Of the rows given, those from `since` on, by their time. */
  seen: ReadonlyMap<string, string>;
}

export type ReadNew = (since: string, after: { at: string; id: string } | null, limit: number) => Promise<LogListed[]>;

export interface LiveLogOptions {
  read: ReadNew;
  /** The database's clock, ISO with microseconds. */
  now(): Promise<string>;
  from: Cursor;
  /** Resolves when there may be something, or after a while. */
  wait(signal: AbortSignal): Promise<void>;
  signal: AbortSignal;
}

export async function* liveLog(options: LiveLogOptions): AsyncGenerator<{ id: string; row: LogListed }> {
  const { read, now, wait, signal } = options;
  let cursor = options.from;
  while (!signal.aborted) {
    let after: { at: string; id: string } | null = null;
    for (let more = true; more && !signal.aborted;) {
      // Asked before the rows: what is younger than this by then may not have been seen.
      const settled = minus(await now(), LATE_MS);
      const rows = await read(cursor.since, after, PAGE);
      for (const row of rows) {
        after = { at: row.at, id: row.id };
        if (cursor.seen.has(row.id)) continue;
        cursor = withRow(cursor, row, settled);
        yield { id: written(cursor), row };
      }
      more = rows.length === PAGE;
      if (!more) cursor = advanced(cursor, settled);
    }
    await wait(signal);
  }
}

/** Where the log is now. What stands there already is not new, though it may be younger than what is still to come. */
export async function endOfLog({ read, now }: Pick<LiveLogOptions, 'read' | 'now'>): Promise<Cursor> {
  const since = minus(await now(), LATE_MS);
  const seen = new Map<string, string>();
  for (let after: { at: string; id: string } | null = null, more = true; more;) {
    const rows = await read(since, after, PAGE);
    for (const { id, at } of rows) seen.set(id, at);
    const last = rows.at(-1);
    after = last ? { at: last.at, id: last.id } : null;
    more = rows.length === PAGE;
  }
  return { since, seen };
}

function withRow({ since, seen }: Cursor, row: LogListed, settled: string): Cursor {
  const grown = { since, seen: new Map(seen).set(row.id, row.at) };
  // Rows come by their time: before this one and before what may still come, all is known.
  return advanced(grown, row.at < settled ? row.at : settled);
}

function advanced({ since, seen }: Cursor, to: string): Cursor {
  if (to <= since) return { since, seen };
  return { since: to, seen: new Map([...seen].filter(([, at]) => at >= to)) };
}

function minus(iso: string, ms: number): string {
  const micros = iso.slice(23, 26);
  return new Date(Date.parse(iso) - ms).toISOString().replace('Z', `${micros}Z`);
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** As the id of a row: `2026-01-02T03:04:05.678901Z~<ids in base 36, the first whole, then what each is more>`. */
export function written({ since, seen }: Cursor): string {
  let before = 0n;
  const ids = [...seen.keys()].map(BigInt).sort((a, b) => (a < b ? -1 : 1));
  const steps = ids.map((id) => {
    const step = (id - before).toString(36);
    before = id;
    return step;
  });
  return `${since}~${steps.join('.')}`;
}

/** Null for what is no cursor of ours. The times of what was seen are not in it: they count as young. */
export function readCursor(text: string): Cursor | null {
  const [since = '', list = '', more] = text.split('~');
  const steps = list === '' ? [] : list.split('.');
  if (more !== undefined || !TIME.test(since) || Number.isNaN(Date.parse(since))) return null;
  if (steps.length > MOST_SEEN || !steps.every((step) => /^[0-9a-z]{1,13}$/.test(step))) return null;
  const seen = new Map<string, string>();
  let id = 0n;
  for (const step of steps) {
    id += BigInt(parseInt(step, 36));
    seen.set(id.toString(), '9999');
  }
  return { since, seen };
}
