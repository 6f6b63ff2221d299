/**
 * The fleet's own events, as webhooks post them (or as `LisAMI_EventData` says them over AMI).
 *
 * Where AMI sees a call it is the authority, and a post only fills in what AMI did not know. A call AMI does not see is
 * made of posts alone: a post finds its call by uid, by bridge, by the other half of its Local channel, and a post about a
 * channel nobody named yet by the client or agent it names. What cannot be placed opens a call without direction, which is
 * told to nobody until a later post gives it one or joins it to another call.
 */
import type { Fact, FleetEvent } from './facts.js';
import type { CallState, Leg } from './tracker-types.js';
import type { Work } from './tracker-work.js';
import { legOf } from './tracker-work.js';
import { addLeg, contradiction, contradicts, nameLeg } from './tracker-legs.js';
import { pairOf } from './tracker-book.js';
import { isFormersEnd, lateOf, latePostOf } from './tracker-former.js';
import { isDuplicate, remember } from './tracker-fleet-duplicates.js';
import { heard, openFleetCall } from './tracker-fleet-open.js';
import { fillIn } from './tracker-fleet-fill.js';
import { comesIn, fleetDial } from './tracker-fleet-dial.js';
import { fleetBridge, fleetBridgeDestroy, fleetBridgeLeave } from './tracker-fleet-bridge.js';
import { fleetCallerId } from './tracker-fleet-callerid.js';
import { placeByParty } from './tracker-fleet-place.js';
import { endIfTold, fleetHangup, loneHangup } from './tracker-fleet-end.js';

export function foldFleet(work: Work, fact: Extract<Fact, { kind: 'fleet' }>): void {
  const { fleet } = fact;
  if (fact.source === 'webhook' && work.profileOf(fact.enterprise)?.sources.includes('webhook') === false) {
    const id = fleet.uid === null ? undefined : work.pages.uids.get(fleet.uid);
    if (id === undefined) work.count('webhook-not-a-source', fact.enterprise);
    else work.drop(id, 'webhook-not-a-source', {}, fact.enterprise);
    return;
  }
  if (fleet.uid === null) {
    if (fleet.event === 'bridge_destroy' && fleet.bridge !== null) fleetBridgeDestroy(work, fleet.bridge);
    return;
  }
  const owner = work.pages.peek(work.pages.uids.get(fleet.uid));
  const ended = owner === undefined ? lateBy(work, fact) : null;
  if (ended !== null) return work.drop(ended, 'late-fact', { uid: fleet.uid }, fact.enterprise);
  if (fact.source === 'ami') {
    if (contradicts(work, fleet.uid, fleet.channel ?? ''))
      return void contradiction(work, fleet.uid, fleet.channel ?? '');
    const call = work.edit(owner?.id);
    if (call) fillIn(work, call, fleet);
    else work.effects.push({ kind: 'ask-status', uid: fleet.uid });
    return;
  }
  if (owner && !isOurs(work, owner, fact.enterprise)) return;
  if (owner && isFormersEnd(work, owner, fleet, fact.enterprise))
    return work.drop(owner, 'late-fact', { uid: fleet.uid }, fact.enterprise);
  if (owner && isDuplicate(work, work.edit(owner.id) as CallState, fleet))
    return work.drop(owner.id, 'duplicate-webhook', {}, fact.enterprise);
  if (owner?.ami && work.pages.link.up) {
    const call = work.edit(owner.id) as CallState;
    remember(work, call, fleet);
    return fillIn(work, call, fleet);
  }
  apply(work, fleet, owner && (work.edit(owner.id) as CallState), fact.enterprise);
}

function lateBy(work: Work, { source, fleet, enterprise }: Extract<Fact, { kind: 'fleet' }>): string | null {
  return source === 'ami' ? lateOf(work, fleet.uid ?? '') : latePostOf(work, fleet, enterprise);
}

/** A token of one enterprise says nothing about a call of another. */
function isOurs(work: Work, call: CallState, enterprise: string | undefined): boolean {
  if (enterprise === undefined || call.enterprise === null || call.enterprise === enterprise) return true;
  work.drop(call, 'webhook-of-another-enterprise', { enterprise }, enterprise);
  return false;
}

function apply(work: Work, fleet: FleetEvent, owner: CallState | undefined, enterprise: string | undefined): void {
  const found = owner ?? find(work, fleet);
  if (!found && fleet.event === 'hangup') {
    loneHangup(work, fleet, enterprise);
    return;
  }
  if (!found && fleet.event === 'bridge_leave') return work.count('unknown-channel', enterprise);
  if (found && !isOurs(work, found, enterprise)) return;
  const call = found ?? openFleetCall(work, fleet.uid as string);
  heard(work, call, fleet, enterprise);
  const known = legOf(call, fleet.uid);
  const leg = known ?? addLeg(work, call, fleet.uid as string);
  if (fleet.channel !== null) nameLeg(work, call, leg, fleet.channel);
  if (found && !known) work.note(call, 'joined', { uid: leg.uid, channel: leg.name });
  leg.exten ??= fleet.exten;
  leg.context ??= fleet.context;
  tell(work, call, leg, fleet);
}

/** The call a channel without a known uid belongs to. */
function find(work: Work, fleet: FleetEvent): CallState | undefined {
  const byBridge = fleet.bridge === null ? undefined : work.edit(work.pages.bridges.get(fleet.bridge));
  if (byBridge) return byBridge;
  const pair = fleet.channel === null ? null : pairOf(fleet.channel);
  const byPair = pair === null ? undefined : work.edit(work.pages.pairs.get(pair));
  return byPair ?? placeByParty(work, fleet);
}

function tell(work: Work, call: CallState, leg: Leg, fleet: FleetEvent): void {
  switch (fleet.event) {
    case 'start':
      comesIn(work, call, leg, fleet);
      break;
    case 'dial':
      fleetDial(work, call, leg, fleet);
      break;
    case 'new_callerid':
      fleetCallerId(work, call, leg, fleet);
      break;
    case 'bridge':
      fleetBridge(work, call, leg, fleet);
      break;
    case 'bridge_leave':
      fleetBridgeLeave(work, call, leg, fleet);
      break;
    case 'hangup':
      fleetHangup(work, call, leg, fleet);
      break;
    case 'bridge_create':
    case 'bridge_destroy':
      break;
  }
  const still = work.edit(work.pages.uids.get(leg.uid));
  if (!still) return;
  work.pages.publish(still);
  endIfTold(work, still);
}
