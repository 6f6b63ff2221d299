/**
 * How a call ends: by its last hang-up (confirmed with the PBX where that is asked for), by what a resync does not show
 * any more, by the hang-up a webhook tells, or by a time-out. Once, and for good: after `finish` the call is no page of the
 * book any more, and its uids are remembered as ended.
 */
import type { Rule } from './rules.js';
import type { CallState, Leg } from './tracker-types.js';
import { settledName } from './channel-name.js';
import { uidsOf } from './tracker-book.js';
import type { Work } from './tracker-work.js';
import { liveLegs, mainLeg } from './tracker-work.js';
import { resultOf } from './tracker-facts.js';
import { isStandIn } from './tracker-legs.js';
import { settle } from './tracker-announce.js';
import { dialledUnheard } from './tracker-direction.js';
import { flushRing } from './tracker-ringing.js';
import { enters, happened } from './tracker-steps.js';
import { stopTalk, talk } from './tracker-talk.js';
import { closeTransfers } from './tracker-transfer.js';

/** A channel hung up. The call may end by it. */
export function legGone(work: Work, call: CallState, leg: Leg, at: number): void {
  if (leg.goneAt !== null) return;
  if (leg.role === 'client' && call.answeredAt === null && dialsOpen(call)) givenUp(call, at);
  if (work.pages.names.get(settledName(leg.name)) === leg.uid) work.pages.names.delete(settledName(leg.name));
  happened(work, call, { kind: 'gone', uid: leg.uid, at });
}

/** Whoever called gives up while phones are called. */
export function givenUp(call: CallState, at: number): void {
  call.dials.cancelledAt = Math.max(call.dials.cancelledAt ?? at, at);
}

/** A phone's dial had come to nothing before its client hung up, and is told only now: he had not given up. */
export function endedBefore(work: Work, call: CallState): void {
  const client = call.legs.find((leg) => leg.role === 'client' && leg.goneAt !== null);
  if (!client || client.goneAt === null || work.at > client.goneAt || dialsOpen(call)) return;
  if (!call.legs.some((leg) => leg.dialStatus === 'CANCEL')) call.dials.cancelledAt = null;
}

/** Phones are still being called: whoever hangs up now gives up. */
function dialsOpen(call: CallState): boolean {
  return call.legs.some((leg) => leg.dialled && leg.kind !== 'local' && leg.dialStatus === null && leg.goneAt === null);
}

/** After a hang-up: when no leg is left, the call ends, or the PBX is asked first. */
export function endIfEmpty(work: Work, call: CallState, at: number): void {
  if (call.ending !== null || isUp(call) || call.legs.length === 0) return;
  const last = Math.max(at, ...call.legs.map((leg) => leg.goneAt ?? at));
  if (!mustAsk(work)) return finish(work, call, 'last-hangup', last);
  work.note(call, 'hangup-asked');
  call.ending = { at: last, confirmBy: work.now + work.ctx.confirmTimeoutMs };
  work.effects.push({ kind: 'confirm-gone', uids: askable(call) });
}

/** A hang-up may be forged on this PBX, and it can be asked. */
export function mustAsk(work: Work): boolean {
  return work.ctx.confirmHangups && work.pages.link.up;
}

/** A leg is left. Where AMI sees the call, one that only a post told of does not keep it up. */
export function isUp(call: CallState): boolean {
  return liveLegs(call).some((leg) => leg.ami || !call.ami);
}

/** Channels worth asking about. Local halves have no caller and end with their other ends. */
export function askable(call: CallState): string[] {
  const real = call.legs.filter((leg) => leg.ami && leg.kind !== 'local');
  return (real.length > 0 ? real : call.legs).map((leg) => leg.uid);
}

/** The PBX says that a channel is there although a hang-up was told: that was forged, and what it undid is made good. */
export function stillThere(work: Work, call: CallState, leg: Leg, bridge: string | null): void {
  if (leg.goneAt === null) return;
  leg.goneAt = null;
  work.pages.names.set(settledName(leg.name), leg.uid);
  call.ending = null;
  // He had not given up by it; what ended with a CANCEL before still did.
  if (leg.role === 'client' && dialsOpen(call)) call.dials.cancelledAt = null;
  work.drop(call, 'hangup-refuted', { uid: leg.uid }, call.enterprise);
  if (bridge !== null && bridge !== '') enters(work, call, leg, bridge);
  talk(work, call);
}

export function confirmedGone(work: Work, call: CallState, uid: string): void {
  const leg = call.legs.find((one) => one.uid === uid);
  if (leg && leg.goneAt === null) legGone(work, call, leg, work.at);
  if (call.ending !== null) {
    if (!isUp(call)) finish(work, call, 'hangup-confirmed', call.ending.at);
    return;
  }
  // A first channel that was only heard of and is gone: nothing else will end the call if no leg is known.
  if (!isUp(call) && call.ami) finish(work, call, 'hangup-confirmed', Math.max(call.lastAt, call.startedAt));
}

/** Ends a call for good. `rule`: by what; `at`: when, on the PBX's clock. */
export function finish(work: Work, call: CallState, rule: Rule, at: number): void {
  call.legs = call.legs.filter((leg) => !isStandIn(leg));
  for (const leg of call.legs) leg.goneAt ??= at;
  stopTalk(work, call, at);
  // A phone that was lifted and put back dialled nobody; one whose other channels were seen, or whose end was not heard, did.
  if (call.approximate && (call.legs.length > 1 || rule === 'gone-in-gap' || rule === 'pbx-restarted'))
    dialledUnheard(work, call);
  if (call.answeredAt === null && endUnheard(work, call)) call.approximate = true;
  settle(work, call);
  flushRing(work, call);
  closeTransfers(work, call);
  call.endedAt = Math.max(at, call.startedAt, call.answeredAt ?? at);
  const [result, why] = resultOf(call);
  call.result = result;
  work.note(call, why, { result }, call.endedAt);
  call.ending = null;
  call.wake = null;
  work.say(call, rule, { kind: 'call.finished' }, call.endedAt);
  if (!call.announced) tellNobody(work, call);
  const presumed = rule === 'timed-out' || rule === 'hangup-unconfirmed';
  const ended = { callId: call.id, endedAt: work.now, at: call.endedAt, presumed };
  const lastPost = call.fleet.recent.at(-1)?.checksum ?? null;
  for (const uid of uidsOf(call)) work.ended({ uid, ...ended, lastPost });
  work.pages.close(call);
  work.finished.set(call.id, call);
}

/** How a phone's dial ended fell into a time without a link: nothing tells whether nobody answered or the client gave up. */
function endUnheard(work: Work, call: CallState): boolean {
  const { shownAt } = work.pages.link;
  if (shownAt === null || call.legs.every((leg) => leg.bornAt > shownAt)) return false;
  return call.legs.some((leg) => leg.dialled && leg.kind !== 'local' && leg.dialStatus === null);
}

function tellNobody(work: Work, call: CallState): void {
  const [what, why] =
    call.direction === null
      ? ['call-without-dial', 'nobody was dialled, or nothing told whom it served']
      : ['unclaimed-call-over', 'no enterprise claims it'];
  work.count(what);
  work.note(call, 'told-nobody', { why });
}

/** The end of a call by what is known when nothing more will be told: the last talk, else the last word. */
export function lastKnownEnd(call: CallState): number {
  const main = mainLeg(call);
  return Math.max(call.talkEndedAt ?? 0, main?.goneAt ?? 0) || call.lastAt;
}
