/**
 * Unique ids that begin again. Asterisk makes an id of its clock and a counter: after a reinstall, a clock set back or a
 * restored machine an id that a call had months ago, or minutes, is another call's. What is told of a uid whose call is over
 * is either late, and about that call, or the first word of a new one:
 *
 * - The PBX says that it makes the channel now (Newchannel): a new call.
 * - It tells the channel's age (`Status`): a new call if the channel is younger than the end of the call that is over. Else
 *   it is that call's, which was only taken for over.
 * - An AMI fact after a restart of the PBX that was seen: a new call. A post may have been on its way meanwhile.
 * - Anything else within ten minutes: late.
 * - Later: a new call, unless the one that is over was only taken for over, by silence or by a hang-up nobody confirmed. Then
 *   for three days only the beginning of an incoming call (`start`) is another's; and a hang-up alone is, whenever it comes,
 *   the end that was missed.
 * - The same post of a hang-up again, or one that tells the end which AMI told, is of the call that is over. So it is when
 *   the new call is there already.
 *
 * A call whose first uid was another's gets an id of its own towards CRMs (`externalId`); that it was is told when its
 * first channel is first heard of, and kept with the call.
 */
import type { ChannelInfo, FleetEvent, LiveChannel } from './facts.js';
import type { CallState, EndedUid, Former } from './tracker-types.js';
import { checksumOf } from './tracker-fleet-duplicates.js';
import { isMomentOf } from './tracker-time.js';
import type { Work } from './tracker-work.js';

/** Longer than any call that is taken for over goes on. */
const PRESUMED_MS = 3 * 86_400_000;
/** The dialplan's clock of a hang-up and AMI's differ by no more. */
const SAME_END_MS = 3_000;
const SECOND_MS = 1_000;

/** Id of the call that is over and that a fact about this uid is about; null when it is about none, or a new one. */
export function lateOf(work: Work, uid: string, channel: ChannelInfo | LiveChannel | null = null): string | null {
  const former = work.pages.ended(uid);
  if (!former || work.madeNow) return null;
  const bornAt = earliestBirth(work, channel);
  if (bornAt === null) return isWithin(work, former) ? former.callId : null;
  if (bornAt > former.endedAt) return null;
  work.ended({ ...former, endedAt: work.now, presumed: true });
  return former.callId;
}

/** The same of the linked id of a channel that no call is known to have. Its own age says nothing about that one's. */
export function lateLinkOf(work: Work, linkedid: string, channel: ChannelInfo | LiveChannel): string | null {
  const former = work.pages.ended(linkedid);
  if (!former) return null;
  const bornAt = earliestBirth(work, channel);
  return (bornAt !== null && bornAt <= former.endedAt) || isWithin(work, former) ? former.callId : null;
}

/** The same of a channel whose end is all that is told. */
export function lateEndOf(work: Work, uid: string): string | null {
  const former = work.pages.ended(uid);
  return former?.presumed && !isAfterRestart(work, former) ? former.callId : lateOf(work, uid);
}

/** The same of a post. */
export function latePostOf(work: Work, fleet: FleetEvent, enterprise: string | undefined): string | null {
  const former = fleet.uid === null ? undefined : work.pages.ended(fleet.uid);
  if (!former) return null;
  if (fleet.event === 'hangup' && (former.presumed || isEndOf(work, former, fleet, enterprise))) return former.callId;
  if (fleet.event === 'start') return work.now - former.endedAt <= work.ctx.lateMs ? former.callId : null;
  return lateOf(work, former.uid);
}

/** A posted hang-up of a call that has the uid now is told of the one that had it before. */
export function isFormersEnd(work: Work, call: CallState, fleet: FleetEvent, enterprise: string | undefined): boolean {
  const former = fleet.event === 'hangup' ? call.again.find(({ uid }) => uid === fleet.uid) : undefined;
  return former !== undefined && isEndOf(work, former, fleet, enterprise);
}

/** A hang-up the PBX stamped before the call that has the uid now began. */
export function isBefore(work: Work, call: CallState, uid: string): boolean {
  return call.again.some((former) => former.uid === uid) && work.at < call.startedAt - SECOND_MS;
}

/** Our clock before which the channel was not made; null when nothing says. */
function earliestBirth(work: Work, channel: ChannelInfo | LiveChannel | null): number | null {
  if (channel === null || !('seconds' in channel) || channel.seconds === null) return null;
  return work.now - (channel.seconds + 1) * SECOND_MS;
}

function isWithin(work: Work, former: EndedUid): boolean {
  if (isAfterRestart(work, former)) return false;
  return work.now - former.endedAt <= (former.presumed ? PRESUMED_MS : work.ctx.lateMs);
}

function isAfterRestart(work: Work, former: EndedUid): boolean {
  const { restartedAt } = work.pages.link;
  return work.source === 'ami' && restartedAt !== null && former.endedAt <= restartedAt;
}

function isEndOf(work: Work, { lastPost, at }: Former, fleet: FleetEvent, enterprise: string | undefined): boolean {
  if (lastPost === checksumOf(fleet)) return true;
  const zone = work.profileOf(enterprise)?.timezone;
  return zone !== undefined && at !== null && isMomentOf(fleet.endTime, zone, at, SAME_END_MS);
}
