/**
 * Recovered calls become ours: a few at a time, in the turn of whoever folds that PBX, each only if no channel of it is known.
 */
import type { Folded } from '../calls/tracker.js';
import { fleetEvent } from '../calls/facts.js';
import type { Fact, FleetEvent } from '../calls/facts.js';
import { restAfter } from './courtesy.js';
import type { CallsPort } from './ports.js';
import type { RecoveredCall } from './recovered-call.js';
import { retold } from './replay.js';
import { findMet, findTaken, saveFold } from './store.js';
import type { PoolClient } from './store.js';

/** What became of recovered calls. */
export interface Kept {
  stored: number;
  known: number;
  /** Nobody would have been told of them live either: no enterprise, nobody dialled. */
  nobodys: number;
}

export const NOTHING_KEPT: Kept = { stored: 0, known: 0, nobodys: 0 };

export function addKept(one: Kept, other: Kept): Kept {
  return {
    stored: one.stored + other.stored,
    known: one.known + other.known,
    nobodys: one.nobodys + other.nobodys,
  };
}

/** Calls of one transaction: beside live ones so few that a live fact waits for no more than a moment. */
const TOGETHER = 300;
const TOGETHER_WHEN_BUSY = 10;

/** `andThen` is a part of the last transaction: whatever says that these calls need not be read again. */
export async function keepCalls(
  port: CallsPort,
  pbx: string,
  calls: readonly RecoveredCall[],
  andThen: (tx: PoolClient) => Promise<void>,
): Promise<Kept> {
  const told = calls.filter(({ events }) => events.length > 0);
  let kept: Kept = { stored: 0, known: 0, nobodys: calls.length - told.length };
  for (let from = 0, to = 0; from === 0 || from < told.length; from = to) {
    to = from + (port.isBusy() ? TOGETHER_WHEN_BUSY : TOGETHER);
    const began = performance.now();
    kept = addKept(kept, await keepSome(port, pbx, told.slice(from, to), to >= told.length ? andThen : null));
    await restAfter(performance.now() - began, port.isBusy);
  }
  return kept;
}

async function keepSome(
  port: CallsPort,
  pbx: string,
  calls: readonly RecoveredCall[],
  andThen: ((tx: PoolClient) => Promise<void>) | null,
): Promise<Kept> {
  const { wake, kept, overdue } = await port.between(pbx, async (tx, epoch) => {
    const { known, inPart } = await findMet(tx, pbx, calls);
    const fresh = firstOfEach(calls.filter(({ state }) => !known.has(state.id)));
    const merged = partsOf(fresh, inPart);
    const taken = await findTaken(
      tx,
      pbx,
      fresh,
      merged.map(({ from }) => from),
    );
    const toStore = fresh.map((call) => withIdOfItsOwn(call, taken));
    const folded = { ...foldedOf(toStore, taken, port.now()), merged };
    if (toStore.length > 0) await saveFold(tx, pbx, epoch, folded);
    const wakeLanes = toStore.length > 0 ? await port.owe(tx, folded) : () => undefined;
    await andThen?.(tx);
    const stored = toStore.length;
    return {
      wake: wakeLanes,
      kept: { stored, known: calls.length - stored, nobodys: 0 },
      overdue: calls.filter(({ state }) => known.get(state.id) === 'goes on by posts alone'),
    };
  });
  wake();
  for (const call of overdue) tellEnd(port, pbx, call);
  return kept;
}

/** Two of one batch that share a channel are one call read from two places. */
function firstOfEach(calls: readonly RecoveredCall[]): RecoveredCall[] {
  const seen = new Set<string>();
  return calls.filter(({ uids }) => {
    if (uids.some((uid) => seen.has(uid))) return false;
    for (const uid of uids) seen.add(uid);
    return true;
  });
}

/** Each part goes into one of the calls that are stored. */
function partsOf(calls: readonly RecoveredCall[], inPart: Folded['merged']): Folded['merged'] {
  const ids = new Set(calls.map(({ state }) => state.id));
  return [...new Map(inPart.filter(({ into }) => ids.has(into)).map((part) => [part.from, part])).values()];
}

function withIdOfItsOwn(call: RecoveredCall, taken: ReadonlySet<string>): RecoveredCall {
  const { uid, again } = call.state;
  if (!taken.has(uid) || again.some((former) => former.uid === uid)) return call;
  return retold(call, { again: [...again, { uid, at: null, lastPost: null }] });
}

/** `taken`: uids that another call has, which stay with it. */
function foldedOf(calls: readonly RecoveredCall[], taken: ReadonlySet<string>, now: number): Folded {
  const states = calls.map(({ state }) => state);
  const events = calls.flatMap((call) => call.events);
  const arrivals = events.map(() => now);
  const uids = calls.flatMap(({ state, uids: own }) =>
    own
      .filter((uid) => !taken.has(uid))
      .map((uid) => {
        const endedAt = state.endedAt ?? state.lastAt;
        return { uid, callId: state.id, endedAt, at: endedAt, presumed: true, lastPost: lastPostOf(state) };
      }),
  );
  const notes = calls.flatMap((call) => call.notes);
  return { changed: states, finished: states, merged: [], events, arrivals, notes, uids, effects: [] };
}

function lastPostOf({ fleet }: RecoveredCall['state']): number | null {
  return fleet.recent.at(-1)?.checksum ?? null;
}

/** The live path still waits for the end of a call it heard of by posts, and the PBX says it is over. */
function tellEnd(port: CallsPort, pbx: string, { state }: RecoveredCall): void {
  const at = state.endedAt ?? state.lastAt;
  const fact: Fact = {
    kind: 'fleet',
    source: 'webhook',
    at,
    arrivedAt: port.now(),
    stamped: true,
    fleet: hangupOf(state),
  };
  port.offer(pbx, state.enterprise === null ? fact : { ...fact, enterprise: state.enterprise });
}

function hangupOf(state: RecoveredCall['state']): FleetEvent {
  const callTypes = { in: 0, out: 1, internal: 2 } as const;
  return fleetEvent({
    event: 'hangup',
    uid: state.uid,
    phone: state.external ?? state.caller,
    extensions: state.fleet.peers,
    callType: callTypes[state.direction ?? 'internal'],
    callStatus: state.fleet.status,
    trunk: state.line,
  });
}
