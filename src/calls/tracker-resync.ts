/**
 * The link to the PBX and what a snapshot of its live channels (`Status`) settles.
 *
 * - What hung up while nobody listened ends where it was last known to be up: when the link was lost (or, after a restart
 *   of ours, at the call's last fact). Never later than known, and marked approximate.
 * - What is still up goes on; an answer that happened meanwhile is dated with the snapshot and marked approximate.
 * - What is new opens, its start told by its channel's age; it is approximate too.
 */
import type { Fact, LiveChannel } from './facts.js';
import type { Rule } from './rules.js';
import type { CallState } from './tracker-types.js';
import { settledName } from './channel-name.js';
import type { Work } from './tracker-work.js';
import { legOf } from './tracker-work.js';
import { lateOf } from './tracker-former.js';
import { meet } from './tracker-legs.js';
import { merge } from './tracker-merge.js';
import { dialled, observe } from './tracker-direction.js';
import { rings } from './tracker-ringing.js';
import { enterBridge, talk } from './tracker-talk.js';
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
  for (const id of work.pages.all()) endInGap(work, id, 'gone-in-gap', live);
  // Those who call before those who are called, so that each call opens with its first channel.
  const ordered = [...channels].sort((one, other) => Number(isCalled(one)) - Number(isCalled(other)));
  for (const channel of ordered) goesOn(work, channel);
  for (const channel of ordered) inBridge(work, channel);
  work.pages.link.up = true;
  work.pages.link.lostAt = null;
}

/** `AppDial` and `AppQueue` mark the called leg. */
function isCalled(channel: LiveChannel): boolean {
  return channel.application?.startsWith('AppDial') === true || channel.application === 'AppQueue';
}

function endInGap(work: Work, id: string, rule: Rule, live: ReadonlyMap<string, LiveChannel>): void {
  const seen = work.pages.peek(id);
  if (!seen?.ami) return;
  const lost = seen.legs.filter(
    (leg) => leg.ami && leg.goneAt === null && live.get(settledName(leg.name))?.uid !== leg.uid,
  );
  if (lost.length === 0 && seen.ending === null) return;
  const call = work.edit(id) as CallState;
  if (call.ending !== null && !isUp(call)) return finish(work, call, rule, call.ending.at);
  const at = boundOf(work, call);
  for (const { uid } of lost) {
    const leg = legOf(call, uid);
    if (leg) legGone(work, call, leg, at);
  }
  call.approximate = true;
  if (!isUp(call)) finish(work, call, rule, at);
}

/** Up to when the call is known to have been up: a webhook may know the end better than the loss of the link. */
function boundOf(work: Work, call: CallState): number {
  if (call.fleet.endTime !== null && call.fleet.endTime >= call.startedAt)
    return Math.max(call.fleet.endTime, call.answeredAt ?? 0);
  const { lostAt } = work.pages.link;
  return lostAt === null ? call.lastAt : Math.max(call.lastAt, work.onPbxClock(lostAt));
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
    if (isCalled(channel)) called(work, call, channel);
  }
  observe(work, call, leg, channel);
  if (channel.state === 'ringing') rings(work, call, leg);
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
  if (channel.bridge === null || channel.bridge === '') {
    leg.bridge = null;
  } else {
    const there = work.edit(work.pages.bridges.get(channel.bridge));
    const home = there && there !== call ? (merge(work, there, call) ?? call) : call;
    enterBridge(work, home, leg, channel.bridge);
    talk(work, home);
    if (!wasAnswered && home.answeredAt !== null) {
      home.approximate = true;
      work.note(home, 'answered-in-gap');
    }
    return;
  }
  talk(work, call);
  endIfEmpty(work, call, work.at);
}
