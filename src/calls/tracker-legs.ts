/**
 * Which call a channel belongs to. A uid is known, or its linked id is, or the other half of its Local channel; else it
 * opens a call. What contradicts what is known (another name for a known uid, a live channel's name for another uid) is
 * forged or broken: dropped and counted, so it changes nothing.
 */
import type { ChannelInfo } from './facts.js';
import type { CallState, Leg } from './tracker-types.js';
import { settledName } from './channel-name.js';
import { pairOf } from './tracker-book.js';
import { lateLinkOf, lateOf } from './tracker-former.js';
import type { Work } from './tracker-work.js';
import { legOf } from './tracker-work.js';
import { identify } from './tracker-who.js';

export interface Met {
  call: CallState;
  leg: Leg;
  isNew: boolean;
}

const MAX_LEGS = 14;
const MAX_PAST = 80;

/** Finds or makes the leg AMI shows. `open`: an unknown channel may open a call. */
export function meet(work: Work, info: ChannelInfo, open: boolean): Met | null {
  if (info.uid === '') return null;
  const owner = work.pages.peek(work.pages.uids.get(info.uid));
  const known = owner && legOf(owner, info.uid);
  if (contradicts(work, info.uid, info.name)) return contradiction(work, info.uid, info.name);
  if (owner && known) {
    const call = work.edit(owner.id) as CallState;
    const leg = legOf(call, info.uid) as Leg;
    show(work, call, leg, info);
    return { call, leg, isNew: false };
  }
  if (owner?.past.includes(info.uid)) return null;
  const call = work.edit(owner?.id) ?? joined(work, info);
  if (typeof call === 'string') {
    work.drop(call, 'late-fact', { uid: info.uid, channel: info.name });
    return null;
  }
  if (!call && !open) {
    work.count('unknown-channel');
    return null;
  }
  const home = call ?? openCall(work, info.linkedid ?? info.uid);
  const leg = addLeg(work, home, info.uid);
  show(work, home, leg, info);
  work.note(home, call ? 'joined' : 'opened', { uid: leg.uid, channel: leg.name });
  return { call: home, leg, isNew: true };
}

/** Another name is known for this uid, or a live channel has this name under another uid. */
export function contradicts(work: Work, uid: string, name: string): boolean {
  const known = legOf(work.pages.peek(work.pages.uids.get(uid)), uid);
  const settled = settledName(name);
  if (known && known.name !== '') return settledName(known.name) !== settled;
  const holder = work.pages.names.get(settled);
  return holder !== undefined && holder !== uid;
}

/** Such a fact changes nothing; it is noted with the call it speaks of, else with the one whose channel it names. */
export function contradiction(work: Work, uid: string, channel: string): null {
  const { uids, names } = work.pages;
  const call = uids.get(uid) ?? uids.get(names.get(settledName(channel)) ?? '');
  if (call === undefined) work.count('contradicting-fact');
  else work.drop(call, 'contradicting-fact', { uid, channel });
  return null;
}

/** The live call an unknown channel belongs to; the id of that call when it is over. */
function joined(work: Work, info: ChannelInfo): CallState | string | undefined {
  const ended = lateOf(work, info.uid, info);
  if (ended !== null) return ended;
  if (info.linkedid !== null && info.linkedid !== info.uid) {
    const linked = work.edit(work.pages.uids.get(info.linkedid)) ?? lateLinkOf(work, info.linkedid, info);
    if (linked) return linked;
  }
  const pair = pairOf(info.name);
  return pair === null ? undefined : work.edit(work.pages.pairs.get(pair));
}

export function openCall(work: Work, uid: string, startedAt = work.at): CallState {
  const call: CallState = {
    v: 1,
    id: work.ctx.newCallId(),
    pbx: work.ctx.pbx,
    enterprise: null,
    uid,
    direction: null,
    announced: false,
    unclaimed: false,
    seq: 0,
    ami: false,
    webhook: false,
    skewMs: work.pages.link.skewMs,
    startedAt,
    ringingAt: null,
    answeredAt: null,
    endedAt: null,
    lastAt: work.at,
    lastArrival: work.now,
    external: null,
    externalKind: 'none',
    line: null,
    lineSure: false,
    caller: null,
    rang: [],
    ring: null,
    outRung: false,
    answeredBy: null,
    agents: [],
    finalAgent: null,
    talkers: [],
    talkingSince: null,
    talkMs: 0,
    talkEndedAt: null,
    talks: [],
    transfers: [],
    toldTransfers: [],
    hold: false,
    queue: null,
    recorded: false,
    recordingFile: null,
    dials: { begun: 0, unanswered: 0, busy: 0, failed: 0, begunAt: null, cancelledAt: null },
    asked: false,
    askedAt: null,
    ending: null,
    result: null,
    approximate: false,
    recovered: work.ctx.recovered,
    fleet: {
      recent: [],
      stays: [],
      status: null,
      peers: [],
      mainGoneAt: null,
      endTime: null,
      lone: null,
      rung: [],
      lastExten: null,
    },
    steps: [],
    legs: [],
    past: [],
    again: [],
    wake: null,
  };
  work.pages.open(call);
  work.changed.set(call.id, call);
  work.own(call, uid);
  return call;
}

