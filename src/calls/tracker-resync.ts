/**
 * The link to the PBX and what a snapshot of its live channels (`Status`) settles.
 *
 * - What hung up while nobody listened ends where it was last known to be up: when the link was lost (or, after a restart
 *   of ours, at the call's last fact). Never later than known, and marked approximate.
 * - What is still up goes on, and is exact where each of its channels stands as it stood. Where one does not, something
 *   happened that nobody heard: it is approximate. What ended ended when the link was lost, what began begins with the
 *   snapshot, so no second is told that may not have been.
 * - What is new opens, its start told by its channel's age; it is approximate too.
 */
import type { Fact, LiveChannel } from './facts.js';
import type { Rule } from './rules.js';
import type { CallState } from './tracker-types.js';
import { settledName } from './channel-name.js';
import type { Work } from './tracker-work.js';
import { legOf, liveLegs } from './tracker-work.js';
import { lateOf } from './tracker-former.js';
import { contradicts, meet } from './tracker-legs.js';
import { merge } from './tracker-merge.js';
import { dialled, observe } from './tracker-direction.js';
import { rings } from './tracker-ringing.js';
import { enterBridge, leaveBridge, talk } from './tracker-talk.js';
import { endIfEmpty, finish, isUp, legGone } from './tracker-ending.js';

/** `at`: our clock since when nothing was heard, which may be long before anybody noticed. */
export function linkLost(work: Work, at: number): void {
  work.pages.link.up = false;
  work.pages.link.lostAt ??= at;
}

export function linkUp(work: Work, { lostAt, restarted, skewMs }: Extract<Fact, { kind: 'link.up' }>): void {
  const { link } = work.pages;
  link.pingSkewMs = skewMs ?? null;
  link.lostAt ??= lostAt;
  link.up = true;
  // A PBX that was restarted has lost every channel, and may give the same ids out again.
  if (!restarted) return;
  link.restartedAt = work.now;
  for (const id of work.pages.all()) endInGap(work, id, 'pbx-restarted', new Map());
  // It may come back with another time.
  link.skewMs = null;
}

export function snapshot(work: Work, channels: readonly LiveChannel[]): void {
  const live = new Map(channels.map((channel) => [settledName(channel.name), channel]));
  const { uids } = work.pages;
  // All it had may be gone, and the client sent on to somebody new.
  const goOn = new Set(channels.flatMap(({ uid, linkedid }) => [uids.get(uid), uids.get(linkedid ?? '')]));
  for (const id of work.pages.all()) endInGap(work, id, 'gone-in-gap', live, goOn.has(id));
  // Those who call before those who are called, so that each call opens with its first channel, and who was called first
  // before who was called later, so that it has its direction by him.
  const ordered = [...channels].sort(
    (one, other) => Number(isCalled(one)) - Number(isCalled(other)) || (other.seconds ?? 0) - (one.seconds ?? 0),
  );
  for (const channel of ordered) compare(work, channel);
  for (const channel of ordered) goesOn(work, channel);
  for (const channel of ordered) inBridge(work, channel);
  for (const id of goOn) endIfNobodyCame(work, id);
  work.pages.link.up = true;
  work.pages.link.lostAt = null;
  work.pages.link.shownAt = work.now;
}

/** `AppDial` and `AppQueue` mark the called leg, as long as it does nothing else. */
function isCalled(channel: LiveChannel): boolean {
  return channel.application?.startsWith('AppDial') === true || channel.application === 'AppQueue';
}

function endInGap(work: Work, id: string, rule: Rule, live: ReadonlyMap<string, LiveChannel>, goesOn = false): void {
  const seen = work.pages.peek(id);
  if (!seen?.ami) return;
  const lost = seen.legs.filter(
    (leg) => leg.ami && leg.goneAt === null && live.get(settledName(leg.name))?.uid !== leg.uid,
  );
  if (lost.length === 0 && seen.ending === null) return;
  const call = work.edit(id) as CallState;
  if (call.ending !== null && !isUp(call)) return finish(work, call, rule, call.ending.at);
  const at = boundOf(work, call);
  call.approximate = true;
  for (const { uid } of lost) {
    const leg = legOf(call, uid);
    if (leg) legGone(work, call, leg, at);
  }
  if (!isUp(call) && !goesOn) finish(work, call, rule, at);
}

/** What its linked id promised was no channel of this call after all. */
function endIfNobodyCame(work: Work, id: string | undefined): void {
  const seen = work.pages.peek(id);
  if (!seen?.ami || seen.ending !== null || isUp(seen)) return;
  const call = work.edit(id) as CallState;
  finish(work, call, 'gone-in-gap', Math.max(...call.legs.map((leg) => leg.goneAt ?? 0), call.startedAt));
}

