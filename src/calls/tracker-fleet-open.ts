/** A call first heard of by a post, and what each post does to the call it is about. */
import type { FleetEvent } from './facts.js';
import type { CallState } from './tracker-types.js';
import type { Work } from './tracker-work.js';
import { openCall } from './tracker-legs.js';
import { claimedBy } from './tracker-enterprise.js';
import { remember } from './tracker-fleet-duplicates.js';

/** A post comes this long after what it tells, at most. */
const MAX_LAG_MS = 60_000;

export function openFleetCall(work: Work, uid: string): CallState {
  const call = openCall(work, uid, work.madeAt(uid, MAX_LAG_MS) ?? work.at);
  work.note(call, 'opened', { uid });
  return call;
}

export function heard(work: Work, call: CallState, fleet: FleetEvent, enterprise: string | undefined): void {
  call.webhook = true;
  call.steps = null;
  if (work.at > call.lastAt) call.lastAt = work.at;
  call.lastArrival = work.now;
  if (call.enterprise === null && work.profileOf(enterprise))
    claimedBy(work, call, enterprise ?? null, 'the token of a post');
  remember(work, call, fleet);
}
