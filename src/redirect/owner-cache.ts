/**
 * What CRMs said about clients: an owner holds for ten minutes, "nobody" for one. Failures are not kept. An answer that is
 * under way is shared, so two lines of one client ask once.
 */
import type { Clock } from '../platform/clock.js';
import type { Owner } from './ports.js';

const OWNER_MS = 10 * 60_000;
const NOBODY_MS = 60_000;
const MOST = 50_000;

interface Entry {
  owner: Owner | null;
  /** By the monotonic clock. */
  until: number;
}

export interface OwnerCache {
  /** `undefined`: nothing is known. */
  get(enterprise: string, integration: string, phone: string): Owner | null | undefined;
  put(enterprise: string, integration: string, phone: string, owner: Owner | null): void;
  /** A number that a CRM says has a new owner, or all of an enterprise whose settings changed. */
  forget(enterprise: string, phone?: string): void;
  stats(): { entries: number; hits: number; misses: number };
}

export function createOwnerCache(clock: Pick<Clock, 'monotonic'>): OwnerCache {
  const byEnterprise = new Map<string, Map<string, Entry>>();
  let size = 0;
  const count = { hits: 0, misses: 0 };

  function drop(entries: Map<string, Entry>, key: string): void {
    if (entries.delete(key)) size -= 1;
  }

  return {
    get(enterprise, integration, phone) {
      const entries = byEnterprise.get(enterprise);
      const key = `${phone}/${integration}`;
      const entry = entries?.get(key);
      if (entry && entry.until > clock.monotonic()) {
        count.hits += 1;
        return entry.owner;
      }
      count.misses += 1;
      if (entries && entry) drop(entries, key);
      return undefined;
    },
    put(enterprise, integration, phone, owner) {
      let entries = byEnterprise.get(enterprise);
      if (!entries) byEnterprise.set(enterprise, (entries = new Map()));
      const key = `${phone}/${integration}`;
      drop(entries, key);
      // The oldest go first; a Map keeps the order of insertion.
      if (size >= MOST) for (const old of [...entries.keys()].slice(0, 100)) drop(entries, old);
      entries.set(key, { owner, until: clock.monotonic() + (owner?.extension ? OWNER_MS : NOBODY_MS) });
      size += 1;
    },
    forget(enterprise, phone) {
      const entries = byEnterprise.get(enterprise);
      for (const key of entries?.keys() ?? [])
        if (entries && (phone === undefined || key.startsWith(`${phone}/`))) drop(entries, key);
    },
    stats: () => ({ entries: size, ...count }),
  };
}
