/**
 * Where a call began and who is its client.
 *
 * - An incoming call is one whose first channel is a trunk's and was not dialled by us.
 * - Staff who dials a trunk makes an outgoing call; staff who dials staff (an extension, or a staff mobile over a trunk)
 *   an internal one. Until somebody is dialled it is open, and a call that never dials anybody is told to nobody.
 * - Whatever is dialled later does not change it: a trunk leg of an incoming or internal call is a staff mobile.
 */
import type { ChannelInfo } from './facts.js';
import type { Direction } from './vocabulary.js';
import type { CallState, Leg } from './tracker-types.js';
import type { Work } from './tracker-work.js';
import { addOnce, legOf, mainLeg } from './tracker-work.js';
import { castLeg, originOf } from './tracker-legs.js';
import { claim } from './tracker-enterprise.js';
import { identify, readNumber, staffMobile } from './tracker-who.js';
import { parseChannelName } from './channel-name.js';

/** After a leg was met: does it tell that the call came in, and from whom? */
export function observe(work: Work, call: CallState, leg: Leg, info: ChannelInfo): void {
  if (leg.goneAt !== null) return;
  const main = leg.uid === call.uid;
  if (call.direction === null && main && leg.kind === 'trunk' && !leg.dialled) {
    // `ringing` on a first channel means that the PBX calls it; `down` does not tell yet.
    if (leg.state === 'ringing') placedByPbx(work, call, leg, info);
    else if (leg.state !== 'down' && leg.state !== 'dialing') incoming(call, leg);
  }
  if (call.direction === 'in' && main && leg.role === 'client') readCaller(work, call, info);
  settle(work, call);
}

function incoming(call: CallState, leg: Leg): void {
  call.direction = 'in';
  leg.role = 'client';
}

/** A call the PBX places to the outside first (a callback): outgoing, its staff comes later. */
function placedByPbx(work: Work, call: CallState, leg: Leg, info: ChannelInfo): void {
  call.direction = 'out';
  leg.role = 'client';
  leg.dialled = true;
  nameClient(work, call, leg, [info.callerNum, info.exten]);
}

/** Line and client of an incoming call, as long as they are not known for sure. */
function readCaller(work: Work, call: CallState, info: ChannelInfo): void {
  readLine(work, call, info);
  if (call.externalKind === 'number') return;
  const profile = work.profile(call);
  readExternal(work, call, info.callerNum);
  // Some gateways put the line id into the number and the number into the name.
  if (call.externalKind === 'none' && info.callerName !== null) {
    const named = readNumber(profile, info.callerName.replace(/^-/, ''), call.line);
    if (named.kind === 'number') setNumber(call, named.e164);
  }
}

/** A number dialled in an inbound context is a line, whatever its length; elsewhere it is only taken for want of better. */
function readLine(work: Work, call: CallState, info: ChannelInfo): void {
  if (call.lineSure || info.exten === null || info.exten === '' || info.exten === 's') return;
  const profile = work.profile(call);
  const contexts = profile ? profile.inboundContexts : work.ctx.enterprises.flatMap((one) => one.inboundContexts);
  const inbound = info.context !== null && contexts.includes(info.context);
  if (inbound || profile?.lines?.includes(info.exten)) {
    call.line = cleaned(info.exten);
    call.lineSure = true;
  } else if (call.line === null && /^\+?\d{4,}$/.test(info.exten)) {
    call.line = cleaned(info.exten);
  }
}

function cleaned(text: string): string {
  return text.replace(/\p{C}/gu, '').slice(0, 80);
}

/** Takes a caller's number; one that is a line id tells nothing. */
export function readExternal(work: Work, call: CallState, raw: string | null): void {
  if (raw === null || call.externalKind === 'number') return;
  if (raw === call.line) return;
  const reading = readNumber(work.profile(call), raw, call.line);
  switch (reading.kind) {
    case 'number':
      setNumber(call, reading.e164);
      return;
    case 'extension':
    case 'unreadable':
      call.external = reading.raw;
      call.externalKind = 'text';
      return;
    case 'line':
    case 'withheld':
      return;
  }
}

function setNumber(call: CallState, e164: string): void {
  call.external = e164;
  call.externalKind = 'number';
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
    if (call.direction === null && origin?.kind === 'extension' && origin !== dest) internal(call, origin);
    settle(work, call);
    return;
  }
  const numbers = numbersDialled(call, by, info, dialString);
  const mobile = mobileAmong(work, call, numbers);
  if (call.direction === null) {
    const caller = origin?.kind === 'extension' ? origin : lastStaff(call, dest);
    if (mobile !== null && caller) internal(call, caller);
    else call.direction = 'out';
    if (caller && call.direction === 'out') call.caller = caller.party;
  }
  if (call.direction === 'out' && mobile === null && call.answeredAt === null) {
    dest.role = 'client';
    call.line = parseChannelName(dest.name).resource;
    nameClient(work, call, dest, numbers);
  } else {
    dest.role = 'staff';
    dest.party = mobile ?? firstNumber(work, call, numbers) ?? dest.party;
  }
  settle(work, call);
}

