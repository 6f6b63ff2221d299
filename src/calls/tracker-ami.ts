/** Facts about channels, as AMI tells them, folded into the calls they belong to. */
import type { ChannelInfo, Fact, LiveChannel } from './facts.js';
import type { CallState, Leg } from './tracker-types.js';
import type { Work } from './tracker-work.js';
import { legOf } from './tracker-work.js';
import { settledName } from './channel-name.js';
import type { Met } from './tracker-legs.js';
import { isBefore, lateEndOf, lateOf } from './tracker-former.js';
import { contradiction, contradicts, meet, otherHalf } from './tracker-legs.js';
import { merge } from './tracker-merge.js';
import { dialled, observe } from './tracker-direction.js';
import { ringEarlier, ringOn, ringOut, rings } from './tracker-ringing.js';
import { enters, happened, leaves } from './tracker-steps.js';
import { talk } from './tracker-talk.js';
import { confirmedGone, endIfEmpty, endedBefore, givenUp, legGone, mustAsk, stillThere } from './tracker-ending.js';
import { identify } from './tracker-who.js';
import { calledBy, targetOf } from './tracker-transfer.js';

type Of<K extends Fact['kind']> = Extract<Fact, { kind: K }>;
export type ChannelFact = Exclude<Fact, Of<'fleet' | 'link.lost' | 'link.up' | 'snapshot' | 'clock.stepped' | 'timer'>>;

export function foldChannel(work: Work, fact: ChannelFact): void {
  switch (fact.kind) {
    case 'channel.new':
      return void see(work, fact.channel, true);
    case 'channel.state':
      return channelState(work, fact.channel);
    case 'channel.seen':
      return fact.asked ? channelAnswered(work, fact.channel) : void see(work, fact.channel, false);
    case 'channel.cut':
      return channelCut(work, fact.name);
    case 'channel.hold':
      return channelHold(work, fact.channel, fact.on);
    case 'channel.gone':
      return channelGone(work, fact.channel);
    case 'channel.confirmed-gone':
      return channelConfirmedGone(work, fact.uid);
    case 'dial.begin':
      return dialBegin(work, fact);
    case 'dial.end':
      return dialEnd(work, fact);
    case 'bridge.enter':
      return bridgeEnter(work, fact);
    case 'bridge.leave':
      return bridgeLeave(work, fact);
    case 'bridge.destroy':
      return bridgeDestroy(work, fact.bridge);
    case 'bridge.create':
    // The channels a merge moves are told one by one.
    case 'bridge.merge':
      return;
    case 'local.pair':
      return localPair(work, fact.one, fact.two);
    case 'transfer.blind':
      return blindTransfer(work, fact);
    case 'transfer.attended':
      return attendedTransfer(work, fact);
    case 'pickup':
      return pickup(work, fact.channel, fact.target);
    case 'queue.join':
      return void withCall(work, fact.channel, (call) => (call.queue ??= fact.queue));
    case 'recording.started':
      return void withCall(work, fact.channel, (call) => (call.recorded = true));
    case 'recording.file':
      return recordingFile(work, fact);
    case 'cdr':
      return cdr(work, fact);
  }
}

/** Meets a channel and learns from it. `announced`: the event itself says that the channel is new. */
function see(work: Work, info: ChannelInfo, announced: boolean, open = true): Met | null {
  const met = meet(work, info, open);
  if (!met) return null;
  note(work, met.call);
  if (met.leg.goneAt !== null) return null;
  if (met.isNew && !announced) ask(work, met.call, met.leg);
  observe(work, met.call, met.leg, info);
  return met;
}

function note(work: Work, call: CallState): void {
  if (work.at > call.lastAt) call.lastAt = work.at;
  call.lastArrival = work.now;
  call.askedAt = null;
}

/** Last words about a channel come within this time of its end. */
const LAST_WORDS_MS = 5_000;

/**
 * A call that was only heard of: the PBX is asked once about its first channel. One that is heard of right after all
 * channels were shown may have been over by then, and nothing else would end it: the PBX is asked about it too.
 */
function ask(work: Work, call: CallState, leg: Leg): void {
  const { shownAt } = work.pages.link;
  if (shownAt !== null && work.now - shownAt <= LAST_WORDS_MS)
    work.effects.push({ kind: 'confirm-gone', uids: [leg.uid] });
  if (call.asked) return;
  call.asked = true;
  work.effects.push({ kind: 'ask-status', uid: call.uid });
}

function withCall(work: Work, info: ChannelInfo, change: (call: CallState) => unknown): void {
  const met = see(work, info, false);
  if (met) change(met.call);
}

function channelState(work: Work, info: ChannelInfo): void {
  const met = see(work, info, false);
  if (!met) return;
  if (info.state === 'ringing') rings(work, met.call, met.leg);
  else if (met.leg.state === 'up') talk(work, met.call);
}

