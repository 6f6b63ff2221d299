/**
 * The config cache: every running enterprise, in memory. Look-ups are `Map` reads, so no call ever waits for a query.
 *
 * It is read whole: when told of a change (NOTIFY), every 5 minutes with jitter in case a notice was missed, and soon again
 * after a failure. What is read replaces what was there, so what was disabled or deleted is forgotten. While the
 * database is away the last good state stays; so does an enterprise whose stored settings no longer parse.
 */
import type { Enterprise } from '../config/enterprise.js';
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import { enterpriseOf } from './enterprise-row.js';
import type { Vault } from './secrets.js';
import { readRunning, readSubscribers } from './store.js';
import type { Queryable } from './store.js';

const REFRESH_MS = 5 * 60_000;
/** Part of the interval by which refreshes are spread, so that many daemons do not ask at once. */
const JITTER = 0.2;
const RETRY_MS = { first: 500, max: 30_000 };

export interface DirectoryStats {
  enterprises: number;
  hits: number;
  misses: number;
  /** Milliseconds since the last good read; null before the first. */
  ageMs: number | null;
  failures: number;
  /** Why an enterprise runs on its former settings or not at all, by number. */
  problems: ReadonlyMap<string, string>;
}

export interface Directory {
  byToken(token: string): Enterprise | null;
  byNumber(number: string): Enterprise | null;
  /** By the key of their PBX; those switched off are among them. */
  onPbx(key: string): readonly Enterprise[];
  all(): readonly Enterprise[];
  /** Calls back after a read that changed something, with the numbers that did. Returns the undo. */
  onChange(callback: (numbers: readonly string[]) => void): () => void;
  /** Reads now. @throws the database's error; what was known stays */
  refresh(): Promise<void>;
  /** A notice came: reads soon, once for many notices. */
  invalidate(): void;
  /** True once a read has succeeded. */
  loaded(): boolean;
  stats(): DirectoryStats;
  /** Refreshes until the signal aborts; never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

export interface DirectoryDeps {
  db: Queryable;
  vault: Vault;
  clock: Clock;
  log: Logger;
  refreshMs?: number;
  random?: () => number;
}

interface Known {
  byNumber: Map<string, Enterprise>;
  byToken: Map<string, Enterprise>;
  byPbx: Map<string, Enterprise[]>;
}

export function createDirectory(deps: DirectoryDeps): Directory {
  const { db, vault, clock, log, refreshMs = REFRESH_MS, random = Math.random } = deps;
  let known: Known = index([]);
  let problems = new Map<string, string>();
  let loadedAt: number | null = null;
  const count = { hits: 0, misses: 0, failures: 0 };
  const listeners = new Set<(numbers: readonly string[]) => void>();
  let reading: Promise<void> | null = null;
  let queued: Promise<void> | null = null;
  /** Aborted to end the pause between two reads. */
  let pause = new AbortController();

  async function read(): Promise<void> {
    const [rows, secrets] = [await readRunning(db), await vault.open(db)];
    const subscribers = await readSubscribers(db);
    const found: Enterprise[] = [];
    const wrong = new Map<string, string>();
    for (const row of rows) {
      try {
        const enterprise = enterpriseOf(row, secrets.lookup(row.number), secrets.fields(row.number));
        found.push(withSubscribers(enterprise, subscribers));
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        wrong.set(row.number, why);
        if (problems.get(row.number) !== why)
          log.error({ enterprise: row.number, why }, 'stored settings do not parse');
        const former = known.byNumber.get(row.number);
        if (former) found.push(former);
      }
    }
    problems = wrong;
    loadedAt = clock.monotonic();
    const before = known;
    known = index(found);
    tell(changedBetween(before.byNumber, known.byNumber));
  }

  function tell(numbers: string[]): void {
    if (numbers.length === 0) return;
    for (const listener of listeners) {
      try {
        listener(numbers);
      } catch (error) {
        log.error({ err: error }, 'a listener to settings failed');
      }
    }
  }

  /** A read that begins after this call. Reads never overlap, so an older answer cannot replace a newer one. */
  function refresh(): Promise<void> {
    if (!reading) {
      reading = read().finally(() => (reading = null));
      return reading;
    }
    queued ??= reading
      .catch(() => undefined)
      .then(() => {
        queued = null;
        return refresh();
      });
    return queued;
  }

  function look(map: Map<string, Enterprise>, key: string): Enterprise | null {
    const found = map.get(key) ?? null;
    if (found) count.hits += 1;
    else count.misses += 1;
    return found;
  }

  return {
    byToken: (token) => look(known.byToken, token),
    byNumber: (number) => look(known.byNumber, number),
    onPbx: (key) => known.byPbx.get(key) ?? [],
    all: () => [...known.byNumber.values()],
    onChange(callback) {
      listeners.add(callback);
      return () => listeners.delete(callback);
    },
    refresh,
    invalidate: () => pause.abort(),
    loaded: () => loadedAt !== null,
    stats: () => ({
      enterprises: known.byNumber.size,
      ...count,
      ageMs: loadedAt === null ? null : clock.monotonic() - loadedAt,
      problems,
    }),
    async run(signal) {
      const end = () => pause.abort();
      signal.addEventListener('abort', end);
      let retryMs = RETRY_MS.first;
      // Who starts this has read once already, as a rule; a second read at once would tell nothing new.
      let waitMs = loadedAt === null ? 0 : refreshMs;
      while (!signal.aborted) {
        await clock.sleep(waitMs * (1 + JITTER * (random() - 0.5)), pause.signal);
        // Notices that come from here on belong to the next round.
        pause = new AbortController();
        if (signal.aborted) break;
        try {
          await refresh();
          [waitMs, retryMs] = [refreshMs, RETRY_MS.first];
        } catch (error) {
          count.failures += 1;
          log.warn(
            { err: String(error), enterprises: known.byNumber.size },
            'settings could not be read; the last ones stay',
          );
          [waitMs, retryMs] = [retryMs, Math.min(retryMs * 2, RETRY_MS.max)];
        }
      }
      signal.removeEventListener('abort', end);
    },
  };
}

/** The old system keeps the readers of a bot in a table of its own. */
function withSubscribers(enterprise: Enterprise, subscribers: ReadonlyMap<string, string[]>): Enterprise {
  const { telegram } = enterprise.integrations;
  const chats = subscribers.get(String(telegram?.['bot_token'] ?? ''));
  if (!telegram || !chats) return enterprise;
  return { ...enterprise, integrations: { ...enterprise.integrations, telegram: { ...telegram, subscribers: chats } } };
}

function index(enterprises: readonly Enterprise[]): Known {
  const known: Known = { byNumber: new Map(), byToken: new Map(), byPbx: new Map() };
  for (const enterprise of enterprises) {
    known.byNumber.set(enterprise.number, enterprise);
    if (enterprise.token !== null) known.byToken.set(enterprise.token, enterprise);
    known.byPbx.set(enterprise.pbxKey, [...(known.byPbx.get(enterprise.pbxKey) ?? []), enterprise]);
  }
  return known;
}

function changedBetween(before: Map<string, Enterprise>, after: Map<string, Enterprise>): string[] {
  const numbers = new Set([...before.keys(), ...after.keys()]);
  return [...numbers].filter((number) => JSON.stringify(before.get(number)) !== JSON.stringify(after.get(number)));
}
