/** A day of an enterprise reconciled: read from the database, compared, kept. Calling it again gives the same and repairs nothing. */
import { momentsOf } from '../platform/time-zone.js';
import type { TrackerContext } from '../calls/tracker.js';
import { callsOf, factsOf } from './cdr-calls.js';
import { compare } from './reconcile.js';
import type { PbxSide, Reconciled } from './reconcile.js';
import { callsBetween, cdrReadAt, cdrsOf, owingOf, saveReconciled } from './reconcile-store.js';
import { Replay } from './replay.js';
import { openGapsOf } from './store.js';
import type { Queryable } from './store.js';

export interface ReconcileAsked {
  enterprise: string;
  pbx: string;
  timezone: string;
  /** `2026-11-20`, the enterprise's. */
  day: string;
  /** Whether the PBX's records are read at all. */
  hasCdr: boolean;
  /** Its integrations that are switched on. */
  types: readonly string[];
  /** How calls of this PBX are read. */
  context: TrackerContext;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A call that began before midnight goes on; what belongs to it is looked for so far away. */
const AROUND_MS = 6 * HOUR_MS;

export async function reconcileDay(db: Queryable, asked: ReconcileAsked): Promise<Reconciled> {
  const { enterprise, pbx, day, types } = asked;
  const { from, to } = boundsOf(day, asked.timezone);
  const records = asked.hasCdr ? await cdrsOf(db, pbx, from - AROUND_MS, to + AROUND_MS) : [];
  const fresh = new Set(records.filter(({ settled }) => !settled).map(({ record }) => record));
  // A call is the day's it began on; by whichever clock, both sides are asked for what is near midnight.
  const all = await callsBetween(db, enterprise, pbx, from - AROUND_MS, to + AROUND_MS);
  const startOf = new Map(all.flatMap((call) => [call.uid, ...call.uids].map((uid) => [uid, call.startedAt] as const)));
  const sides = callsOf(records.map(({ record }) => record)).flatMap((call): PbxSide[] => {
    const first = call.records[0];
    const known = call.records.flatMap(({ uid, linkedid }) => startOf.get(uid) ?? startOf.get(linkedid) ?? [])[0];
    const at = known ?? first?.start ?? 0;
    if (at < from || at >= to) return [];
    const made = known === undefined ? readAs(call, asked) : 'ours';
    return [{ ...call, readAs: made, fresh: call.records.some((one) => fresh.has(one)) }];
  });
  const calls = all.filter(({ startedAt }) => startedAt >= from && startedAt < to);
  const result = compare({
    enterprise,
    day,
    pbx: asked.hasCdr ? sides : null,
    readAt: asked.hasCdr ? await cdrReadAt(db, pbx) : null,
    calls,
    owing: await owingOf(
      db,
      calls.filter((call) => call.enterprise === enterprise).map(({ id }) => id),
    ),
    types,
    gaps: await openGapsOf(db, pbx, from, to),
  });
  await saveReconciled(db, result);
  return result;
}

/** What the records alone make of a call. */
function readAs(call: Parameters<typeof factsOf>[0], { context, enterprise }: ReconcileAsked): PbxSide['readAs'] {
  let failed = false;
  const replay = new Replay(context, [], () => (failed = true));
  const facts = factsOf(call);
  replay.fold(facts);
  replay.until((facts.at(-1)?.at ?? 0) + DAY_MS);
  const told = replay.takeOver().flatMap(({ events }) => events)[0];
  if (!told) return failed ? 'unreadable' : 'nobodys';
  return told.call.enterprise === enterprise ? 'ours' : 'nobodys';
}

/** 23 to 25 hours. */
export function boundsOf(day: string, zone: string): { from: number; to: number } {
  const midnight = (at: number) => momentsOf(at, zone)[0] ?? momentsOf(at + HOUR_MS, zone)[0] ?? at;
  const local = Date.parse(`${day}T00:00:00Z`);
  return { from: midnight(local), to: midnight(local + DAY_MS) };
}
