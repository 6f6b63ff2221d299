/**
 * `hangup`: a webhook call ends with that of its main uid; an outgoing one waits a moment, because its client may have
 * been transferred and then ends with the client's own. Hang-ups of consultations, mobile legs and parasitic Local
 * channels end nothing.
 */
import type { FleetEvent } from './facts.js';
import type { Rule } from './rules.js';
import type { CallState, Leg } from './tracker-types.js';
import type { Work } from './tracker-work.js';
import { addOnce, legOf } from './tracker-work.js';
import { addLeg } from './tracker-legs.js';
import { lineIs, readDialled, readExternal } from './tracker-client.js';
import { finish, lastKnownEnd, legGone } from './tracker-ending.js';
import { answer } from './tracker-talk.js';
import { localStart, startOf } from './tracker-time.js';
import { NOBODY_DIALLED } from './tracker-facts.js';
import { isExtension, partyOf, staffMobile } from './tracker-who.js';
import { note, openTransfers } from './tracker-transfer.js';
import { endTimeOf, localTimeOf } from './tracker-fleet-fill.js';
import { directed, mainIs } from './tracker-fleet-direction.js';
import { otherHalfIsThere } from './tracker-fleet-halves.js';
import { leaves } from './tracker-fleet-stays.js';
import { heard, openFleetCall } from './tracker-fleet-open.js';

const ANSWERED = '2';

export function fleetHangup(work: Work, call: CallState, leg: Leg, fleet: FleetEvent): void {
  if (call.direction === null) tellDirection(work, call, leg, fleet);
  const main = leg.uid === call.uid;
  if (main) remember(work, call, fleet);
  const client = leg.role === 'client';
  if (main || client) otherHalfIsThere(work, call);
  if (leg.bridge !== null) leaves(call, leg, leg.bridge, work.at, false);
  legGone(work, call, leg, work.at);
  if (call.direction === null) return;
  if (client && !main) return clientGone(work, call, fleet);
  if (!main) return;
  call.fleet.mainGoneAt = work.now;
  // The line of the last attempt, whose dial may have been lost.
  if (call.direction === 'out' && fleet.callType === 1) call.line = fleet.trunk ?? call.line;
  if (call.direction !== 'out') lostOnTransfer(work, call, fleet);
}

/** The client of an outgoing call may be with somebody else now; what is told of him decides, or a short wait. */
function mayGoOn(call: CallState): boolean {
  return call.answeredAt !== null && call.legs.some((leg) => leg.role === 'client' && leg.goneAt === null);
}

function clientGone(work: Work, call: CallState, fleet: FleetEvent): void {
  lostOnTransfer(work, call, fleet);
  call.fleet.mainGoneAt ??= work.now;
}

/** After each post: over by its hang-up, unless more would tell who talked with the client; that is waited for a moment. */
export function endIfTold(work: Work, call: CallState): void {
  if (call.fleet.mainGoneAt === null || mayGoOn(call)) return;
  if (call.ami || isWhole(call)) over(work, call, 'hangup-posted', lastKnownEnd(call));
}

function isWhole(call: CallState): boolean {
  const unheard = call.answeredAt === null && call.fleet.status === ANSWERED;
  const unnamed = call.talks.some((turn) => turn.agent === null);
  return !unheard && !unnamed && openTransfers(call).length === 0;
}

function remember(work: Work, call: CallState, fleet: FleetEvent): void {
  call.fleet.status = fleet.callStatus;
  call.fleet.peers = fleet.extensions.slice(0, 8);
  call.fleet.endTime = endTimeOf(work, fleet, call.enterprise);
}

/**
 * A client's hang-up told by the context of transfers (CallType 2): he was sent on blindly, and where nobody was heard of
 * since, to nobody. Whom he was sent to is told by hosts that name who was dialled last.
 */
function lostOnTransfer(work: Work, call: CallState, fleet: FleetEvent): void {
  if (fleet.callType !== 2 || call.direction === 'internal' || call.answeredAt === null) return;
  const to = fleet.extensions[0] ?? null;
  const last = call.transfers.at(-1);
  if (openTransfers(call).length > 0 || last?.kind === 'blind' || (to !== null && to === call.finalAgent)) return;
  const reached = to === null ? null : partyOf(work, work.profile(call), to);
  note(work, call, 'lost-on-transfer', 'blind', call.finalAgent, reached);
}

/** Ends a webhook call; what the dialplan said of it counts where no bridge was posted. */
function over(work: Work, call: CallState, rule: Rule, at: number): void {
  if (call.answeredAt === null && call.fleet.status === ANSWERED) answeredByWord(work, call, at);
  if (call.answeredAt !== null && call.finalAgent === null) nameAgent(work, call);
  if (call.ami) call.approximate = true;
  finish(work, call, rule, at);
}

