/**
 * Who talks with the client. Channels share bridges; a Local channel joins the bridges of its two halves. The client
 * talks while a staff leg can be reached that way; holding bridges (queue music, parking) join nobody. The first such
 * moment is the answer; talk is the union of all of them.
 */
import type { Rule } from './rules.js';
import type { CallState, Leg } from './tracker-types.js';
import type { Work } from './tracker-work.js';
import { addOnce } from './tracker-work.js';
import { otherHalf } from './tracker-legs.js';
import { flushRing } from './tracker-ringing.js';
import { openTransfers, settleTransfers } from './tracker-transfer.js';
import { takeTurns } from './tracker-turns.js';

/** A leg is in this bridge now, and in no other. */
export function enterBridge(work: Work, call: CallState, leg: Leg, bridge: string): void {
  moveTo(leg, bridge);
  work.pages.bridges.set(bridge, call.id);
}

export function moveTo(leg: Leg, bridge: string): void {
  if (leg.bridge !== null && leg.bridge !== bridge) leaveBridge(leg, leg.bridge);
  leg.bridge = bridge;
}

/** Whoever leaves while the other side hears music goes to ask somebody: a consultation, not a hold. */
export function leaveBridge(leg: Leg, bridge: string): void {
  if (leg.bridge !== bridge) return;
  leg.bridge = null;
  leg.held = false;
}

/** The bridge a leg is in, at whatever moment is asked about. */
export type Where = (leg: Leg) => string | null;

const now: Where = (leg) => (leg.goneAt === null ? leg.bridge : null);

/** Staff legs that can be reached from the client over bridges and Local channels. */
export function reachable(call: CallState, where: Where = now): Leg[] {
  const found: Leg[] = [];
  const seen = new Set<string>();
  const look = call.legs.flatMap((leg) => (leg.role === 'client' ? (where(leg) ?? []) : []));
  for (let bridge = look.pop(); bridge !== undefined; bridge = look.pop()) {
    if (seen.has(bridge)) continue;
    seen.add(bridge);
    for (const leg of call.legs) {
      if (where(leg) !== bridge) continue;
      if (leg.role === 'staff') found.push(leg);
      else if (leg.kind === 'local') {
        const other = otherHalf(call, leg);
        const beyond = other ? where(other) : null;
        if (beyond !== null) look.push(beyond);
      }
    }
  }
  return found;
}

/** After anything moved: starts, goes on or ends the talk. `at` is when it moved. */
export function talk(work: Work, call: CallState, at = work.at): void {
  const talkers = reachable(call);
  if (isSame(call, talkers)) return;
  if (talkers.length === 0) return stopTalk(work, call, at);
  talkWith(call, talkers, at);
  work.note(call, 'talk', { with: talkers.map((leg) => leg.party) }, at);
  if (call.answeredAt === null) answer(work, call, at);
  settleTransfers(work, call, talkers);
}

export function isSame(call: CallState, talkers: readonly Leg[]): boolean {
  return talkers.length === call.talkers.length && talkers.every((leg) => call.talkers.includes(leg.uid));
}

/** These legs and nobody else talk with the client from `at` on. */
export function talkWith(call: CallState, talkers: readonly Leg[], at: number): void {
  const joined = talkers.filter((leg) => !call.talkers.includes(leg.uid));
  const parties = talkers.map((leg) => leg.party);
  call.talkers = talkers.map((leg) => leg.uid);
  takeTurns(call, parties, at);
  call.talkingSince ??= at;
  for (const { party } of joined) {
    if (party === null) continue;
    addOnce(call.agents, party);
    call.finalAgent = party;
  }
  if (joined.length === 0 && !parties.includes(call.finalAgent)) call.finalAgent = parties.at(-1) ?? call.finalAgent;
}

/** The first talk. Over webhooks it may be known only by the dialplan's word, then with nobody in a bridge. */
export function answer(
  work: Work,
  call: CallState,
  at: number,
  rule: Rule = 'first-talk',
  who: string | null = call.finalAgent,
): void {
  call.answeredAt = at;
  call.ending = null;
  if (call.direction === 'out') call.caller ??= who;
  call.answeredBy = call.direction === 'out' ? call.external : who;
  tellAnswer(work, call, at, rule, who);
}

export function tellAnswer(work: Work, call: CallState, at: number, rule: Rule, who: string | null): void {
  if (work.quiet) return;
  flushRing(work, call);
  work.say(call, rule, { kind: 'call.answered', extension: who }, at);
}

export function stopTalk(work: Work, call: CallState, at: number): void {
  if (call.talkingSince === null) return;
  work.note(call, 'talk-over', { ms: Math.max(0, at - call.talkingSince) }, at);
  talkWithNobody(call, at);
}

export function talkWithNobody(call: CallState, at: number): void {
  if (call.talkingSince === null) return;
  call.talkMs += Math.max(0, at - call.talkingSince);
  call.talkEndedAt = Math.max(at, call.talkingSince);
  call.talkingSince = null;
  call.talkers = [];
  takeTurns(call, [], at);
}

/** Hold counts when the same phone comes back to it, or the client hangs up in it; not as the first half of a transfer. */
export function hold(work: Work, call: CallState, leg: Leg, on: boolean): void {
  if (!on && leg.held && !call.hold && openTransfers(call).length === 0) {
    onHold(work, call);
    leg.unheldAt = work.at;
  }
  leg.held = on;
}

export function onHold(work: Work, call: CallState): void {
  if (!call.hold) work.note(call, 'held');
  call.hold = true;
}

/** Asterisk ends the hold of whoever transfers in the moment it moves the client. */
const SAME_MOMENT_MS = 500;

/** This phone sent the client off: what looked like coming back to him was part of that. */
export function sentOff(work: Work, call: CallState, leg: Leg): void {
  if (leg.unheldAt !== null && work.at - leg.unheldAt <= SAME_MOMENT_MS) {
    call.hold = false;
    work.note(call, 'not-held');
  }
  leg.unheldAt = null;
  leg.held = false;
}
