/**
 * A bridge has two sides, and one of them may not be posted, or be posted late. What shows that it was there:
 *
 * - Its own leave: who leaves was in it. No post tells when he came; the others were there, and he was where he was seen last.
 * - The other side's leave, with how many stay behind.
 * - Before anybody answered, that the other side stays: nobody is in a bridge alone for long. Later the client is, while he
 *   waits for an agent who asks somebody.
 *
 * It is the client where the other side shows him for its own other side. Who of the staff it was only his own channel tells:
 * until it does, a stand-in without a name talks. It has the caller's only where nobody else can be meant.
 */
import type { FleetEvent } from './facts.js';
import type { CallState, Leg, Stay } from './tracker-types.js';
import type { Work } from './tracker-work.js';
import { legOf } from './tracker-work.js';
import { standInUid } from './tracker-legs.js';
import { change, enters, forget, keep, leaves, reread, stayIn } from './tracker-fleet-stays.js';
import { readNumber } from './tracker-who.js';

/** Posts about one moment come at most this far apart. */
export const APART_MS = 8_000;

/** Whether a leg is in a bridge alone before anybody answered: then the post of the other half is waited for. */
export function lookForHalf(work: Work, call: CallState, fleet?: FleetEvent): void {
  const { lone } = call.fleet;
  const half = call.answeredAt === null && call.direction !== null && !call.ami ? loneHalf(work, call, fleet) : null;
  if (half === null) call.fleet.lone = null;
  else if (lone?.uid !== half.uid) call.fleet.lone = { uid: half.uid, since: work.now };
}

function loneHalf(work: Work, call: CallState, fleet: FleetEvent | undefined): Leg | null {
  const client = clientOf(call);
  if (!client) return null;
  if (client.bridge !== null) return isAlone(call, client) ? client : null;
  const shows = (leg: Leg) =>
    leg.uid === call.fleet.lone?.uid ||
    (fleet !== undefined && leg.uid === fleet.uid && showsClient(work, call, leg, fleet));
  return call.legs.find((leg) => leg.bridge !== null && isAlone(call, leg) && shows(leg)) ?? null;
}

function isAlone(call: CallState, leg: Leg): boolean {
  return !call.legs.some((other) => other !== leg && other.bridge === leg.bridge);
}

/** The client's channel: of several lines that were tried for him, the one he answered on. */
function clientOf(call: CallState): Leg | undefined {
  const legs = call.legs.filter((leg) => leg.role === 'client' && leg.goneAt === null);
  return legs.find((leg) => leg.bridge !== null) ?? legs.at(-1);
}

/** This channel has the client for its other side: it shows him, or it is the one that dialled him. */
function showsClient(work: Work, call: CallState, leg: Leg, fleet: FleetEvent): boolean {
  if (call.direction === 'out' && leg.uid === call.uid) return true;
  const shown = readNumber(work.profile(call), fleet.connectedNum, call.line);
  return shown.kind === 'number' && shown.e164 === call.external;
}

/** The half that was waited for is taken to be there since the other came. */
export function otherHalfIsThere(work: Work, call: CallState): void {
  const { lone } = call.fleet;
  const leg = legOf(call, lone?.uid);
  call.fleet.lone = null;
  if (lone !== null && leg && leg.bridge !== null) joinHalf(work, call, leg, work.onPbxClock(lone.since));
}

/** Somebody leaves and more stay than are known: whoever they are, they were there with him, and with who is left. */
export function othersStay(work: Work, call: CallState, leg: Leg, fleet: FleetEvent): void {
  const { bridge } = leg;
  if (bridge === null || call.direction === null || call.ami || call.fleet.stays === null) return;
  // A channel may have hung up, or be seen elsewhere, and its leave come only now.
  const known = call.legs.filter((one) => one !== leg && stayIn(call, one, bridge)?.left === false);
  if ((fleet.bridgeNumChannels ?? 0) <= known.length) return;
  const client = clientOf(call);
  if (client?.bridge === bridge) {
    if (known.some((one) => one !== client)) return;
    // Who of the staff was there before has left him alone.
    const left = staysOf(call, (stay) => stay.bridge === bridge && legOf(call, stay.uid)?.role === 'staff');
    return joinHalf(work, call, client, Math.max(startOf(work, call, client, bridge), ...left));
  }
  if (!client || client.bridge !== null || known.length > 0 || !showsClient(work, call, leg, fleet)) return;
  const seen = staysOf(call, (stay) => stay.uid === client.uid);
  joinHalf(work, call, leg, Math.max(startOf(work, call, leg, bridge), ...seen));
}

function staysOf(call: CallState, which: (stay: Stay) => boolean): number[] {
  return (call.fleet.stays ?? []).flatMap((stay) => (which(stay) ? (stay.to ?? []) : []));
}