export function addLeg(work: Work, call: CallState, uid: string): Leg {
  const leg: Leg = {
    uid,
    name: '',
    kind: 'unknown',
    role: 'unknown',
    party: null,
    state: null,
    context: null,
    exten: null,
    dialled: false,
    dialledBy: null,
    dialStatus: null,
    rangAt: null,
    bridge: null,
    held: false,
    unheldAt: null,
    ami: false,
    bornAt: work.now,
    goneAt: null,
  };
  call.legs.push(leg);
  if (call.legs.length > MAX_LEGS) forgetGone(work, call);
  if (uid !== call.uid || work.pages.uids.get(uid) !== call.id) work.own(call, uid);
  return leg;
}

/** A queue can ring the same phones for half an hour: legs long gone leave only their uid. */
function forgetGone(work: Work, call: CallState): void {
  const moved = (leg: Leg) => call.steps?.some(({ uid }) => uid === leg.uid) === true;
  const gone = call.legs.filter((leg) => leg.goneAt !== null && leg.uid !== call.uid);
  const leg = gone.find((one) => !moved(one)) ?? gone[0];
  if (!leg) return;
  call.legs.splice(call.legs.indexOf(leg), 1);
  if (moved(leg)) call.steps = null;
  if (call.fleet.stays?.some((stay) => stay.uid === leg.uid)) call.fleet.stays = null;
  call.past.push(leg.uid);
  if (call.past.length > MAX_PAST) {
    const forgotten = call.past.shift();
    if (forgotten !== undefined) work.pages.uids.delete(forgotten);
  }
}

/** Takes over what an AMI event shows of a channel. */
function show(work: Work, call: CallState, leg: Leg, info: ChannelInfo): void {
  call.ami = true;
  if (!leg.ami) {
    leg.ami = true;
    nameLeg(work, call, leg, info.name);
    if (leg.goneAt === null) work.pages.names.set(settledName(info.name), leg.uid);
  }
  if (info.state !== null) leg.state = info.state;
  leg.context ??= info.context;
  leg.exten ??= info.exten;
}

/** Names a leg and says who is on it. */
export function nameLeg(work: Work, call: CallState, leg: Leg, name: string): void {
  if (name === '' || leg.name === name) return;
  leg.name = name;
  const pair = pairOf(name);
  if (pair !== null) work.pages.pairs.set(pair, call.id);
  castLeg(work, call, leg);
}

/** Kind, role and party as the name tells; a role a rule gave already is kept. */
export function castLeg(work: Work, call: CallState, leg: Leg): void {
  const who = identify(work, work.profile(call), leg.name);
  leg.kind = who.kind;
  if (who.kind === 'local') leg.role = 'local';
  if (who.kind !== 'extension') return;
  leg.party = who.resource;
  if (leg.role === 'unknown') leg.role = 'staff';
}

/** The other half of a Local channel, when it is a leg of this call. */
export function otherHalf(call: CallState, leg: Leg): Leg | undefined {
  const pair = pairOf(leg.name);
  if (pair === null) return undefined;
  return call.legs.find((other) => other !== leg && pairOf(other.name) === pair);
}

/** Who is behind a leg: through Local channels back to the channel that dialled them. */
export function originOf(call: CallState, leg: Leg): Leg {
  let at = leg;
  for (let hops = 0; hops < MAX_LEGS && at.kind === 'local'; hops += 1) {
    const first = at.name.endsWith(';2') ? otherHalf(call, at) : at;
    const by = first && legOf(call, first.dialledBy);
    if (!by || by === at) return first ?? at;
    at = by;
  }
  return at;
}

/** Stands for a channel in this bridge of which no post has come. No real uid has a `#`. */
export function standInUid(uid: string, bridge: string): string {
  return `${uid}#${bridge}`;
}

export function isStandIn(leg: Leg): boolean {
  return leg.uid.includes('#');
}