/** Answered, says the dialplan, and no bridge was posted: when and how long nobody knows. */
function answeredByWord(work: Work, call: CallState, at: number): void {
  call.approximate = true;
  nameAgent(work, call);
  answer(work, call, at, 'answer-posted');
  call.talkEndedAt = at;
}

function nameAgent(work: Work, call: CallState): void {
  const profile = work.profile(call);
  const inside = call.fleet.peers.filter((peer) => isExtension(work, profile, peer));
  // All phones that rang are sometimes told where the one that answered should be.
  const agent = call.direction === 'out' ? call.caller : inside.length === 1 ? (inside[0] ?? null) : null;
  if (agent === null) return;
  addOnce(call.agents, agent);
  call.finalAgent = agent;
  for (const turn of call.talks) turn.agent ??= agent;
  if (call.direction !== 'out') call.answeredBy ??= agent;
  work.note(call, 'agent-named', { extension: agent });
}

/** Start and dial were lost, or never posted (internal calls): the hang-up alone tells what the call was. */
function tellDirection(work: Work, call: CallState, leg: Leg, fleet: FleetEvent): void {
  const profile = work.profile(call);
  const phone = fleet.phone;
  const fromInside = phone !== null && isExtension(work, profile, phone);
  if (fleet.callType === 2 || (fleet.callType === 0 && fleet.trunk === null)) {
    // Anything else of this type is a Local half or a transfer's leg.
    if (fromInside && leg.kind !== 'local' && fleet.callStatus !== NOBODY_DIALLED) internal(work, call, leg, phone);
    return;
  }
  if (fleet.callType === 0) {
    mainIs(call, leg);
    leg.role = 'client';
    lineIs(work, call, call.line ?? fleet.trunk, true);
    readExternal(work, call, phone);
    directed(work, call, 'in');
    return;
  }
  const caller = fleet.extensions[0] ?? null;
  if (caller !== null && !isExtension(work, profile, caller) && caller !== fleet.trunk) return;
  mainIs(call, leg);
  // The caller is at the other end of a Local channel.
  if (leg.kind !== 'local') leg.role = 'staff';
  call.caller ??= caller !== null && caller !== fleet.trunk ? caller : leg.kind === 'extension' ? leg.party : null;
  leg.party ??= call.caller;
  lineIs(work, call, fleet.trunk);
  if (staffMobile(profile, phone) !== null) {
    leg.role = 'client';
    return directed(work, call, 'internal');
  }
  readDialled(work, call, phone);
  directed(work, call, 'out');
}

function internal(work: Work, call: CallState, leg: Leg, caller: string): void {
  mainIs(call, leg);
  leg.role = 'client';
  leg.party = caller;
  call.caller = caller;
  directed(work, call, 'internal');
}

/** Posts come within seconds; beyond this the host's stamps and what is heard now are of different times. */
const MOST_OFF_MS = 86_400_000;

/** A hang-up of a call nothing was heard of. */
export function loneHangup(work: Work, fleet: FleetEvent, enterprise: string | undefined): void {
  const uid = fleet.uid ?? '';
  const profile = work.profileOf(enterprise);
  const inside = fleet.phone !== null && isExtension(work, profile, fleet.phone);
  const strange = fleet.callType === 2 && (!inside || fleet.callStatus === NOBODY_DIALLED);
  const caller = fleet.extensions[0];
  const mobile =
    fleet.callType === 1 && caller !== undefined && !isExtension(work, profile, caller) && caller !== fleet.trunk;
  if (strange || mobile || fleet.callType === null) return work.count('parasitic-hangup', enterprise);
  const call = openFleetCall(work, uid);
  work.note(call, 'only-hangup-seen');
  heard(work, call, fleet, enterprise);
  const ended = endTimeOf(work, fleet, enterprise);
  // `DateReceived` starts anew with every record Asterisk begins; the unique id is made once.
  const stamp = localStart(fleet.dateReceived ?? fleet.startTime, localTimeOf(work, fleet, enterprise));
  const begun = ended === null ? null : (startOf(uid, ended) ?? stamp);
  if (begun !== null && ended !== null && begun <= ended) {
    // A host's clock that is days off dates nothing, but its seconds last as long as ours.
    const off = Math.abs(work.now - ended) > MOST_OFF_MS ? work.now - ended : 0;
    call.startedAt = begun + off;
    work.at = ended + off;
  }
  call.approximate = fleet.callType !== 2;
  const leg = legOf(call, uid) ?? addLeg(work, call, uid);
  fleetHangup(work, call, leg, fleet);
}

/** A timer: nothing more will be posted about this call. */
export function fleetIsOver(work: Work, call: CallState): void {
  const told = call.fleet.mainGoneAt !== null;
  if (!told) call.approximate = true;
  over(work, call, told ? 'hangup-posted' : 'timed-out', lastKnownEnd(call));
}
