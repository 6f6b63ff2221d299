/**
 * Which call a channel serves that no post has placed: over webhooks no linked id is posted, so the client or the agent a
 * post names must do. One client may have several calls at once, and one that is over may still be waited for: a call is
 * only taken when it is the only one in which such a channel can come up now.
 */
import type { FleetEvent } from './facts.js';
import type { CallState, Leg } from './tracker-types.js';
import type { Work } from './tracker-work.js';
import { e164Of } from './phone.js';
import { APART_MS } from './tracker-fleet-halves.js';
import { isStandIn } from './tracker-legs.js';
import { identify, isExtension, staffMobile } from './tracker-who.js';

export function placeByParty(work: Work, fleet: FleetEvent): CallState | undefined {
  switch (fleet.event) {
    case 'new_callerid':
      return (
        only(byNumber(work, fleet.connectedNum).filter(takesChannels)) ??
        placeByCaller(work, fleet) ??
        byAgent(work, fleet)
      );
    // Its new_callerid was lost, or there is none.
    case 'bridge':
    case 'bridge_leave':
      return only(byNumber(work, fleet.connectedNum).filter(talksWithNobodyKnown)) ?? placeByCaller(work, fleet);
    case 'dial':
    case 'hangup':
      return placeByDialled(work, fleet);
    default:
      return undefined;
  }
}

/** A dial and its hang-up name no channel: the client of the call they serve is their caller, or the agent who asks somebody. */
function placeByDialled(work: Work, fleet: FleetEvent): CallState | undefined {
  if (fleet.callType !== 1) return fleet.trunk === null ? consultedDuring(work, fleet, fleet.phone) : undefined;
  const by = fleet.extensions[0] ?? null;
  if (by === null) return undefined;
  if (!isExtension(work, null, by)) return only(byNumber(work, by).filter(takesChannels));
  const mobile = work.ctx.enterprises.some((one) => staffMobile(one, fleet.phone) !== null);
  return mobile ? consultedDuring(work, fleet, by) : undefined;
}

/** The call of the client who waits for this agent, where the channel was made since they talk. */
function consultedDuring(work: Work, fleet: FleetEvent, agent: string | null): CallState | undefined {
  const call = consultedBy(work, agent);
  const waits = call?.legs.some((leg) => leg.role === 'client' && leg.bridge !== null);
  const madeAt = work.madeAt(fleet.uid ?? '') ?? 0;
  return waits && madeAt >= (call?.answeredAt ?? 0) - APART_MS ? call : undefined;
}

/** A trunk's channel that shows the client as its own number is the client's, of a call that dials him now. */
function placeByCaller(work: Work, fleet: FleetEvent): CallState | undefined {
  const calls = byNumber(work, fleet.callerNum);
  return kindOf(work, fleet) === 'trunk' ? calls.findLast(dialsClient) : only(calls.filter(takesChannels));
}

function dialsClient(call: CallState): boolean {
  return call.direction === 'out' && call.answeredAt === null && call.fleet.mainGoneAt === null;
}

/** Phones and mobiles are called for the client of an incoming call, and of an outgoing one that was answered. */
function takesChannels(call: CallState): boolean {
  return call.direction === 'in' || call.answeredAt !== null;
}

/** Nobody is known to be with its client, so this channel may be. */
function talksWithNobodyKnown(call: CallState): boolean {
  return takesChannels(call) && call.legs.every((leg) => !call.talkers.includes(leg.uid) || isStandIn(leg));
}

/** A Local channel or a mobile's trunk leg that shows an agent is his consultation. */
function byAgent(work: Work, fleet: FleetEvent): CallState | undefined {
  const kind = kindOf(work, fleet);
  if (kind === 'local') return consultedBy(work, fleet.callerNum) ?? consultedBy(work, fleet.connectedNum);
  return kind === 'trunk' ? consultedBy(work, fleet.connectedNum) : undefined;
}

/** The call whose client this agent is talking with, or has put aside. One he gave away leaves no leg of his in a bridge. */
function consultedBy(work: Work, agent: string | null): CallState | undefined {
  if (agent === null || !isExtension(work, null, agent)) return undefined;
  const his = (leg: Leg) => leg.party === agent && leg.goneAt === null;
  const calls = live(work, agent).filter(
    (call) => call.answeredAt !== null && call.finalAgent === agent && call.legs.some(his),
  );
  return only(calls.filter((call) => call.legs.some((leg) => his(leg) && leg.bridge !== null))) ?? only(calls);
}

function kindOf(work: Work, fleet: FleetEvent) {
  return fleet.channel === null ? 'unknown' : identify(work, null, fleet.channel).kind;
}

function byNumber(work: Work, raw: string | null): CallState[] {
  if (raw === null) return [];
  for (const one of work.ctx.enterprises) {
    const e164 = e164Of(raw, { country: one.country, lines: one.lines });
    const calls = e164 === null ? [] : live(work, e164);
    if (calls.length > 0) return calls;
  }
  return [];
}

function live(work: Work, party: string): CallState[] {
  return (work.pages.parties.get(party) ?? []).flatMap((id) => work.edit(id) ?? []);
}

function only(calls: readonly CallState[]): CallState | undefined {
  return calls.length === 1 ? calls[0] : undefined;
}
