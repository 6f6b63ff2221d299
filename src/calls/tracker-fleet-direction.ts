/** Where a webhook call goes, and what its channels are by that. */
import type { CallState, Leg } from './tracker-types.js';
import type { Direction } from './vocabulary.js';
import type { Work } from './tracker-work.js';
import { parseChannelName } from './channel-name.js';
import { e164Of } from './phone.js';
import { direct } from './tracker-announce.js';
import { lineIs, readDialled } from './tracker-client.js';
import { reread } from './tracker-fleet-stays.js';
import { readNumber, staffMobile } from './tracker-who.js';

/** The uid of a start or dial is the call's, whatever was heard of it first; until it is told it may still change. */
export function mainIs(call: CallState, leg: Leg): void {
  if (!call.announced) call.uid = leg.uid;
}

/** It is known now, and with it who its channels are, and who has talked with whom. */
export function directed(work: Work, call: CallState, direction: Direction): void {
  if (call.direction !== null) return;
  direct(work, call, direction);
  for (const leg of call.legs) castTrunk(work, call, leg, leg.party);
  reread(work, call);
}

/** The dial was lost: an extension's channel in a bridge, on which a client's number was dialled, calls him. */
export function goesOutByBridge(work: Work, call: CallState): void {
  if (call.direction !== null) return;
  const profile = work.profile(call);
  const leg = call.legs.find((one) => one.kind === 'extension' && one.bridge !== null && one.exten !== null);
  if (!leg || readNumber(profile, leg.exten, null).kind !== 'number' || staffMobile(profile, leg.exten) !== null)
    return;
  mainIs(call, leg);
  call.caller ??= leg.party;
  readDialled(work, call, leg.exten);
  directed(work, call, 'out');
}

/** A trunk's channel is the client of an outgoing call that nobody has answered yet, else a staff mobile. */
export function castTrunk(work: Work, call: CallState, leg: Leg, number: string | null): void {
  if (leg.kind !== 'trunk' || leg.role !== 'unknown') return;
  const profile = work.profile(call);
  const mobile = staffMobile(profile, number);
  leg.party = mobile ?? e164Of(number, { country: profile?.country ?? '', lines: profile?.lines ?? null }) ?? leg.party;
  if (call.direction === null) return;
  if (call.direction === 'out' && mobile === null && call.answeredAt === null) {
    leg.role = 'client';
    leg.party = null;
    if (call.line === null) lineIs(work, call, parseChannelName(leg.name).resource);
  } else {
    leg.role = 'staff';
  }
}
