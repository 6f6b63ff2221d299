/**
 * Who was in which bridge, as posts told: what talk is read from. A post may be lost, or come after one that it happened
 * before; what a later one shows to have been so is put where it belongs, and the talk of the whole call is read again.
 * A call of more moves than are kept, or one that AMI shows, is only ever read forward.
 */
import type { CallState, Leg, Stay } from './tracker-types.js';
import type { Work } from './tracker-work.js';
import { answer, enterBridge, isSame, leaveBridge, reachable, talk, talkWith, talkWithNobody } from './tracker-talk.js';
import type { Where } from './tracker-talk.js';

const MOST = 32;

/** A leg is in this bridge from then on. `came`: a post says so. */
export function enters(work: Work, call: CallState, leg: Leg, bridge: string, from: number, came: boolean): void {
  if (leg.bridge === bridge) return change(call, openStay(call, leg), { came });
  if (leg.bridge !== null) leaves(call, leg, leg.bridge, from, false);
  keep(call, { uid: leg.uid, bridge, from, to: null, came, left: false });
  enterBridge(work, call, leg, bridge);
}

/** `left`: a post says so. */
export function leaves(call: CallState, leg: Leg, bridge: string, to: number, left: boolean): void {
  if (leg.bridge !== bridge) return;
  const stay = openStay(call, leg);
  leaveBridge(leg, bridge);
  if (stay) change(call, stay, { to: Math.max(to, stay.from), left });
}

/** Its last stay in this bridge, over or not. */
export function stayIn(call: CallState, leg: Leg, bridge: string): Stay | undefined {
  return call.fleet.stays?.findLast((stay) => stay.uid === leg.uid && stay.bridge === bridge);
}

function openStay(call: CallState, leg: Leg): Stay | undefined {
  return call.fleet.stays?.findLast((stay) => stay.uid === leg.uid && stay.to === null);
}

export function keep(call: CallState, stay: Stay): void {
  const { stays } = call.fleet;
  call.fleet.stays = stays === null || call.ami || stays.length === MOST ? null : [...stays, stay];
}

export function change(call: CallState, stay: Stay | undefined, over: Partial<Stay>): void {
  call.fleet.stays = call.fleet.stays?.map((one) => (one === stay ? { ...one, ...over } : one)) ?? null;
}

export function forget(call: CallState, stay: Stay): void {
  call.fleet.stays = call.fleet.stays?.filter((one) => one !== stay) ?? null;
}

/** Reads the talk of the whole call from its stays. What was told of it stands, what was not is told now. */
export function reread(work: Work, call: CallState): void {
  const { stays } = call.fleet;
  if (stays === null || call.ami) return talk(work, call);
  const { answeredAt, answeredBy } = call;
  Object.assign(call, { talkers: [], talkingSince: null, talkMs: 0, talkEndedAt: null, talks: [] });
  Object.assign(call, { agents: [], finalAgent: null });
  let first: { at: number; who: string | null } | null = null;
  for (const [at, where] of moments(stays)) {
    const talkers = reachable(call, where);
    if (isSame(call, talkers)) continue;
    if (talkers.length === 0) talkWithNobody(call, at);
    else talkWith(call, talkers, at);
    if (talkers.length > 0) first ??= { at, who: call.finalAgent };
  }
  // An answer that was told stands.
  first ??= answeredAt === null ? null : { at: answeredAt, who: answeredBy };
  if (first === null) return;
  if (answeredAt === null) return answer(work, call, first.at, 'read-again', first.who);
  call.answeredAt = first.at;
  call.answeredBy = call.direction === 'out' ? call.external : first.who;
}

/** Each moment somebody came or went, and where everybody was then. A stay without a length still was one. */
function* moments(stays: readonly Stay[]): Generator<[at: number, where: Where]> {
  const times = new Set(stays.flatMap(({ from, to }) => (to === null ? [from] : [from, to])));
  for (const at of [...times].sort((one, other) => one - other)) {
    const here = stays.filter(({ from, to }) => from <= at && (to === null || to > at));
    const passing = stays.filter(({ from, to }) => from === at && to === at);
    if (passing.length > 0) yield [at, among([...here, ...passing])];
    yield [at, among(here)];
  }
}

function among(stays: readonly Stay[]): Where {
  const bridges = new Map(stays.map(({ uid, bridge }) => [uid, bridge]));
  return (leg) => bridges.get(leg.uid) ?? null;
}