/** The PBX's answer about a channel it was asked for: it lives, whatever hang-up was told. */
function channelAnswered(work: Work, channel: LiveChannel): void {
  const call = work.edit(work.pages.uids.get(channel.uid));
  const leg = call && legOf(call, channel.uid);
  if (call && leg && settledName(leg.name) === settledName(channel.name)) stillThere(work, call, leg, channel.bridge);
  see(work, channel, false);
}

/** Its hang-up may have been the last of its call. */
function channelCut(work: Work, name: string): void {
  const uid = work.pages.names.get(settledName(name));
  if (uid !== undefined && mustAsk(work)) work.effects.push({ kind: 'confirm-gone', uids: [uid] });
}

function channelHold(work: Work, info: ChannelInfo, on: boolean): void {
  const met = see(work, info, false);
  if (met) happened(work, met.call, { kind: 'hold', uid: met.leg.uid, at: work.at, on });
}

function channelGone(work: Work, info: ChannelInfo): void {
  const owner = work.pages.peek(work.pages.uids.get(info.uid));
  if (owner && isBefore(work, owner, info.uid))
    return work.drop(owner, 'late-fact', { uid: info.uid, channel: info.name });
  const met = knows(work, info.uid) ? meet(work, info, false) : unseenCaller(work, info);
  if (!met) return;
  const { call, leg } = met;
  note(work, call);
  const mattered = leg.goneAt === null && matters(call, leg);
  legGone(work, call, leg, work.at);
  endIfEmpty(work, call, work.at);
  // Where it ends the call, all its channels are asked about.
  if (mattered && mustAsk(work) && call.ending === null && !work.finished.has(call.id))
    work.effects.push({ kind: 'confirm-gone', uids: [leg.uid] });
}

/** Whether the call is another one without this leg: the client's, one that talks, or one that is still being called. */
function matters(call: CallState, leg: Leg): boolean {
  if (leg.kind === 'local') return false;
  return leg.role === 'client' || call.talkers.includes(leg.uid) || (leg.dialled && leg.dialStatus === null);
}

/**
 * A caller who gave up before anything was told of him: an AMI user without Newchannel sees only his hang-up. His unique
 * id tells when he called, if its clock is to be understood. Any other channel's end opens nothing.
 */
function unseenCaller(work: Work, info: ChannelInfo): Met | null {
  const ended = lateEndOf(work, info.uid);
  if (ended !== null) {
    work.drop(ended, 'late-fact', { uid: info.uid, channel: info.name });
    return null;
  }
  const startedAt = work.madeAt(info.uid);
  const first = info.uid === info.linkedid && identify(work, null, info.name).kind === 'trunk';
  const known = work.pages.uids.get(info.uid) !== undefined;
  if (!first || info.state === 'down' || known) return null;
  const met = meet(work, info, true);
  if (!met) return null;
  met.call.startedAt = startedAt ?? work.at;
  met.call.approximate = info.state === 'up' || startedAt === null;
  work.note(met.call, 'only-hangup-seen');
  observe(work, met.call, met.leg, info);
  return met;
}

function knows(work: Work, uid: string): boolean {
  const owner = work.pages.peek(work.pages.uids.get(uid));
  return owner !== undefined && legOf(owner, uid) !== undefined;
}

function channelConfirmedGone(work: Work, uid: string): void {
  const call = work.edit(work.pages.uids.get(uid));
  if (!call) return;
  confirmedGone(work, call, uid);
  if (!work.finished.has(call.id)) endIfEmpty(work, call, work.at);
}

function dialBegin(work: Work, fact: Of<'dial.begin'>): void {
  const by = fact.channel === null ? null : see(work, fact.channel, false);
  const dest = meet(work, fact.dest, true);
  if (!dest) return;
  const call = by ? merge(work, by.call, dest.call) : dest.call;
  if (!call || dest.leg.goneAt !== null) return;
  note(work, call);
  if (dest.isNew && by === null) ask(work, call, dest.leg);
  const { leg } = dest;
  leg.dialled = true;
  leg.dialledBy = by?.leg.uid ?? null;
  leg.dialStatus = null;
  if (leg.kind !== 'local') {
    call.dials.begun += 1;
    call.dials.begunAt = Math.max(call.dials.begunAt ?? work.at, work.at);
  }
  dialled(work, call, by?.leg ?? null, leg, fact.dest, fact.dialString);
  if (leg.kind === 'local') dialledBeyond(work, call, leg, fact.dest);
  if (leg.role === 'client') ringOut(work, call);
  if (leg.rangAt !== null) ringEarlier(work, call, leg);
  else if (leg.state === 'ringing') rings(work, call, leg);
}

/** What a Local channel dials on its other side may be told before it is dialled itself: now it shows for whom. */
function dialledBeyond(work: Work, call: CallState, near: Leg, info: ChannelInfo): void {
  const far = otherHalf(call, near);
  if (!far || call.direction !== null) return;
  for (const leg of call.legs) {
    if (leg.dialledBy !== far.uid || leg.goneAt !== null) continue;
    dialled(work, call, far, leg, info, null);
    if (leg.rangAt !== null) ringEarlier(work, call, leg);
  }
}

