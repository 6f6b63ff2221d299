/** `new_callerid`: the first word of most channels. What a channel is for shows in it, who is on it never. */
import type { FleetEvent } from './facts.js';
import type { CallState, Leg } from './tracker-types.js';
import type { Work } from './tracker-work.js';
import { parseChannelName } from './channel-name.js';
import { lineIs, readExternal } from './tracker-client.js';
import { otherHalf } from './tracker-legs.js';
import { isExtension } from './tracker-who.js';
import { note, openTransfers } from './tracker-transfer.js';
import { castTrunk, directed, mainIs } from './tracker-fleet-direction.js';

export function fleetCallerId(work: Work, call: CallState, leg: Leg, fleet: FleetEvent): void {
  if (call.direction === null) opening(work, call, leg, fleet);
  if (leg.uid === call.uid && leg.role === 'client') readExternal(work, call, fleet.callerNum);
  castTrunk(work, call, leg, fleet.callerNum);
  if (leg.kind === 'local') consultation(work, call, leg, fleet);
  if (leg.kind === 'extension' && leg.uid !== call.uid) sentOn(work, call, leg.party);
}

/** The start was lost: a trunk's channel in an inbound context that shows another number dialled than its own. */
function opening(work: Work, call: CallState, leg: Leg, fleet: FleetEvent): void {
  const contexts = work.profile(call)?.inboundContexts ?? [];
  if (leg.kind !== 'trunk' || fleet.context === null || !contexts.includes(fleet.context)) return;
  if (fleet.exten === null || fleet.exten === fleet.callerNum) return;
  mainIs(call, leg);
  leg.role = 'client';
  lineIs(work, call, fleet.exten);
  readExternal(work, call, fleet.callerNum);
  directed(work, call, 'in');
}

function consultation(work: Work, call: CallState, leg: Leg, fleet: FleetEvent): void {
  const other = otherHalf(call, leg);
  // Half of a channel whose other half hung up is renamed on its way out.
  if (call.answeredAt === null || (other?.goneAt ?? null) !== null) return;
  // One that was there before anybody answered is the way he was reached by, and is renamed then.
  const bornAt = Math.min(leg.bornAt, other?.bornAt ?? leg.bornAt);
  if (work.onPbxClock(bornAt) < call.answeredAt) return;
  const first = leg.name.endsWith(';1');
  const agent = first ? fleet.connectedNum : fleet.callerNum;
  if (agent === call.finalAgent && !openTransfers(call).some((one) => one.kind === 'attended')) {
    const to = targetShown(work, call, leg, first ? fleet.callerNum : fleet.connectedNum);
    note(work, call, 'consulted', 'attended', agent, to);
    return;
  }
  // FollowMe after a blind transfer shows the short number that was dialled.
  const open = openTransfers(call).find((one) => one.kind === 'blind' && one.to === null);
  if (open && fleet.callerNum !== null && isExtension(work, work.profile(call), fleet.callerNum))
    open.to = fleet.callerNum;
}

/** What the agent dialled: of a FollowMe's inner channel not the mobile it calls, but the short number it shows. */
function targetShown(work: Work, call: CallState, leg: Leg, shown: string | null): string {
  const { resource } = parseChannelName(leg.name);
  const profile = work.profile(call);
  return !isExtension(work, profile, resource) && shown !== null && isExtension(work, profile, shown)
    ? shown
    : resource;
}

/** A phone is called for the client while nobody talks with him: a blind transfer. */
function sentOn(work: Work, call: CallState, party: string | null): void {
  if (call.answeredAt === null || call.talkingSince !== null || party === null) return;
  if (openTransfers(call).length === 0 && party !== call.finalAgent)
    note(work, call, 'sent-on', 'blind', call.finalAgent, party);
  call.fleet.lastExten = party;
}
