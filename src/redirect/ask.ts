/**
 * All integrations at once, under one deadline. The first in order that names an owner decides, as soon as those before
 * it have answered; when nobody does, the last answer ends the wait. An answer that comes too late still fills the cache.
 */
import type { Clock } from '../platform/clock.js';
import type { OwnerCache } from './owner-cache.js';
import type { Asked, Lookup, Owner } from './ports.js';

/** An answer this much after the deadline is of use to the client's next call. */
const LATE_MS = 5_000;

export interface AskDeps {
  clock: Clock;
  cache: OwnerCache;
  /** Ends every deadline at once. */
  stopping?: AbortSignal;
}

/** Answers at once when the cache knows enough. */
export type Ask = (
  enterprise: string,
  lookups: readonly Lookup[],
  phone: string,
  deadlineMs: number,
) => Asked[] | Promise<Asked[]>;

export function createAsk({ clock, cache, stopping }: AskDeps): Ask {
  /** Look-ups under way, so that two lines of one client ask once. */
  const underWay = new Map<string, Promise<Owner | null>>();

  function find(enterprise: string, lookup: Lookup, phone: string, deadlineMs: number): Promise<Owner | null> {
    const key = `${enterprise}/${lookup.integration}/${phone}`;
    const known = underWay.get(key);
    if (known) return known;
    // In a function of its own, so that one that throws at once is caught like one that rejects.
    const asking = (async () => lookup.find(phone, AbortSignal.timeout(deadlineMs + LATE_MS)))()
      .then((owner) => {
        cache.put(enterprise, lookup.integration, phone, owner);
        return owner;
      })
      .finally(() => underWay.delete(key));
    underWay.set(key, asking);
    return asking;
  }

  async function askOne(enterprise: string, lookup: Lookup, phone: string, deadlineMs: number): Promise<Asked> {
    const { integration } = lookup;
    const known = cache.get(enterprise, integration, phone);
    if (known !== undefined) return answered(integration, known, 0, true);
    const began = clock.monotonic();
    try {
      return answered(integration, await find(enterprise, lookup, phone, deadlineMs), clock.monotonic() - began, false);
    } catch (error) {
      return unanswered(integration, clock.monotonic() - began, error);
    }
  }

  /** Null when one of those whose word counts must be asked. */
  function known(enterprise: string, lookups: readonly Lookup[], phone: string): Asked[] | null {
    const answers: Asked[] = [];
    for (const { integration } of lookups) {
      const owner = cache.get(enterprise, integration, phone);
      if (owner === undefined) return null;
      answers.push(answered(integration, owner, 0, true));
      if (owner?.extension) break;
    }
    return answers;
  }

  async function askAll(enterprise: string, lookups: readonly Lookup[], phone: string, deadlineMs: number) {
    const began = clock.monotonic();
    const over = new AbortController();
    const end = () => over.abort();
    stopping?.addEventListener('abort', end);
    const deadline = clock.sleep(deadlineMs, over.signal);
    const asked = lookups.map((lookup) => ({
      integration: lookup.integration,
      answer: askOne(enterprise, lookup, phone, deadlineMs),
    }));
    const answers: Asked[] = [];
    try {
      for (const { integration, answer } of asked) {
        const late = deadline.then(() => unanswered(integration, clock.monotonic() - began, null));
        const said = await Promise.race([answer, late]);
        answers.push(said);
        if (said.outcome === 'owner') break;
      }
    } finally {
      stopping?.removeEventListener('abort', end);
      over.abort();
    }
    return answers;
  }

  return (enterprise, lookups, phone, deadlineMs) =>
    known(enterprise, lookups, phone) ?? askAll(enterprise, lookups, phone, deadlineMs);
}

function answered(integration: string, owner: Owner | null, ms: number, cached: boolean): Asked {
  const extension = owner?.extension ?? null;
  const outcome = extension === null ? 'nobody' : 'owner';
  return { integration, outcome, extension, contact: owner?.contact ?? null, ms, cached, why: null };
}

/** `error` is null when the deadline passed first. */
function unanswered(integration: string, ms: number, error: unknown): Asked {
  const late = error === null || (error instanceof Error && error.name === 'TimeoutError');
  const why = late ? 'no answer in time' : error instanceof Error ? error.message : String(error);
  return { integration, outcome: late ? 'late' : 'failed', extension: null, contact: null, ms, cached: false, why };
}
