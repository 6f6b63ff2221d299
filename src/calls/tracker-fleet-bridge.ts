/** `bridge`, `bridge_leave`, `bridge_destroy`: who shares a bridge, as far as it was posted. */
import type { FleetEvent } from './facts.js';
import type { CallState, Leg } from './tracker-types.js';
import type { Work } from './tracker-work.js';
import { isStandIn, otherHalf, standInUid } from './tracker-legs.js';
import { merge } from './tracker-merge.js';
import { enterBridge, leaveBridge, talk } from './tracker-talk.js';
import { consulting, note, openTransfers, settleTransfers } from './tracker-transfer.js';
import { isExtension } from './tracker-who.js';
import { castTrunk } from './tracker-fleet-callerid.js';

export function fleetBridge(work: Work, mine: CallState, leg: Leg, fleet: FleetEvent): void {
  const { bridge } = fleet;
  if (bridge === null) return;
  const there = work.edit(work.pages.bridges.get(bridge));
  let call = there && there !== mine ? (merge(work, there, mine) ?? mine) : mine;
  const half = otherHalf(call, leg) ?? null;
  const paired = half === null ? work.edit(work.pages.pairs.get(leg.name.slice(0, -2))) : undefined;
  if (paired && paired !== call) call = merge(work, paired, call) ?? call;
  if (leg.kind === 'trunk' && leg.role === 'unknown') castTrunk(work, call, leg, fleet.callerNum);
  for (const other of call.legs)
    if (other.kind === 'trunk' && other.role === 'unknown') castTrunk(work, call, other, null);
  const before = { agents: call.agents.length, last: call.finalAgent };
  enterBridge(work, call, leg, bridge);
  if (leg.role === 'client') remember(work, call, fleet);
  talk(work, call);
  lone(work, call, leg);
  share(work, call);
  movedOn(work, call, before, fleet);
  consulting(work, call, leg);
}

/** After a blind transfer the client's channel shows what was dialled for it. */
function remember(work: Work, call: CallState, fleet: FleetEvent): void {
  const dialled = fleet.exten;
  if (dialled === null || dialled === call.line || !isExtension(work, work.profile(call), dialled)) return;
  call.fleet.lastExten = dialled;
  const open = openTransfers(call).find((one) => one.kind === 'blind');
  if (open) open.to = dialled;
}

/** Somebody new talks with the client and no transfer was noted: he was sent there blindly. */
function movedOn(
  work: Work,
  call: CallState,
  before: { agents: number; last: string | null },
  fleet: FleetEvent,
): void {
  if (call.talkingSince === null || before.last === null || call.finalAgent === before.last) return;
  const reached = call.transfers.some((one) => one.answered === true && one.at >= (call.talkEndedAt ?? 0));
  const consulted = call.transfers.some((one) => one.from === before.last && one.answered === true);
  if (reached || consulted || call.agents.length === before.agents) return;
  const to = call.fleet.lastExten ?? fleet.exten ?? call.finalAgent;
  note(work, call, 'moved-on', 'blind', before.last, to);
  settleTransfers(
    work,
    call,
    call.legs.filter((leg) => call.talkers.includes(leg.uid)),
  );
}

export function fleetBridgeLeave(work: Work, call: CallState, leg: Leg, fleet: FleetEvent): void {
  const { bridge } = fleet;
  if (bridge === null) return;
  // Somebody stays behind, so the client was not alone though nobody else was posted.
  if (leg.role === 'client' && call.fleet.loneSince !== null && (fleet.bridgeNumChannels ?? 0) > 0) standIn(work, call);
  leaveBridge(leg, bridge);
  dismissStandIn(call, bridge);
  talk(work, call);
  lone(work, call);
  share(work, call);
}

export function fleetBridgeDestroy(work: Work, bridge: string): void {
  const id = work.pages.bridges.get(bridge);
  const seen = work.pages.peek(id);
  if (!seen || (seen.ami && work.pages.link.up)) return;
  const call = work.edit(id) as CallState;
  for (const leg of call.legs) leaveBridge(leg, bridge);
  work.pages.bridges.delete(bridge);
  talk(work, call);
  lone(work, call);
  share(work, call);
}

/** Two channels in one bridge of a call nobody knows the direction of: remembered, should it prove internal. */
function share(work: Work, call: CallState): void {
  if (call.direction !== null) return;
  const bridges = call.legs.filter((leg) => leg.bridge !== null && leg.goneAt === null).map((leg) => leg.bridge);
  const shared = new Set(bridges).size < bridges.length;
  if (shared) call.fleet.shared ??= { from: work.at, to: null };
  else if (call.fleet.shared !== null) call.fleet.shared.to ??= work.at;
}

/** Whether the client entered a bridge in which nobody is known, and waits there for the post of the other half. */
function lone(work: Work, call: CallState, entered?: Leg): void {
  const there = call.legs.some((leg) => leg.role === 'client' && leg.bridge !== null && leg.goneAt === null);
  if (!there || call.talkingSince !== null) call.fleet.loneSince = null;
  else if (entered?.role === 'client' && call.direction !== null && !call.ami) call.fleet.loneSince ??= work.now;
}

/** The other half of the client's bridge was lost: of an outgoing call it is the caller, else nobody knows who. */
export function standIn(work: Work, call: CallState): void {
  const since = call.fleet.loneSince;
  const client = call.legs.find((leg) => leg.role === 'client' && leg.bridge !== null && leg.goneAt === null);
  call.fleet.loneSince = null;
  if (since === null || !client || client.bridge === null) return;
  work.note(call, 'stand-in', {}, since);
  call.legs.push({
    ...client,
    uid: standInUid(client.uid),
    name: '',
    kind: 'unknown',
    role: 'staff',
    party: call.direction === 'out' ? (call.finalAgent ?? call.caller) : call.finalAgent,
    bornAt: work.now,
  });
  talk(work, call, work.onPbxClock(since));
}

function dismissStandIn(call: CallState, bridge: string): void {
  for (const leg of call.legs) if (isStandIn(leg)) leaveBridge(leg, bridge);
  call.legs = call.legs.filter((leg) => !isStandIn(leg) || leg.bridge !== null);
}
