/** `bridge`, `bridge_leave`, `bridge_destroy`: who shares a bridge, as far as it was posted. */
import type { FleetEvent } from './facts.js';
import type { CallState, Leg } from './tracker-types.js';
import type { Work } from './tracker-work.js';
import { isStandIn, otherHalf } from './tracker-legs.js';
import { merge } from './tracker-merge.js';
import { talk } from './tracker-talk.js';
import { consulting, openTransfers } from './tracker-transfer.js';
import { isExtension } from './tracker-who.js';
import { castTrunk, goesOutByBridge } from './tracker-fleet-direction.js';
import { cameFrom, comesTo, lookForHalf, othersStay, wasThere } from './tracker-fleet-halves.js';
import { enters, leaves, reread } from './tracker-fleet-stays.js';
import { readTransfers } from './tracker-fleet-transfers.js';

export function fleetBridge(work: Work, mine: CallState, leg: Leg, fleet: FleetEvent): void {
  const { bridge } = fleet;
  if (bridge === null) return;
  const call = joined(work, mine, leg, bridge);
  castTrunk(work, call, leg, fleet.callerNum);
  for (const other of call.legs) castTrunk(work, call, other, other.party);
  cameFrom(work, call, leg, fleet);
  const since = comesTo(work, call, leg, bridge);
  if (since === null) return;
  enters(work, call, leg, bridge, since, true);
  goesOutByBridge(work, call);
  if (leg.role === 'client') remember(work, call, fleet);
  if (since === work.at) talk(work, call);
  else reread(work, call);
  lookForHalf(work, call, fleet);
  readTransfers(work, call);
  for (const agent of call.legs.filter((one) => one.bridge === bridge)) consulting(work, call, agent);
}

/** The call of everybody in this bridge, and of the other half of a Local channel. */
function joined(work: Work, mine: CallState, leg: Leg, bridge: string): CallState {
  const there = work.edit(work.pages.bridges.get(bridge));
  const call = there && there !== mine ? (merge(work, there, mine) ?? mine) : mine;
  const half = otherHalf(call, leg) ?? null;
  const paired = half === null ? work.edit(work.pages.pairs.get(leg.name.slice(0, -2))) : undefined;
  return paired && paired !== call ? (merge(work, paired, call) ?? call) : call;
}

/** After a blind transfer the client's channel shows what was dialled for it. */
function remember(work: Work, call: CallState, fleet: FleetEvent): void {
  const dialled = fleet.exten;
  if (dialled === null || dialled === call.line || !isExtension(work, work.profile(call), dialled)) return;
  call.fleet.lastExten = dialled;
  const open = openTransfers(call).find((one) => one.kind === 'blind');
  if (open) open.to = dialled;
}

export function fleetBridgeLeave(work: Work, mine: CallState, leg: Leg, fleet: FleetEvent): void {
  const { bridge } = fleet;
  if (bridge === null) return;
  const call = joined(work, mine, leg, bridge);
  castTrunk(work, call, leg, fleet.callerNum);
  wasThere(work, call, leg, bridge);
  othersStay(work, call, leg, fleet);
  readTransfers(work, call);
  leaves(call, leg, bridge, work.at, true);
  const left = fleet.bridgeNumChannels === 0 ? call.legs : call.legs.filter(isStandIn);
  for (const other of left) leaves(call, other, bridge, work.at, false);
  talk(work, call);
  lookForHalf(work, call);
}

export function fleetBridgeDestroy(work: Work, bridge: string): void {
  const id = work.pages.bridges.get(bridge);
  const seen = work.pages.peek(id);
  if (!seen || (seen.ami && work.pages.link.up)) return;
  const call = work.edit(id) as CallState;
  for (const leg of call.legs) leaves(call, leg, bridge, work.at, false);
  work.pages.bridges.delete(bridge);
  talk(work, call);
  lookForHalf(work, call);
}
