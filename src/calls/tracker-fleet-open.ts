/** A call first heard of by a post, and what each post does to the call it is about. */
import type { FleetEvent } from './facts.js';
import type { CallState } from './tracker-types.js';
import type { Work } from './tracker-work.js';
import { openCall } from './tracker-legs.js';
import { isDuplicate } from './tracker-fleet-duplicates.js';
import { startOf } from './tracker-time.js';

/** A post comes this long after what it tells, at most. */
const MAX_LAG_MS = 60_000;

export function openFleetCall(work: Work, uid: string): CallState {
  return openCall(work, uid, startOf(uid, work.at, MAX_LAG_MS) ?? work.at);
}

export function heard(work: Work, call: CallState, fleet: FleetEvent, enterprise: string | undefined): void {
  call.webhook = true;
  if (work.at > call.lastAt) call.lastAt = work.at;
  call.lastArrival = work.now;
  if (call.enterprise === null && work.profileOf(enterprise)) call.enterprise = enterprise ?? null;
  if (call.fleet.last === null) isDuplicate(work, call, fleet);
}
