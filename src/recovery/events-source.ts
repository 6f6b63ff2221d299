/**
 * The fleet's event databases as a source: every row since the cursor, whether it was delivered at the time or not, in the order of
 * its time, from the day of the cursor to today.
 */
import type { Fact, FleetEvent } from '../calls/facts.js';
import type { CallState } from '../calls/tracker.js';
import { TrunklineError } from '../platform/errors.js';
import type { Logger } from '../platform/log.js';
import type { SshSession } from '../platform/ssh.js';
import { inBreaths } from './courtesy.js';
import { loadCursor, saveCursor } from './cursor-store.js';
import { fileOfDay, openEventDatabase } from './event-database.js';
import type { EventDatabase, EventRow } from './event-database.js';
import { inTime } from './event-times.js';
import type { Told } from './event-times.js';
import { HostClock, nextDay } from './host-clock.js';
import { keepCalls } from './keep.js';
import type { CallsPort } from './ports.js';
import { Replay } from './replay.js';
import { addProgress, NO_PROGRESS } from './source.js';
import type { Progress, Source, SourceRun } from './source.js';
import { recallEnded } from './store.js';
import type { Pool } from './store.js';

export interface EventsSettings {
  folder: string;
  file: string;
  sqlite3: string;
  days: number;
}

export interface EventsDeps {
  pbx: string;
  enterprise: string;
  timezone: string;
  settings: EventsSettings;
  pool: Pool;
  port: CallsPort;
  log: Logger;
  open(signal: AbortSignal): Promise<SshSession>;
  /** @throws TrunklineError WEBHOOK_MALFORMED */
  readRequest(event: string, request: string, uid: string | null): FleetEvent;
}

interface Place {
  /** The host's day, and the last row read of each table of its file. */
  day: string;
  a: number;
  l: number;
  offMs: number;
}

const PAGE = 2_000;
const DAY_MS = 86_400_000;
/** A host may still write the file of the day before. */
const AFTER_MIDNIGHT_MS = 10 * 60_000;

export function createEventsSource(deps: EventsDeps): Source {
  return { name: 'events', fillsGaps: true, run: (options) => new Run(deps, options).all() };
}

class Run {
  readonly #deps: EventsDeps;
  readonly #options: SourceRun;
  readonly #moves: boolean;
  #clock: HostClock;
  #place: Place = { day: '', a: 0, l: 0, offMs: 0 };
  #replay: Replay | null = null;
  #progress: Progress = NO_PROGRESS;
  #upTo = 0;
  #keeping: Promise<void> = Promise.resolve();
  readonly #rowOf = new WeakMap<Fact, EventRow>();

  constructor(deps: EventsDeps, options: SourceRun) {
    this.#deps = deps;
    this.#options = options;
    this.#moves = options.window === null;
    this.#clock = new HostClock(deps.timezone);
  }