function dialEnd(work: Work, fact: Of<'dial.end'>): void {
  const by = fact.channel === null ? null : see(work, fact.channel, false, false);
  // The one who picked a call up was not dialled; the dial ends with his channel.
  const dest = knows(work, fact.dest.uid) ? meet(work, fact.dest, false) : null;
  if (!dest) return;
  const call = by && fact.status === 'ANSWER' ? merge(work, by.call, dest.call) : dest.call;
  if (!call) return;
  note(work, call);
  if (dest.leg.dialStatus !== null) return;
  dest.leg.dialStatus = fact.status;
  if (dest.leg.kind === 'local') return;
  if (fact.status !== 'CANCEL') endedBefore(work, call);
  switch (fact.status) {
    case 'ANSWER':
      break;
    case 'BUSY':
      call.dials.busy += 1;
      break;
    case 'NOANSWER':
      call.dials.unanswered += 1;
      break;
    case 'CANCEL':
      givenUp(call, work.at);
      break;
    default:
      call.dials.failed += 1;
  }
}

/** Queues and waiting music live in holding bridges; being there is not being answered. */
function holds(bridgeType: string | null, technology: string | null): boolean {
  return bridgeType === 'holding' || technology === 'holding_bridge';
}

function bridgeEnter(work: Work, fact: Of<'bridge.enter'>): void {
  const met = see(work, fact.channel, false);
  if (!met) return;
  let { call } = met;
  const { leg } = met;
  leg.waitsIn = holds(fact.bridgeType, fact.technology) ? fact.bridge : undefined;
  if (leg.waitsIn !== undefined) return leaves(work, call, leg, leg.bridge);
  const there = work.edit(work.pages.bridges.get(fact.bridge));
  if (there && there !== call) call = merge(work, there, call) ?? call;
  enters(work, call, leg, fact.bridge);
}

function bridgeLeave(work: Work, fact: Of<'bridge.leave'>): void {
  if (!knows(work, fact.channel.uid)) return;
  const met = meet(work, fact.channel, false);
  if (!met) return;
  note(work, met.call);
  if (met.leg.waitsIn === fact.bridge) met.leg.waitsIn = undefined;
  leaves(work, met.call, met.leg, fact.bridge);
}

function bridgeDestroy(work: Work, bridge: string): void {
  const call = work.edit(work.pages.bridges.get(bridge));
  if (!call) return;
  for (const leg of call.legs.filter((one) => one.bridge === bridge)) leaves(work, call, leg, bridge);
  work.pages.bridges.delete(bridge);
}

function localPair(work: Work, one: ChannelInfo, two: ChannelInfo): void {
  const first = see(work, one, false);
  const second = see(work, two, false);
  if (!first || !second) return;
  const call = merge(work, first.call, second.call);
  if (call) talk(work, call);
}

function blindTransfer(work: Work, fact: Of<'transfer.blind'>): void {
  const by = see(work, fact.transferer, false, false);
  if (!by || !fact.ok) return;
  happened(work, by.call, { kind: 'blind', uid: by.leg.uid, at: work.at, to: fact.exten });
}

function attendedTransfer(work: Work, fact: Of<'transfer.attended'>): void {
  const by = see(work, fact.transferer, false, false);
  if (!by || !fact.ok) return;
  let { call } = by;
  let target: Leg | undefined;
  let second: Leg | undefined;
  for (const info of [fact.secondTransferer, fact.transferee, fact.target]) {
    if (info === null || !knows(work, info.uid)) continue;
    const met = meet(work, info, false);
    if (!met) continue;
    call = merge(work, call, met.call) ?? call;
    if (info === fact.target) target = met.leg;
    if (info === fact.secondTransferer) second = met.leg;
  }
  const to = target ? targetOf(work, call, target) : calledBy(work, call, second);
  happened(work, call, { kind: 'attended', uid: by.leg.uid, at: work.at, to });
  ringOn(work, call);
}

function pickup(work: Work, picker: ChannelInfo, target: ChannelInfo): void {
  const taken = see(work, target, false, false);
  const by = see(work, picker, false);
  if (!taken || !by) return;
  const call = merge(work, taken.call, by.call);
  // The ring that was taken ends without a word.
  if (call) taken.leg.dialStatus ??= 'PICKUP';
}

function recordingFile(work: Work, { uid, channel, file }: Of<'recording.file'>): void {
  if (contradicts(work, uid, channel)) return void contradiction(work, uid, channel);
  const call = work.edit(work.pages.uids.get(uid));
  if (!call) return;
  call.recorded = true;
  call.recordingFile ??= file;
}

/** The CDR comes with or after the end; it is only asked what nothing else tells. */
function cdr(work: Work, fact: Of<'cdr'>): void {
  if (work.pages.uids.get(fact.uid) === undefined && lateOf(work, fact.uid) !== null) return;
  if (contradicts(work, fact.uid, fact.channel)) return void contradiction(work, fact.uid, fact.channel);
  const call = work.edit(work.pages.uids.get(fact.uid));
  if (call && fact.queue) call.queue ??= fact.queue;
}
