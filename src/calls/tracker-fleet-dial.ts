/** `start` and `dial`: where a webhook call comes from and whom it rings. */
import type { FleetEvent } from './facts.js';
import type { CallState, Leg } from './tracker-types.js';
import type { Work } from './tracker-work.js';
import { addOnce } from './tracker-work.js';
import { lineIs, readDialled, readExternal } from './tracker-client.js';
import { ringOut } from './tracker-ringing.js';
import { isExtension, partyOf, staffMobile } from './tracker-who.js';
import { note, openTransfers } from './tracker-transfer.js';
import { directed, mainIs } from './tracker-fleet-direction.js';

/** A `start`, and a `dial` whose start was lost. */
export function comesIn(work: Work, call: CallState, leg: Leg, fleet: FleetEvent): void {
  if (call.direction !== null && call.direction !== 'in') return;
  mainIs(call, leg);
  leg.role = 'client';
  if (fleet.trunk !== null) {
    lineIs(work, call, fleet.trunk, true);
  }
  readExternal(work, call, fleet.phone);
  directed(work, call, 'in');
}

export function fleetDial(work: Work, call: CallState, leg: Leg, fleet: FleetEvent): void {
  if (isLegOfAnother(call, leg, fleet)) return;
  if (fleet.callType === 1) return goesOut(work, call, leg, fleet);
  if (fromInside(work, call, fleet)) {
    if (isWithin(work, call, leg, fleet)) return dialledWithin(work, call, leg, fleet);
    mainIs(call, leg);
    leg.role = 'client';
    leg.party = fleet.phone;
    call.caller ??= fleet.phone;
    directed(work, call, 'internal');
  } else {
    comesIn(work, call, leg, fleet);
  }
  ringThese(work, call, fleet);
}

/** A phone calls phones: CallType 2, or that of incoming calls with no line and an extension for a caller. */
function fromInside(work: Work, call: CallState, { callType, trunk, phone }: FleetEvent): boolean {
  return callType === 2 || (trunk === null && phone !== null && isExtension(work, work.profile(call), phone));
}

/**
 * The call began otherwise: this is a consultation's channel, or the client's own that was sent on. Where nothing was heard
 * of the beginning, a Local channel is the one, and a number that is no extension the other.
 */
function isWithin(work: Work, call: CallState, leg: Leg, { phone }: FleetEvent): boolean {
  if (call.direction === null)
    return leg.kind === 'local' || phone === null || !isExtension(work, work.profile(call), phone);
  return !(call.direction === 'internal' && leg.uid === call.uid);
}

/** What a consultation dials is told by its channel; a client who is dialled for after a talk was sent on blindly. */
function dialledWithin(work: Work, call: CallState, leg: Leg, fleet: FleetEvent): void {
  if (leg.role !== 'client' || call.answeredAt === null) return;
  const parties = fleet.extensions.map((extension) => partyOf(work, work.profile(call), extension));
  const to = parties.length === 1 ? (parties[0] ?? null) : null;
  const open = openTransfers(call).at(-1) ?? note(work, call, 'sent-on', 'blind', call.finalAgent, to);
  open.to ??= to;
  call.fleet.lastExten = to ?? call.fleet.lastExten;
  if (parties.length > 0) work.say(call, 'dial-posted', { kind: 'call.ringing', extensions: parties });
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
  if (fleet.trunk !== null) lineIs(work, call, fleet.trunk);
  directed(work, call, 'out');
  if (call.answeredAt === null) call.ringingAt ??= work.at;
  ringOut(work, call);
}

/** A colleague's mobile is no client. */
function callsColleague(work: Work, call: CallState, leg: Leg, fleet: FleetEvent): void {
  leg.role = 'client';
  directed(work, call, 'internal');
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
    note(work, call, 'sent-on', 'blind', call.finalAgent, followedMe(work, call));
  for (const party of parties) addOnce(call.rang, party);
  call.fleet.rung = parties.slice();
  work.say(call, 'dial-posted', { kind: 'call.ringing', extensions: parties });
}

/** FollowMe's inner channel was told of before this dial: it shows the short number that was dialled. */
function followedMe(work: Work, call: CallState): string | null {
  const inner = call.legs.find(
    ({ kind, name, exten, goneAt, bornAt }) =>
      kind === 'local' &&
      goneAt === null &&
      name.endsWith(';1') &&
      work.onPbxClock(bornAt) >= (call.answeredAt ?? 0) &&
      exten !== null &&
      isExtension(work, work.profile(call), exten),
  );
  return inner?.exten ?? null;
}