/** Up to when the call is known to have been up: a webhook may know the end better than the loss of the link. */
function boundOf(work: Work, call: CallState): number {
  if (call.fleet.endTime !== null && call.fleet.endTime >= call.startedAt)
    return Math.max(call.fleet.endTime, call.answeredAt ?? 0);
  const { lostAt } = work.pages.link;
  return lostAt === null ? call.lastAt : Math.max(call.lastAt, work.onPbxClock(lostAt));
}

/**
 * Does it stand as it stood, and stood it still? Whatever does not ring or talk is on its way to something else. The bridge it
 * has left it left when the link was lost, for all anybody knows.
 */
function compare(work: Work, channel: LiveChannel): void {
  const seen = work.pages.peek(work.pages.uids.get(channel.uid));
  const leg = legOf(seen, channel.uid);
  if (!seen || !leg?.ami || leg.goneAt !== null || contradicts(work, channel.uid, channel.name)) return;
  const same = leg.state === channel.state && leg.bridge === (channel.bridge || null);
  if (same && !leg.held && (seen.talkers.length > 0 || ringing(seen))) return;
  const call = work.edit(seen.id) as CallState;
  if (!call.approximate)
    work.note(call, 'moved-in-gap', { uid: leg.uid, state: channel.state, bridge: channel.bridge });
  call.approximate = true;
  const mine = legOf(call, leg.uid);
  if (!mine || mine.bridge === null || mine.bridge === channel.bridge) return;
  leaveBridge(mine, mine.bridge);
  talk(work, call, boundOf(work, call));
}

/** A phone that rings was not answered meanwhile. */
function ringing(call: CallState): boolean {
  return liveLegs(call).some((leg) => leg.dialled && leg.kind !== 'local' && leg.state === 'ringing');
}

function goesOn(work: Work, channel: LiveChannel): void {
  // It lives, but its call was told to be over.
  if (work.pages.uids.get(channel.uid) === undefined && lateOf(work, channel.uid, channel) !== null) return;
  const met = meet(work, channel, true);
  if (!met) return;
  const { call, leg } = met;
  call.lastArrival = work.now;
  call.lastAt = Math.max(call.lastAt, work.at);
  call.asked = true;
  if (met.isNew) {
    work.note(call, 'found-by-snapshot', { uid: leg.uid });
    call.approximate = true;
    const born = channel.seconds === null ? work.at : work.at - channel.seconds * 1000;
    if (leg.uid === call.uid || call.startedAt > born) call.startedAt = Math.min(call.startedAt, born);
  }
  if (!leg.dialled && (isCalled(channel) || (leg.kind === 'trunk' && channel.dnid === null && leg.uid !== call.uid)))
    called(work, call, channel);
  observe(work, call, leg, asItCame(work, channel));
  if (channel.state === 'ringing') rings(work, call, leg);
}

/** Somewhere in the dialplan it no longer shows which line it came in on, but for the number it came with. */
function asItCame(work: Work, channel: LiveChannel): LiveChannel {
  const contexts = work.ctx.enterprises.flatMap((one) => one.inboundContexts);
  if (channel.dnid === null || contexts.includes(channel.context ?? '')) return channel;
  return { ...channel, exten: channel.dnid };
}

/** Which leg called this one is told by their linked id alone. */
function called(work: Work, call: CallState, channel: LiveChannel): void {
  const leg = legOf(call, channel.uid);
  if (!leg) return;
  const by = legOf(call, channel.linkedid) ?? null;
  leg.dialled = true;
  leg.dialledBy = by === leg ? null : (by?.uid ?? null);
  if (channel.state === 'up') leg.dialStatus = 'ANSWER';
  if (leg.kind !== 'local') call.dials.begun += 1;
  dialled(work, call, by === leg ? null : by, leg, channel, null);
}

function inBridge(work: Work, channel: LiveChannel): void {
  const call = work.edit(work.pages.uids.get(channel.uid));
  const leg = call && legOf(call, channel.uid);
  if (!call || !leg || leg.goneAt !== null) return;
  const wasAnswered = call.answeredAt !== null;
  if (channel.bridge === null || channel.bridge === '' || channel.bridge === leg.waitsIn) {
    talk(work, call);
    return endIfEmpty(work, call, work.at);
  }
  const there = work.edit(work.pages.bridges.get(channel.bridge));
  const home = there && there !== call ? (merge(work, there, call) ?? call) : call;
  enterBridge(work, home, leg, channel.bridge);
  talk(work, home);
  if (wasAnswered || home.answeredAt === null) return;
  home.approximate = true;
  work.note(home, 'answered-in-gap');
}
