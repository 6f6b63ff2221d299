/** When a call must be looked at again, and what happens then. All on our clock. */
import type { CallState } from './tracker-types.js';
import type { Work } from './tracker-work.js';
import { askable, finish, isUp, lastKnownEnd } from './tracker-ending.js';
import { flushRing } from './tracker-ringing.js';
import { otherHalfIsThere } from './tracker-fleet-halves.js';
import { fleetIsOver } from './tracker-fleet-end.js';

/** The next moment this call waits for, or null. */
export function nextWake(work: Work, call: CallState): number | null {
  const times = [call.ring?.due, call.ending?.confirmBy, loneDue(work, call), idleDue(work, call)];
  let next: number | null = null;
  for (const time of times) if (time !== null && time !== undefined && (next === null || time < next)) next = time;
  return next;
}

function loneDue(work: Work, call: CallState): number | null {
  return call.fleet.lone === null ? null : call.fleet.lone.since + work.ctx.webhookLoneMs;
}

/** Silence: AMI is asked then and asked again, a call known by webhooks alone is over. */
function idleDue(work: Work, call: CallState): number {
  if (call.ami) return Math.max(call.lastArrival, call.askedAt ?? 0) + work.ctx.amiIdleMs;
  if (call.fleet.mainGoneAt !== null)
    return call.fleet.mainGoneAt < call.lastArrival
      ? call.lastArrival + settleMs(work, call)
      : call.fleet.mainGoneAt + settleMs(work, call);
  if (call.direction === null) return call.lastArrival + work.ctx.webhookWaitMs;
  if (call.legs.some((leg) => leg.bridge !== null)) return call.lastArrival + work.ctx.webhookTalkMs;
  return call.lastArrival + (call.answeredAt === null ? work.ctx.webhookWaitMs : work.ctx.webhookIdleMs);
}

/** After the hang-up posts may be missing still; and the client of an outgoing call may be with somebody else, or rung for. */
function settleMs(work: Work, call: CallState): number {
  if (call.legs.some((leg) => leg.role === 'client' && leg.bridge !== null)) return work.ctx.webhookTalkMs;
  return call.direction === 'out' && call.fleet.lastExten !== null ? work.ctx.webhookIdleMs : work.ctx.webhookSettleMs;
}

/** A timer fact: everything that is due. */
export function timeUp(work: Work): void {
  for (const id of work.pages.due(work.now)) {
    const call = work.edit(id);
    if (call) lookAt(work, call);
  }
}

function lookAt(work: Work, call: CallState): void {
  const { now } = work;
  if (call.ring !== null && call.ring.due <= now) flushRing(work, call);
  if (call.ending !== null && call.ending.confirmBy <= now)
    return finish(work, call, 'hangup-unconfirmed', call.ending.at);
  const lone = loneDue(work, call);
  if (lone !== null && lone <= now) otherHalfIsThere(work, call);
  if (idleDue(work, call) > now) return;
  if (!call.ami) return fleetIsOver(work, call);
  if (!isUp(call)) return finish(work, call, 'timed-out', lastKnownEnd(call));
  call.askedAt = now;
  work.effects.push({ kind: 'confirm-gone', uids: askable(call) });
}