  async all(): Promise<Progress> {
    const { pbx, port, pool } = this.#deps;
    const { until, window, signal } = this.#options;
    const context = port.context(pbx);
    if (!context) return NO_PROGRESS;
    const known = await loadCursor<Place>(pool, pbx, 'events');
    this.#clock = new HostClock(this.#deps.timezone, known?.place.offMs ?? 0);
    const first = this.#clock.dateAt(window?.from ?? until - this.#deps.settings.days * DAY_MS);
    const place = this.#moves ? known?.place : undefined;
    this.#place = place ?? { day: first, a: 0, l: 0, offMs: this.#clock.offMs };
    this.#upTo = this.#moves ? (known?.upTo ?? 0) : 0;
    const open = this.#moves ? (known?.open ?? []) : [];
    this.#replay = new Replay(context, open, (fact, uid, error) => this.#passOver(fact, uid, error));
    const session = await this.#deps.open(signal);
    try {
      while (!signal.aborted && (await this.#day(session))) {
        this.#place = { ...this.#place, day: nextDay(this.#place.day), a: 0, l: 0 };
      }
    } finally {
      session.close();
    }
    if (signal.aborted) throw new TrunklineError('SSH_UNREACHABLE', 'stopped');
    await this.#keeping;
    // What goes on goes on: a call without its end is told by whoever hears that, or by a later run.
    this.#replay.until(until);
    await this.#keep(this.#place);
    return this.#progress;
  }

  /** Reads what the file of a day has left. True when the next day's is to be read. */
  async #day(session: SshSession): Promise<boolean> {
    const { settings } = this.#deps;
    const database = openEventDatabase(session, fileOfDay(settings, this.#place.day), settings.sqlite3);
    let young = false;
    let reading = this.#readAhead(database);
    for (let more = true; more && !young;) {
      const rows = await reading;
      if (rows === null || rows.length === 0) break;
      const page = inTime(rows, { ...this.#times(), full: PAGE });
      if (page.told.length === 0) return false;
      ({ young, cut: more } = page);
      this.#goOnBehind(page.told);
      // The host reads while we store, a page ahead and no more.
      if (more && !young) reading = this.#readAhead(database);
      await this.#page(page.told);
    }
    const { until } = this.#options;
    return !young && this.#clock.dateAt(until - AFTER_MIDNIGHT_MS) > this.#place.day;
  }

  #times() {
    return { clock: this.#clock, day: this.#place.day, upTo: this.#upTo, until: this.#options.until };
  }

  #readAhead(database: EventDatabase): Promise<EventRow[] | null> {
    const reading = database.rows(this.#place, PAGE);
    // Whoever awaits it is told; nobody does when the page before could not be stored.
    reading.catch(() => undefined);
    return reading;
  }

  #goOnBehind(told: readonly Told[]): void {
    const place = { ...this.#place, offMs: this.#clock.offMs };
    for (const { row } of told) place[row.t] = Math.max(place[row.t], row.id);
    this.#place = place;
  }

  async #page(told: readonly Told[]): Promise<void> {
    this.#progress = addProgress(this.#progress, { read: told.length });
    const place = this.#place;
    const facts: Fact[] = [];
    const { pool, pbx, port } = this.#deps;
    await inBreaths(this.#read(told, facts), port.isBusy);
    facts.sort((one, other) => one.at - other.at);
    const recalled = await recallEnded(pool, pbx, this.#replay?.unheard(facts) ?? [], facts[0]?.at ?? 0);
    if (this.#replay) await inBreaths(this.#replay.steps(facts, recalled), port.isBusy);
    this.#upTo = Math.max(this.#upTo, told.at(-1)?.at ?? 0);
    // One page is stored while the next is replayed.
    await this.#keeping;
    this.#keeping = this.#keep(place);
    this.#keeping.catch(() => undefined);
  }

  *#read(told: readonly Told[], facts: Fact[]): Generator<void> {
    for (const { row, at } of told) {
      facts.push(...this.#fact(row, at));
      yield;
    }
  }

  #fact(row: EventRow, at: number): Fact[] {
    if (row.request === null) return [];
    const { enterprise, pbx, log, readRequest } = this.#deps;
    try {
      const event = (row.event ?? '').trim().toLowerCase().replace(/^.*\//, '');
      const fleet = readRequest(event, row.request, row.uid);
      const fact: Fact = { kind: 'fleet', source: 'webhook', at, arrivedAt: at, stamped: true, enterprise, fleet };
      this.#rowOf.set(fact, row);
      return [fact];
    } catch (error) {
      if (!(error instanceof TrunklineError)) throw error;
      log.warn({ pbx, day: this.#place.day, table: row.t, row: row.id, err: error }, 'a row could not be read');
      this.#progress = addProgress(this.#progress, { unreadable: 1 });
      return [];
    }
  }

  #passOver(fact: Fact, uid: string, error: unknown): void {
    const { pbx, log } = this.#deps;
    const row = this.#rowOf.get(fact);
    const where = row ? { day: this.#place.day, table: row.t, row: row.id } : {};
    log.error({ pbx, ...where, uid, fact: fact.kind, err: error }, 'a fact could not be folded and is passed over');
    this.#progress = addProgress(this.#progress, { unreadable: 1 });
  }

  /** What is over so far, and with it the cursor. */
  async #keep(place: Place): Promise<void> {
    const { pbx, port } = this.#deps;
    const replay = this.#replay;
    if (!replay) return;
    const over = replay.takeOver().filter((call) => this.#isAsked(call.state));
    const open = [...replay.open()];
    const upTo = this.#upTo;
    const kept = await keepCalls(port, pbx, over, async (tx) => {
      if (this.#moves) await saveCursor(tx, pbx, 'events', { place, open, upTo });
    });
    this.#progress = addProgress(this.#progress, kept);
    this.#options.onProgress(this.#progress);
  }

  #isAsked({ startedAt, endedAt, lastAt }: CallState): boolean {
    const { window } = this.#options;
    return window === null || ((endedAt ?? lastAt) >= window.from && startedAt <= window.to);
  }
}
