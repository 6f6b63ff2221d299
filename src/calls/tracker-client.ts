/**
 * The client's number and the line, as far as a channel or a post tells them. Once read as a number it is not changed.
 *
 * A line's id is no client, nor is one of the enterprise's own: who calls in and shows the number of an extension stays
 * without a number, as if he had withheld it, and a staff mobile that calls in is a colleague: that call is internal
 * (`ownMobile`).
 */
import type { ChannelInfo } from './facts.js';
import type { CallState, Leg } from './tracker-types.js';
import type { Work } from './tracker-work.js';
import { mainLeg } from './tracker-work.js';
import { parseChannelName } from './channel-name.js';
import { cleanText } from './phone-text.js';
import { isExtension, readNumber, staffMobile } from './tracker-who.js';

/** Line and client of an incoming call, as long as they are not known for sure. */
export function readCaller(work: Work, call: CallState, info: ChannelInfo): void {
  readLine(work, call, info);
  if (call.externalKind === 'number') return;
  readExternal(work, call, info.callerNum);
  // Some gateways put the line id into the number and the number into the name.
  if (call.externalKind !== 'none' || info.callerName === null) return;
  const named = readNumber(work.profile(call), info.callerName.replace(/^-/, ''), call.line);
  if (named.kind === 'number') setCaller(work, call, named.e164);
}

/** A number dialled in an inbound context is a line, whatever its length; elsewhere it is only taken for want of better. */
function readLine(work: Work, call: CallState, info: ChannelInfo): void {
  if (call.lineSure || info.exten === null || info.exten === '' || info.exten === 's') return;
  const profile = work.profile(call);
  const contexts = profile ? profile.inboundContexts : work.ctx.enterprises.flatMap((one) => one.inboundContexts);
  const inbound = info.context !== null && contexts.includes(info.context);
  if (inbound || profile?.lines?.includes(info.exten)) {
    lineIs(work, call, cleanText(info.exten), true);
  } else if (call.line === null && /^\+?\d{4,}$/.test(info.exten)) {
    lineIs(work, call, cleanText(info.exten));
  }
}

/** `sure`: nothing replaces it any more. */
export function lineIs(work: Work, call: CallState, line: string | null, sure = false): void {
  if (call.line !== line) work.note(call, 'line-read', { line });
  call.line = line;
  call.lineSure ||= sure;
}

/** Takes the number of who called in; one that is a line id, is withheld or is one of our own tells nothing. */
export function readExternal(work: Work, call: CallState, raw: string | null): void {
  if (raw === null || call.externalKind === 'number') return;
  const profile = work.profile(call);
  const reading = readNumber(profile, raw, call.line);
  switch (reading.kind) {
    case 'number':
      return setCaller(work, call, reading.e164);
    case 'extension':
      return isExtension(work, profile, reading.raw) ? forget(call, reading.raw) : setText(work, call, reading.raw);
    case 'unreadable':
      return setText(work, call, reading.raw);
    case 'line':
    case 'withheld':
      return;
  }
}

/** A colleague's mobile is no client: before the call is told that makes it internal, later it tells nothing. */
function setCaller(work: Work, call: CallState, e164: string): void {
  if (!call.announced || staffMobile(work.profile(call), e164) === null) setNumber(work, call, e164);
}

/** Takes the number an outgoing call went to. Whatever went out over a trunk was no extension. */
export function readDialled(work: Work, call: CallState, raw: string | null): void {
  if (raw === null || call.externalKind === 'number') return;
  const reading = readNumber(work.profile(call), raw, null);
  if (reading.kind === 'number') setNumber(work, call, reading.e164);
  else if (reading.kind === 'extension' || reading.kind === 'unreadable') setText(work, call, reading.raw);
}

/** Taken before the enterprise was known, and now found to be an extension. */
function forget(call: CallState, text: string): void {
  if (call.externalKind !== 'text' || call.external !== text) return;
  call.external = null;
  call.externalKind = 'none';
}

/** Before a call is told: who calls in from a colleague's mobile is that colleague. */
export function ownMobile(work: Work, call: CallState): void {
  if (call.direction !== 'in' || call.externalKind !== 'number') return;
  const mobile = staffMobile(work.profile(call), call.external);
  if (mobile === null) return;
  work.note(call, 'own-mobile', { caller: mobile });
  call.direction = 'internal';
  call.caller = mobile;
  call.external = null;
  call.externalKind = 'none';
}

function setText(work: Work, call: CallState, text: string): void {
  // Before that the country may not be known, in which it is a number after all.
  if (call.announced && call.external !== text) work.note(call, 'client-unreadable', { text });
  call.external = text;
  call.externalKind = 'text';
}

function setNumber(work: Work, call: CallState, e164: string): void {
  work.note(call, 'client-read', { number: e164 });
  call.external = e164;
  call.externalKind = 'number';
}

/** The client of an outgoing call: the first text that reads as a number, else the first text. */
export function nameClient(work: Work, call: CallState, leg: Leg, texts: readonly (string | null)[]): void {
  if (call.externalKind === 'number') return;
  const numbers = texts.filter((text): text is string => text !== null);
  const e164 = firstNumber(work, call, numbers);
  if (e164 !== null) {
    setNumber(work, call, e164);
    leg.party = e164;
    return;
  }
  const first = numbers[0];
  if (first !== undefined && call.externalKind !== 'text') setText(work, call, cleanText(first));
}

/** What was dialled, surest first: as the manager wrote it, as the dialplan sent it, as the channel shows it. */
export function numbersDialled(
  call: CallState,
  by: Leg | null,
  info: ChannelInfo,
  dialString: string | null,
): string[] {
  const main = mainLeg(call);
  const candidates = [
    by?.kind === 'local' ? parseChannelName(by.name).resource : null,
    // What an incoming channel shows as dialled is a line.
    by?.kind === 'extension' ? by.exten : null,
    main?.kind === 'extension' ? main.exten : null,
    numberOf(dialString),
    info.exten,
    info.callerNum,
  ];
  return [...new Set(candidates.filter((text): text is string => typeof text === 'string' && /\d/.test(text)))];
}

/** Of `+375290000001@trunk`, `trunk/80290000001`, `0001363/375290000001` the number. */
function numberOf(dialString: string | null): string | null {
  if (dialString === null) return null;
  const bare = dialString.replace(/^(?:PJSIP|SIP|IAX2|DAHDI)\//i, '').replace(/@.*$/, '');
  return bare.slice(bare.lastIndexOf('/') + 1);
}

export function mobileAmong(work: Work, call: CallState, numbers: readonly string[]): string | null {
  const profile = work.profile(call);
  for (const number of numbers) {
    const mobile = staffMobile(profile, number);
    if (mobile !== null) return mobile;
  }
  return null;
}

export function firstNumber(work: Work, call: CallState, numbers: readonly string[]): string | null {
  for (const number of numbers) {
    const reading = readNumber(work.profile(call), number, null);
    if (reading.kind === 'number') return reading.e164;
  }
  return null;
}