function startOf(work: Work, call: CallState, leg: Leg, bridge: string): number {
  return stayIn(call, leg, bridge)?.from ?? work.at;
}

function joinHalf(work: Work, call: CallState, leg: Leg, since: number): void {
  const client = clientOf(call);
  if (leg.bridge === null || !client) return;
  work.note(call, 'stand-in', { for: leg.role === 'client' ? 'staff' : 'client' }, since);
  if (leg.role === 'client') standIn(work, call, leg, leg.bridge, since);
  else enters(work, call, client, leg.bridge, since, false);
  reread(work, call);
  work.pages.publish(call);
}

function standIn(work: Work, call: CallState, client: Leg, bridge: string, since: number): void {
  const uid = standInUid(client.uid, bridge);
  if (legOf(call, uid)) return;
  const party = call.direction === 'out' && call.answeredAt === null ? call.caller : null;
  const leg: Leg = { ...client, uid, name: '', kind: 'unknown', role: 'staff', party, bridge: null, bornAt: work.now };
  call.legs.push(leg);
  enters(work, call, leg, bridge, since, false);
}

/** The stand-in of this bridge, if this leg may be who it stands for. */
function standInFor(call: CallState, leg: Leg, bridge: string): Stay | undefined {
  if (leg.role === 'client') return undefined;
  return call.fleet.stays?.find((stay) => stay.bridge === bridge && stay.uid.includes('#'));
}

/** Moves are not always posted as a leave and a coming: who shows the client and comes elsewhere is who was with him. */
export function cameFrom(work: Work, call: CallState, leg: Leg, fleet: FleetEvent): void {
  const from = clientOf(call)?.bridge ?? null;
  if (from === null || from === fleet.bridge || leg.role !== 'staff' || leg.bridge !== null) return;
  if (stayIn(call, leg, from) || !standInFor(call, leg, from) || !showsClient(work, call, leg, fleet)) return;
  wasThere(work, call, leg, from);
}

/** Who it was is known now. */
function dismiss(call: CallState, stay: Stay): void {
  forget(call, stay);
  call.legs = call.legs.filter((leg) => leg.uid !== stay.uid);
}

/** A leg comes to a bridge, says a post; since when it is there, or null when it left already and this post is only late. */
export function comesTo(work: Work, call: CallState, leg: Leg, bridge: string): number | null {
  const stay = stayIn(call, leg, bridge);
  if (stay && stay.to !== null && !stay.came && work.at - stay.to <= APART_MS) {
    change(call, stay, { came: true });
    return null;
  }
  const standIn = standInFor(call, leg, bridge);
  if (!standIn) return work.at;
  if (work.at - standIn.from <= 2 * APART_MS) {
    dismiss(call, standIn);
    return standIn.from;
  }
  // Two sides are in a bridge: whoever was with the client has left.
  const unnamed = legOf(call, standIn.uid);
  if (unnamed) leaves(call, unnamed, bridge, work.at, false);
  return work.at;
}

/** A leg leaves a bridge nothing told it had come to: then it was there. */
export function wasThere(work: Work, call: CallState, leg: Leg, bridge: string): void {
  if (leg.bridge === bridge || call.fleet.stays === null || call.ami) return;
  const last = stayIn(call, leg, bridge);
  // It was seen elsewhere before its leave came.
  if (last && !last.left) return change(call, last, { left: true });
  const standIn = standInFor(call, leg, bridge);
  const from = Math.max(sinceWhen(work, call, leg, bridge), standIn?.from ?? 0);
  if (standIn) dismiss(call, standIn);
  work.note(call, 'was-there', { uid: leg.uid, channel: leg.name }, from);
  const elsewhere = leg.bridge === null ? null : startOf(work, call, leg, leg.bridge);
  if (elsewhere !== null && work.at - elsewhere <= APART_MS)
    keep(call, { uid: leg.uid, bridge, from: Math.min(from, elsewhere), to: elsewhere, came: false, left: true });
  else enters(work, call, leg, bridge, elsewhere === null ? from : work.at, false);
  reread(work, call);
}

/** Since the first of the others there was, but not before the leg was made, nor while it was elsewhere. */
function sinceWhen(work: Work, call: CallState, leg: Leg, bridge: string): number {
  const stays = call.fleet.stays ?? [];
  const others = stays.filter((stay) => stay.bridge === bridge && stay.uid !== leg.uid);
  const first = Math.min(work.at, ...others.map(({ from }) => from));
  const elsewhere = stays.flatMap((stay) => (stay.uid === leg.uid && stay.to !== null ? [stay.to] : []));
  return Math.min(work.at, Math.max(first, work.madeAt(leg.uid) ?? 0, ...elsewhere));
}