function internal(call: CallState, caller: Leg): void {
  call.direction = 'internal';
  call.caller = caller.party;
  caller.role = 'client';
}

/** The staff a PBX-placed call rang first: click-to-call has no dialling channel. */
function lastStaff(call: CallState, dest: Leg): Leg | undefined {
  return call.legs.findLast((leg) => leg !== dest && leg.kind === 'extension' && leg.goneAt === null);
}

/** What was dialled, surest first: as the manager wrote it, as the dialplan sent it, as the channel shows it. */
function numbersDialled(call: CallState, by: Leg | null, info: ChannelInfo, dialString: string | null): string[] {
  const main = mainLeg(call);
  const half = by?.kind === 'local' ? parseChannelName(by.name).resource : null;
  // What an incoming channel shows as dialled is a line.
  const candidates = [
    half,
    by?.kind === 'extension' ? by.exten : null,
    main?.kind === 'extension' ? main.exten : null,
    ...numbersOf(dialString),
    info.exten,
    info.callerNum,
  ];
  return [...new Set(candidates.filter((text): text is string => typeof text === 'string' && /\d/.test(text)))];
}

/** `+375290000001@trunk`, `trunk/80290000001`, `0001363/375290000001`. */
function numbersOf(dialString: string | null): string[] {
  if (dialString === null) return [];
  const withoutTech = dialString.replace(/^(?:PJSIP|SIP|IAX2|DAHDI)\//i, '');
  const before = withoutTech.replace(/@.*$/, '');
  return [before.slice(before.lastIndexOf('/') + 1)];
}

function mobileAmong(work: Work, call: CallState, numbers: readonly string[]): string | null {
  const profile = work.profile(call);
  for (const number of numbers) {
    const mobile = staffMobile(profile, number);
    if (mobile !== null) return mobile;
  }
  return null;
}

function firstNumber(work: Work, call: CallState, numbers: readonly string[]): string | null {
  for (const number of numbers) {
    const reading = readNumber(work.profile(call), number, null);
    if (reading.kind === 'number') return reading.e164;
  }
  return null;
}

/** The client of an outgoing call: the first text that reads as a number, else the first text. */
function nameClient(work: Work, call: CallState, leg: Leg, texts: readonly (string | null)[]): void {
  if (call.externalKind === 'number') return;
  const numbers = texts.filter((text): text is string => text !== null);
  const e164 = firstNumber(work, call, numbers);
  if (e164 !== null) {
    setNumber(call, e164);
    leg.party = e164;
    return;
  }
  const first = numbers[0];
  if (first === undefined || call.externalKind === 'text') return;
  call.external = cleaned(first);
  call.externalKind = 'text';
}

/** Gives the call its direction from the outside (a webhook, a snapshot). */
export function direct(work: Work, call: CallState, direction: Direction): void {
  if (call.direction !== null) return;
  call.direction = direction;
  settle(work, call);
}

/**
 * The enterprise may be known now, and then what its settings say about legs seen before; and once both enterprise and
 * direction are, the call is announced, with what happened meanwhile.
 */
export function settle(work: Work, call: CallState): void {
  if (call.enterprise === null) {
    claim(work, call);
    if (call.enterprise !== null) for (const leg of call.legs) recast(work, call, leg);
  }
  if (call.announced || call.direction === null) return;
  if (call.enterprise === null) return unclaimed(work, call);
  call.announced = true;
  work.say(call, { kind: 'call.started' });
  catchUp(work, call);
}

function recast(work: Work, call: CallState, leg: Leg): void {
  const who = identify(work, work.profile(call), leg.name);
  if (who.kind !== leg.kind) castLeg(work, call, leg);
}

function unclaimed(work: Work, call: CallState): void {
  if (call.unclaimed) return;
  call.unclaimed = true;
  work.count('unclaimed-call');
}

/** A call whose enterprise was found late: its phones ring, or somebody answered. */
function catchUp(work: Work, call: CallState): void {
  if (call.answeredAt !== null) {
    work.say(call, { kind: 'call.answered', extension: call.finalAgent });
    return;
  }
  const ringing: string[] = [];
  for (const leg of call.legs) {
    if (leg.rang && leg.goneAt === null && leg.dialStatus === null && leg.party !== null && leg.role === 'staff')
      addOnce(ringing, leg.party);
  }
  if (ringing.length > 0 && call.direction !== 'out' && call.ring === null)
    work.say(call, { kind: 'call.ringing', extensions: ringing });
}

export function callerLeg(call: CallState): Leg | undefined {
  return call.legs.find((leg) => leg.role === 'client') ?? legOf(call, call.uid);
}
