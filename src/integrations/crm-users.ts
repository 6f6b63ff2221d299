/**
 * Who works in each CRM account: loaded from the CRM, kept as the last good copy, asked anew every hour and when an account is
 * new. `of` is a `Map` read, for every delivery.
 *
 * States of an account: unknown → known (from the database, else from the CRM) → known and fresh.
 * - An answer that is empty, or lacks more than half of the active users we knew, is not believed: the last good copy stays and
 *   the reason is kept. A person who presses "load" has seen the list and overrules that (`force`).
 * - The CRM cannot be asked: the copy stays, however old; asked again in five minutes.
 * - Another account under the same name (other portal, other key): its predecessor's users are forgotten.
 * - Several daemons: who finds a copy younger than an hour takes it and does not ask.
 */
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import type { LiveConnection } from './connections.js';
import type { CrmUser } from './contract.js';
import { readUsers, writeUsers } from './crm-users-store.js';
import type { Queryable } from './crm-users-store.js';

const FRESH_MS = 60 * 60_000;
const RETRY_MS = 5 * 60_000;
const TURN_MS = 15_000;
const ASK_MS = 60_000;
/** Fewer than this may come and go as they like. */
const FEW = 4;

export interface LoadedUsers {
  users: readonly CrmUser[];
  /** Unix ms; null before the first good answer. */
  loadedAt: number | null;
  /** Why the last answer is not what is used; null when it is. */
  problem: string | null;
}

export interface CrmUsers {
  of(enterprise: string, type: string): readonly CrmUser[];
  state(enterprise: string, type: string): LoadedUsers;
  /** Asks now. `force` takes whatever comes, unless it is a failure. */
  load(enterprise: string, type: string, options?: { force?: boolean; signal?: AbortSignal }): Promise<LoadedUsers>;
  run(signal: AbortSignal): Promise<void>;
}

export interface CrmUsersDeps {
  db: Queryable;
  clock: Clock;
  log: Logger;
  /** The accounts there are now. */
  accounts(): readonly { enterprise: string; type: string }[];
  live(enterprise: string, type: string): LiveConnection | null;
}

interface Entry extends LoadedUsers {
  account: string;
  /** Monotonic. */
  askAt: number;
}

export function createCrmUsers({ db, clock, log, accounts, live }: CrmUsersDeps): CrmUsers {
  const entries = new Map<string, Entry>();
  const keyOf = (enterprise: string, type: string) => `${enterprise}/${type}`;

  function entryOf(enterprise: string, type: string, account: string): Entry {
    const key = keyOf(enterprise, type);
    const known = entries.get(key);
    if (known?.account === account) return known;
    const entry = { account, users: [], loadedAt: null, problem: null, askAt: 0 };
    entries.set(key, entry);
    return entry;
  }

  async function load(
    enterprise: string,
    type: string,
    { force = false, signal }: { force?: boolean; signal?: AbortSignal } = {},
  ): Promise<LoadedUsers> {
    const found = live(enterprise, type);
    if (!found?.connection.users) return { users: [], loadedAt: null, problem: 'this account has no list of users' };
    const entry = entryOf(enterprise, type, found.limitKey);
    entry.askAt = clock.monotonic() + RETRY_MS;
    try {
      const limit = AbortSignal.timeout(ASK_MS);
      const users = await found.connection.users(signal ? AbortSignal.any([signal, limit]) : limit);
      const why = force ? null : whyNotBelieved(entry.users, users);
      if (why === null) {
        await writeUsers(db, enterprise, type, { account: found.limitKey, users });
        Object.assign(entry, { users, loadedAt: clock.now(), problem: null, askAt: clock.monotonic() + FRESH_MS });
      } else {
        entry.problem = why;
        log.warn({ enterprise, integration: type, why }, 'a list of CRM users is not believed');
      }
    } catch (error) {
      entry.problem = error instanceof Error ? error.message : String(error);
      log.warn({ enterprise, integration: type, why: entry.problem }, 'CRM users could not be loaded');
    }
    return entry;
  }

  /** What another daemon, or we ourselves in a former life, loaded. */
  async function recall(enterprise: string, type: string, entry: Entry): Promise<void> {
    const stored = await readUsers(db, enterprise, type);
    if (stored?.account !== entry.account) return;
    const { users, loadedAt, ageMs } = stored;
    Object.assign(entry, { users, loadedAt, askAt: clock.monotonic() + Math.max(0, FRESH_MS - ageMs) });
  }

  async function turn(signal: AbortSignal): Promise<void> {
    const wanted = accounts();
    const keys = new Set(wanted.map(({ enterprise, type }) => keyOf(enterprise, type)));
    for (const key of entries.keys()) if (!keys.has(key)) entries.delete(key);
    for (const { enterprise, type } of wanted) {
      if (signal.aborted) return;
      const found = live(enterprise, type);
      if (!found?.connection.users) continue;
      const entry = entryOf(enterprise, type, found.limitKey);
      if (clock.monotonic() < entry.askAt) continue;
      try {
        await recall(enterprise, type, entry);
      } catch (error) {
        // Without the database there is nothing to keep an answer in either.
        log.debug({ err: error }, 'the users of a CRM could not be read');
        return;
      }
      if (clock.monotonic() >= entry.askAt) await load(enterprise, type, { signal });
    }
  }

  return {
    of: (enterprise, type) => entries.get(keyOf(enterprise, type))?.users ?? [],
    state: (enterprise, type) =>
      entries.get(keyOf(enterprise, type)) ?? { users: [], loadedAt: null, problem: 'not loaded yet' },
    load,
    async run(signal) {
      for (; !signal.aborted; await clock.sleep(TURN_MS, signal)) await turn(signal);
    },
  };
}

/** Null when the new list may replace the old one. */
export function whyNotBelieved(known: readonly CrmUser[], came: readonly CrmUser[]): string | null {
  const active = (users: readonly CrmUser[]) => users.filter((user) => user.active);
  const [before, now] = [active(known), active(came)];
  if (now.length === 0 && before.length > 0) return `the CRM answered no active user where it had ${before.length}`;
  if (before.length < FEW) return null;
  const staying = new Set(now.map(({ id }) => id));
  const gone = before.filter(({ id }) => !staying.has(id)).length;
  return gone * 2 > before.length ? `${gone} of ${before.length} active users are missing from the CRM's answer` : null;
}
