/** `start` and `dial`: where a webhook call comes from and whom it rings. */
import type { FleetEvent } from './facts.js';
import type { CallState, Leg } from './tracker-types.js';
import type { Work } from './tracker-work.js';
import { addOnce } from './tracker-work.js';
import { direct } from './tracker-announce.js';
import { readDialled, readExternal } from './tracker-client.js';
import { ringOut } from './tracker-ringing.js';
import { isExtension, partyOf, staffMobile } from './tracker-who.js';
import { note, openTransfers } from './tracker-transfer.js';

/** A `start`, and a `dial` whose start was lost. */
export function comesIn(work: Work, call: CallState, leg: Leg, fleet: FleetEvent): void {
  if (call.direction !== null && call.direction !== 'in') return;
  mainIs(call, leg);
  leg.role = 'client';
  if (fleet.trunk !== null) {
    call.line = fleet.trunk;
    call.lineSure = true;
  }
  readExternal(work, call, fleet.phone);
  direct(work, call, 'in');
}

/** The uid of a start or dial is the call's, whatever was heard of it first; until it is told it may still change. */
export function mainIs(call: CallState, leg: Leg): void {
  if (!call.announced) call.uid = leg.uid;
}

export function fleetDial(work: Work, call: CallState, leg: Leg, fleet: FleetEvent): void {
  if (isLegOfAnother(call, leg, fleet)) return;
  if (fleet.callType === 1) return goesOut(work, call, leg, fleet);
  const caller = fleet.phone;
  if (
    fleet.callType === 2 ||
    (fleet.trunk === null && caller !== null && isExtension(work, work.profile(call), caller))
  ) {
    mainIs(call, leg);
    leg.role = 'client';
    leg.party = caller;
    call.caller ??= caller;
    direct(work, call, 'internal');
  } else {
    comesIn(work, call, leg, fleet);
  }
  ringThese(work, call, fleet);
}

/** The outgoing dial of a staff mobile or a forward: it serves a call that is known, it is none of its own. */
function isLegOfAnother(call: CallState, leg: Leg, fleet: FleetEvent): boolean {
  if (fleet.callType !== 1) return false;
  return call.direction !== null && leg.uid !== call.uid;
}

function goesOut(work: Work, call: CallState, leg: Leg, fleet: FleetEvent): void {
  const caller = fleet.extensions[0] ?? null;
  const profile = work.profile(call);
  const inside = caller !== null && isExtension(work, profile, caller);
  // The leg of a staff mobile whose call is not known: somebody else's number stands where the caller would.
  if (call.direction === null && caller !== null && !inside) return;
  mainIs(call, leg);
  if (inside) {
    call.caller ??= caller;
    leg.party ??= caller;
  }
  if (inside && staffMobile(profile, fleet.phone) !== null) return callsColleague(work, call, leg, fleet);
  leg.role = 'staff';
  readDialled(work, call, fleet.phone);
  if (fleet.trunk !== null) call.line = fleet.trunk;
  direct(work, call, 'out');
  if (call.answeredAt === null) call.ringingAt ??= work.at;
  ringOut(work, call);
}

/** A colleague's mobile is no client. */
function callsColleague(work: Work, call: CallState, leg: Leg, fleet: FleetEvent): void {
  leg.role = 'client';
  direct(work, call, 'internal');
  ringThese(work, call, { ...fleet, extensions: fleet.phone === null ? [] : [fleet.phone] });
}

function ringThese(work: Work, call: CallState, fleet: FleetEvent): void {
  const profile = work.profile(call);
  const parties: string[] = [];
  for (const extension of fleet.extensions) addOnce(parties, partyOf(work, profile, extension));
  if (parties.length === 0) return;
  if (call.answeredAt === null) call.ringingAt ??= work.at;
  // New phones after the first talk: the client was sent on to somebody.
  else if (call.talkingSince === null && openTransfers(call).length === 0)
    note(work, call, 'blind', call.finalAgent, null);
  for (const party of parties) addOnce(call.rang, party);
  call.fleet.rung = parties.slice();
  work.say(call, { kind: 'call.ringing', extensions: parties });
}
