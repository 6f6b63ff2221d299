/**
 * Where a call began and who is its client.
 *
 * - An incoming call is one whose first channel is a trunk's and was not dialled by us.
 * - Staff who dials a trunk makes an outgoing call; staff who dials staff (an extension, or a staff mobile over a trunk)
 *   an internal one. Until somebody is dialled it is open, and a call that never dials anybody is told to nobody.
 * - Whatever is dialled later does not change it: a trunk leg of an incoming or internal call is a staff mobile.
 */
import type { ChannelInfo } from './facts.js';
import type { CallState, Leg } from './tracker-types.js';
import type { Work } from './tracker-work.js';
import { mainLeg } from './tracker-work.js';
import { originOf } from './tracker-legs.js';
import { settle } from './tracker-announce.js';
import {
  firstNumber,
  lineIs,
  mobileAmong,
  nameClient,
  numbersDialled,
  readCaller,
  readDialled,
} from './tracker-client.js';
import { parseChannelName } from './channel-name.js';
import { isExtension } from './tracker-who.js';

/** After a leg was met: does it tell that the call came in, and from whom? */
export function observe(work: Work, call: CallState, leg: Leg, info: ChannelInfo): void {
  if (leg.goneAt !== null) return;
  const main = leg.uid === call.uid;
  if (call.direction === null && main && leg.kind === 'trunk' && !leg.dialled) {
    // `ringing` on a first channel means that the PBX calls it; `down` does not tell yet.
    if (leg.state === 'ringing') placedByPbx(work, call, leg, info);
    else if (leg.state !== 'down' && leg.state !== 'dialing') incoming(work, call, leg);
  }
  if (call.direction === 'in' && main && leg.role === 'client') readCaller(work, call, info);
  settle(work, call);
}

function incoming(work: Work, call: CallState, leg: Leg): void {
  work.note(call, 'came-in', { channel: leg.name });
  call.direction = 'in';
  leg.role = 'client';
}

/**
 * A call the PBX places to the outside first. To a staff mobile it is that colleague's, who is then joined to whom he wants
 * to reach; to anybody else a callback: outgoing, its staff comes later.
 */
function placedByPbx(work: Work, call: CallState, leg: Leg, info: ChannelInfo): void {
  leg.dialled = true;
  // Whose mobiles count shows only when it is known whose call it is.
  settle(work, call);
  const mobile = mobileAmong(work, call, [info.callerNum ?? '', info.exten ?? '']);
  if (mobile !== null) {
    leg.role = 'staff';
    leg.party = mobile;
    return;
  }
  work.note(call, 'placed-by-pbx', { channel: leg.name });
  call.direction = 'out';
  leg.role = 'client';
  nameClient(work, call, leg, [info.callerNum, info.exten]);
}

/** A dial began: who is called, and what the call is by that. */
export function dialled(
  work: Work,
  call: CallState,
  by: Leg | null,
  dest: Leg,
  info: ChannelInfo,
  dialString: string | null,
): void {
  if (dest.kind === 'local') return;
  const origin = by && originOf(call, by);
  if (dest.kind === 'extension') {
    if (call.direction === null && origin && isStaff(origin) && origin !== dest) internal(work, call, origin, dest);
    return settle(work, call);
  }
  const numbers = numbersDialled(call, by, info, dialString);
  const mobile = mobileAmong(work, call, numbers);
  if (call.direction === null) {
    const caller = origin && isStaff(origin) ? origin : lastStaff(call, dest);
    if (mobile !== null && caller) internal(work, call, caller, dest);
    else outgoing(work, call, caller, dest);
  }
  if (call.direction === 'out' && mobile === null && call.answeredAt === null) {
    dest.role = 'client';
    lineIs(work, call, parseChannelName(dest.name).resource);
    nameClient(work, call, dest, numbers);
  } else {
    dest.role = 'staff';
    dest.party = mobile ?? firstNumber(work, call, numbers) ?? dest.party;
  }
  settle(work, call);
}

function outgoing(work: Work, call: CallState, caller: Leg | undefined, dest: Leg): void {
  call.direction = 'out';
  if (caller) call.caller = caller.party;
  work.note(call, 'dialled-out', { caller: call.caller, channel: dest.name });
}

function internal(work: Work, call: CallState, caller: Leg, dest: Leg): void {
  work.note(call, 'dialled-staff', { caller: caller.party, channel: dest.name });
  call.direction = 'internal';
  call.caller = caller.party;
  caller.role = 'client';
}

/** Nobody listened when it dialled, and it is over: what its phone dialled tells where it went. */
export function dialledUnheard(work: Work, call: CallState): void {
  const main = mainLeg(call);
  if (call.direction !== null || main?.kind !== 'extension' || main.dialled || main.exten === null) return;
  const colleague = isExtension(work, work.profile(call), main.exten) || mobileAmong(work, call, [main.exten]) !== null;
  if (colleague ? main.exten === main.party : firstNumber(work, call, [main.exten]) === null) return;
  work.note(call, 'dialled-unheard', { caller: main.party, number: main.exten });
  call.caller = main.party;
  call.direction = colleague ? 'internal' : 'out';
  if (colleague) {
    main.role = 'client';
    return;
  }
  const over = call.legs.find((leg) => leg.kind === 'trunk');
  if (over) lineIs(work, call, parseChannelName(over.name).resource);
  readDialled(work, call, main.exten);
}

/** The staff a PBX-placed call rang first: click-to-call has no dialling channel. */
function lastStaff(call: CallState, dest: Leg): Leg | undefined {
  return call.legs.findLast((leg) => leg !== dest && isStaff(leg) && leg.goneAt === null);
}

/** On a phone, or on a mobile that was found to be a colleague's. */
function isStaff(leg: Leg): boolean {
  return leg.kind === 'extension' || (leg.kind === 'trunk' && leg.role === 'staff' && leg.party !== null);
}
