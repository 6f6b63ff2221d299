/**
 * What managers say of themselves in a CRM (free, busy, dinner, break), in memory, since smart redirect asks on the path of a
 * call. Kept in the database for the next start; other daemons learn of it within their refresh.
 */
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import { readStatuses, writeStatus } from './manager-status-store.js';
import type { Queryable } from './manager-status-store.js';

export interface ManagerStatuses {
  set(enterprise: string, extension: string, status: string): void;
  /** True while he has said that he takes no calls. Busy says nothing: the PBX knows that better. */
  away(enterprise: string, extension: string): boolean;
  run(signal: AbortSignal): Promise<void>;
}

const REFRESH_MS = 15_000;
const AWAY = new Set(['dinner', 'break']);

export function createManagerStatuses({
  db,
  clock,
  log,
}: {
  db: Queryable;
  clock: Clock;
  log: Logger;
}): ManagerStatuses {
  let known = new Map<string, string>();
  const keyOf = (enterprise: string, extension: string) => `${enterprise}/${extension}`;
  /** Not written yet; they win over what is read. */
  const unwritten = new Map<string, { enterprise: string; extension: string; status: string }>();

  async function turn(): Promise<void> {
    for (const [key, one] of unwritten) {
      await writeStatus(db, one);
      if (unwritten.get(key) === one) unwritten.delete(key);
    }
    const rows = await readStatuses(db);
    known = new Map(rows.map(({ enterprise, extension, status }) => [keyOf(enterprise, extension), status]));
    for (const [key, { status }] of unwritten) known.set(key, status);
  }

  let wake = new AbortController();
  return {
    set(enterprise, extension, status) {
      const key = keyOf(enterprise, extension);
      known.set(key, status);
      unwritten.set(key, { enterprise, extension, status });
      wake.abort();
    },
    away: (enterprise, extension) => AWAY.has(known.get(keyOf(enterprise, extension)) ?? ''),
    async run(signal) {
      signal.addEventListener('abort', () => wake.abort());
      while (!signal.aborted) {
        wake = new AbortController();
        await turn().catch((error: unknown) => log.debug({ err: error }, 'the status of managers could not be kept'));
        if (signal.aborted) break;
        await clock.sleep(unwritten.size > 0 && !wake.signal.aborted ? 1_000 : REFRESH_MS, wake.signal);
      }
    },
  };
}
