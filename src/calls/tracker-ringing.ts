/**
 * Phones that ring. The codes of one Dial become one `call.ringing`: at once when every leg dialled by then rings, else
 * after `ringCollectMs`. An outgoing call says it once, when its external leg is dialled: that is when its card opens.
 */
import type { Rule } from './rules.js';
import type { CallState, Leg } from './tracker-types.js';
import type { Work } from './tracker-work.js';
import { addOnce, legOf } from './tracker-work.js';
import { originOf } from './tracker-legs.js';

/** A leg shows `ringing`. */
export function rings(work: Work, call: CallState, leg: Leg): void {
  if (leg.goneAt !== null || leg.dialStatus !== null) return;
  if (leg.kind === 'local') {
    leg.rangAt ??= work.at;
    flushWhenComplete(work, call);
    return;
  }
  if (leg.rangAt !== null) return;
  leg.rangAt = work.at;
  if (call.direction === 'out' && leg.role === 'client') {
    call.ringingAt ??= work.at;
    ringOut(work, call);
    return;
  }
  if (leg.role !== 'staff' || leg.party === null || call.direction === null || call.direction === 'out') return;
  if (call.answeredAt !== null && !isForClient(call, leg)) return;
  ring(work, call, [leg]);
}

/** Once somebody answered: a phone the client is sent to rings for him; one that is only consulted does not. */
function isForClient(call: CallState, leg: Leg): boolean {
  return originOf(call, leg.dialledBy === null ? leg : (legOf(call, leg.dialledBy) ?? leg)).role === 'client';
}

/** The client was handed over while a colleague's phone still rang for who asked him: now it rings for the client. */
export function ringOn(work: Work, call: CallState): void {
  if (call.direction !== 'in') return;
  const ringing = call.legs.filter(
    (leg) =>
      leg.rangAt !== null &&
      leg.goneAt === null &&
      leg.dialStatus === null &&
      leg.role === 'staff' &&
      leg.party !== null,
  );
  const asked = ringing.filter((leg) => !isForClient(call, leg));
  ring(work, call, asked);
}

/** A call whose direction was told after its phones began to ring (a Newstate may overtake the DialBegin). */
export function ringEarlier(work: Work, call: CallState, leg: Leg): void {
  if (call.direction === 'out' && leg.role === 'client') call.ringingAt ??= leg.rangAt;
  if (call.direction === null || call.direction === 'out') return;
  const early = call.legs.filter(
    (leg) =>
      leg.rangAt !== null &&
      leg.role === 'staff' &&
      leg.dialStatus === null &&
      leg.party !== null &&
      (call.answeredAt === null || isForClient(call, leg)),
  );
  ring(
    work,
    call,
    early.filter((one) => !call.rang.includes(one.party as string)),
  );
}

/** The card of an outgoing call. */
export function ringOut(work: Work, call: CallState): void {
  if (call.outRung || call.direction !== 'out' || call.caller === null) return;
  call.outRung = true;
  work.say(call, 'rang-out', { kind: 'call.ringing', extensions: [call.caller] });
}

/** These phones ring, now or since a moment ago. */
function ring(work: Work, call: CallState, legs: readonly Leg[]): void {
  if (legs.length === 0) return;
  const parties = legs.map((leg) => leg.party as string);
  work.note(call, 'rang', { extensions: parties });
  for (const { party, rangAt } of legs as (Leg & { party: string })[]) {
    const at = rangAt ?? work.at;
    // After the client talked with somebody, a ring belongs to a transfer: the wait was over before.
    if (call.answeredAt === null || at < call.answeredAt) {
      call.ringingAt = Math.min(call.ringingAt ?? at, at);
      addOnce(call.rang, party);
    }
    const told = call.fleet.rung.indexOf(party);
    if (told >= 0) {
      call.fleet.rung.splice(told, 1);
      continue;
    }
    call.ring ??= { extensions: [], at: work.at, due: work.now + work.ctx.ringCollectMs };
    addOnce(call.ring.extensions, party);
  }
  flushWhenComplete(work, call);
}

function flushWhenComplete(work: Work, call: CallState): void {
  if (call.ring === null) return;
  if (work.ctx.ringCollectMs <= 0 || !call.legs.some((leg) => mayStillRing(work, leg)))
    flushRing(work, call, 'ring-complete');
}

/** A leg of the same moment that was made or dialled and says nothing yet. */
function mayStillRing(work: Work, leg: Leg): boolean {
  if (leg.goneAt !== null || leg.rangAt !== null || leg.dialStatus !== null || leg.role === 'client') return false;
  if (work.now - leg.bornAt > work.ctx.ringCollectMs) return false;
  if (leg.kind === 'local') return leg.dialled;
  return leg.state === 'down' || leg.state === null;
}

export function flushRing(work: Work, call: CallState, rule: Rule = 'ring-collected'): void {
  const batch = call.ring;
  if (batch === null) return;
  call.ring = null;
  if (batch.extensions.length === 0) return;
  // It may be told long after, when nobody was there to tell it.
  const arrivedAt = batch.due - work.ctx.ringCollectMs;
  work.say(call, rule, { kind: 'call.ringing', extensions: batch.extensions }, batch.at, arrivedAt);
}
