/**
 * Two calls found to be one. The call of the external client lives on, of two alike the older; the other's legs, bridges
 * and transfers become its own. Two clients are two conversations and are never merged, whatever bridge they share.
 */
import type { CallState } from './tracker-types.js';
import { pairOf } from './tracker-book.js';
import { bothSteps } from './tracker-steps.js';
import type { Work } from './tracker-work.js';

/** The call both are now, or null when they stay two. */
export function merge(work: Work, one: CallState, other: CallState): CallState | null {
  if (one === other) return one;
  if (hasClient(one) && hasClient(other)) return apart(work, one, other, 'each has its own client');
  const [into, from] =
    rank(one) > rank(other) || (rank(one) === rank(other) && isOlder(one, other)) ? [one, other] : [other, one];
  if (into.enterprise !== null && from.enterprise !== null && into.enterprise !== from.enterprise) {
    work.count('merge-across-enterprises');
    return apart(work, one, other, 'they are of two enterprises');
  }
  absorb(work, into, from);
  return into;
}

function apart(work: Work, one: CallState, other: CallState, why: string): null {
  work.note(one, 'kept-apart', { uid: other.uid, why });
  work.note(other, 'kept-apart', { uid: one.uid, why });
  return null;
}

function hasClient(call: CallState): boolean {
  return call.direction === 'in' || call.direction === 'out';
}

/** An external call outranks an internal one, and that one what is not known yet. */
function rank(call: CallState): number {
  if (hasClient(call)) return 2;
  return call.direction === null ? 0 : 1;
}

function isOlder(one: CallState, other: CallState): boolean {
  return one.startedAt === other.startedAt ? one.uid < other.uid : one.startedAt < other.startedAt;
}

function absorb(work: Work, into: CallState, from: CallState): void {
  for (const leg of from.legs) {
    // The caller of a consultation is staff in the client's call.
    if (leg.role === 'client' && leg.kind === 'extension') leg.role = 'staff';
    into.legs.push(leg);
    work.own(into, leg.uid);
    if (leg.bridge !== null) work.pages.bridges.set(leg.bridge, into.id);
    const pair = pairOf(leg.name);
    if (pair !== null) work.pages.pairs.set(pair, into.id);
  }
  for (const uid of [from.uid, ...from.past]) {
    work.own(into, uid);
    if (!into.past.includes(uid) && !into.legs.some((leg) => leg.uid === uid)) into.past.push(uid);
  }
  into.again.push(...from.again.filter(({ uid }) => !into.again.some((one) => one.uid === uid)));
  into.enterprise ??= from.enterprise;
  into.ami ||= from.ami;
  into.webhook ||= from.webhook;
  into.lastAt = Math.max(into.lastAt, from.lastAt);
  into.recorded ||= from.recorded;
  into.approximate ||= from.approximate;
  into.transfers.push(...from.transfers);
  into.steps = bothSteps(into, from);
  const { stays } = from.fleet;
  into.fleet.stays = into.fleet.stays && stays && [...into.fleet.stays, ...stays];
  into.fleet.lastExten ??= from.fleet.lastExten;
  into.fleet.status ??= from.fleet.status;
  work.pages.drop(from);
  work.changed.delete(from.id);
  // Of a call nobody stored yet there is nothing else to keep them with.
  for (const note of work.notes) if (note.call === from.id) note.call = into.id;
  work.note(into, 'merged', { uid: from.uid });
  work.merged.push({ from: from.id, into: into.id });
}
