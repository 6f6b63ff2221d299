/** All that is kept of one call, read together. */
import { keptFactSeen } from '../calls/fact-text.js';
import type { Note } from '../calls/rules.js';
import { readFacts, readGaps, readNotes } from '../calls/timeline-store.js';
import type { StoredCall } from '../calls/timeline-store.js';
import { listAttempts, listDeliveries } from './inspect.js';
import type { Queryable } from './store.js';
import type { Story } from './story.js';

/** What comes so long after the last word about a call still is about it. */
const AFTERMATH_MS = 60_000;
const DELIVERIES = 1_000;

/** @param integrations those the enterprise has now */
export async function readStory(db: Queryable, stored: StoredCall, integrations: readonly string[]): Promise<Story> {
  const { facts: call, live, ids } = stored;
  const notes = await readNotes(db, ids);
  const [from, until] = spanOf(stored, notes);
  const kept = await readFacts(db, call.pbx, uidsOf(stored, notes), from, until);
  const deliveries = await listDeliveries(db, { callIds: ids, limit: DELIVERIES });
  return {
    call,
    live,
    facts: kept.map(keptFactSeen),
    notes,
    gaps: await readGaps(db, call.pbx, from, until),
    sent: { deliveries, attempts: await listAttempts(db, ids) },
    integrations,
  };
}

/** By our clock: a host may give the same unique ids out again. */
function spanOf({ facts: call, live }: StoredCall, notes: readonly Note[]): [number, number] {
  const arrivals = notes.map((note) => note.arrivedAt);
  const first = Math.min(...arrivals, arrivals.length > 0 ? Infinity : call.startedAt);
  const last = Math.max(...arrivals, arrivals.length > 0 ? 0 : (call.endedAt ?? call.startedAt));
  return [first, (live ? Date.now() : last) + AFTERMATH_MS];
}

/** Those that are its now, and those that were: a host that was reinstalled gives a uid to a newer call. */
function uidsOf({ uids }: StoredCall, notes: readonly Note[]): string[] {
  return [...new Set([...uids, ...notes.flatMap(({ uid }) => (uid === '' ? [] : [uid]))])];
}
