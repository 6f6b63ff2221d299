/**
 * Which call a channel serves that no post has placed: over webhooks no linked id is posted, so the client or the agent a
 * post names must do. One client may have several calls at once, and one that is over may still be waited for: a call is
 * only taken when it is the only one in which such a channel can come up now.
 */
import type { FleetEvent } from './facts.js';
import type { CallState, Leg } from './tracker-types.js';
import type { Work } from './tracker-work.js';
import { e164Of } from './phone.js';
import { identify, isExtension, staffMobile } from './tracker-who.js';

export function placeByParty(work: Work, fleet: FleetEvent): CallState | undefined {
  // A dial has no channel: the client of the call it serves stands in `Extensions`, or the agent who dialled a mobile.
  if (fleet.event === 'dial' && fleet.callType === 1) return placeDial(work, fleet);
  if (fleet.event === 'hangup' && fleet.callType === 2) return placeConsultation(work, fleet);
  if (fleet.event !== 'new_callerid') return undefined;
  return (
    only(byNumber(work, fleet.connectedNum).filter(takesChannels)) ?? placeByCaller(work, fleet) ?? byAgent(work, fleet)
  );
}

function placeDial(work: Work, fleet: FleetEvent): CallState | undefined {
  const by = fleet.extensions[0] ?? null;
  if (by === null) return undefined;
  if (!isExtension(work, null, by)) return only(byNumber(work, by).filter(takesChannels));
  const mobile = work.ctx.enterprises.some((one) => staffMobile(one, fleet.phone) !== null);
  return mobile ? consultedBy(work, by) : undefined;
}

/** The end of a consultation whose channel was never named: from an agent to whom he asked for. */
function placeConsultation(work: Work, fleet: FleetEvent): CallState | undefined {
  const call = consultedBy(work, fleet.phone);
  const asked = call?.transfers.some((one) => one.from === fleet.phone && one.to === (fleet.extensions[0] ?? one.to));
  return asked ? call : undefined;
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
