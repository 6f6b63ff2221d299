/**
 * Transfers. A blind one is known when the client is sent off, an attended one when it is completed; a consultation that
 * came to nothing stays as a transfer nobody answered. Whether the client reached the target shows when they talk.
 */
import type { Rule } from './rules.js';
import type { Transfer } from './vocabulary.js';
import type { CallState, Leg } from './tracker-types.js';
import type { Work } from './tracker-work.js';
import { addOnce } from './tracker-work.js';
import { originOf } from './tracker-legs.js';
import { parseChannelName } from './channel-name.js';
import { partyOf } from './tracker-who.js';

export function openTransfers(call: CallState): Transfer[] {
  return call.transfers.filter((transfer) => transfer.answered === null);
}

/** A transfer was made; tells it once. */
export function transferred(
  work: Work,
  call: CallState,
  kind: Transfer['kind'],
  from: string | null,
  to: string | null,
): void {
  // A consultation that led to it, or the client's move that overtook the event.
  const last = call.transfers.at(-1);
  const same = last?.kind === kind && last.from === from && sameTarget(last.to, to) && last.answered !== false;
  const known = same ? last : undefined;
  const transfer = known ?? begin(work, call, kind, from, to);
  transfer.to ??= to;
  tellTransfer(work, call, 'transfer-made', transfer);
}

/** Tells it, or only notes why when it was told before. */
export function tellTransfer(work: Work, call: CallState, rule: Rule, transfer: Transfer): void {
  const index = call.transfers.indexOf(transfer);
  if (addOnce(call.toldTransfers, index)) work.say(call, rule, { kind: 'call.transferred', transfer: { ...transfer } });
  else work.note(call, rule, { transfer: { ...transfer } });
}

function sameTarget(one: string | null, other: string | null): boolean {
  return one === other || one === null || other === null;
}

/** Notes a transfer that is under way without telling it: a consultation. `rule`: by what it shows. */
export function note(
  work: Work,
  call: CallState,
  rule: Rule,
  kind: Transfer['kind'],
  from: string | null,
  to: string | null,
): Transfer {
  const transfer = begin(work, call, kind, from, to);
  work.note(call, rule, { transfer: { ...transfer } });
  return transfer;
}

function begin(work: Work, call: CallState, kind: Transfer['kind'], from: string | null, to: string | null): Transfer {
  const transfer: Transfer = { kind, from, to, answered: null, at: work.at };
  call.transfers.push(transfer);
  return transfer;
}

/** Staff talks with the client now: an open transfer reached its target, or came back to who made it. */
export function settleTransfers(work: Work, call: CallState, talkers: readonly Leg[]): void {
  const parties = talkers.map((leg) => leg.party);
  for (const transfer of openTransfers(call)) {
    if (!parties.some((party) => party !== null && party !== transfer.from)) continue;
    reached(work, call, transfer);
  }
}

export function reached(work: Work, call: CallState, transfer: Transfer): void {
  transfer.answered = true;
  tellTransfer(work, call, 'transfer-reached', transfer);
}

/** What is open when the call ends did not come to a talk. */
export function closeTransfers(work: Work, call: CallState): void {
  for (const transfer of openTransfers(call)) failed(work, call, transfer);
}

function failed(work: Work, call: CallState, transfer: Transfer): void {
  transfer.answered = false;
  work.note(call, 'transfer-failed', { transfer: { ...transfer } });
}

/** Who stands at the end of a leg: an extension, what a Local channel dials, a staff mobile. */
export function targetOf(work: Work, call: CallState, leg: Leg): string | null {
  if (leg.kind !== 'local') return leg.party ?? originOf(call, leg).party;
  return partyOf(work, work.profile(call), parseChannelName(leg.name).resource);
}

/** Whom a second line calls while nobody has answered it: then the event of a transfer names no target. */
export function calledBy(work: Work, call: CallState, line: Leg | undefined): string | null {
  const called = call.legs.filter(
    (leg) => line && leg.dialledBy === line.uid && leg.dialStatus === null && leg.goneAt === null,
  );
  const [first, ...others] = called;
  if (!first || !line) return null;
  return others.length === 0 || line.exten === null
    ? targetOf(work, call, first)
    : partyOf(work, work.profile(call), line.exten);
}

/**
 * A consultation over a Local channel (feature code): its first half shares a bridge with the agent. Noted when the agent
 * leaves the client for it.
 */
export function consulting(work: Work, call: CallState, agent: Leg): void {
  if (agent.role !== 'staff' || agent.bridge === null || call.answeredAt === null) return;
  // The second half is on the side of the one who is consulted.
  const half = call.legs.find((leg) => leg.name.endsWith(';1') && leg.bridge === agent.bridge && leg.goneAt === null);
  if (!half || !call.agents.includes(agent.party ?? '')) return;
  const to = targetOf(work, call, half);
  if (openTransfers(call).some((one) => one.from === agent.party && one.to === to)) return;
  if (call.talkers.includes(agent.uid)) return;
  note(work, call, 'consulted', 'attended', agent.party, to);
}

/** The agent is back with the client, or a consultation's channel is gone: that transfer came to nothing. */
export function consultationOver(work: Work, call: CallState, half: Leg): void {
  if (half.kind !== 'local') return;
  const to = parseChannelName(half.name).resource;
  for (const transfer of openTransfers(call)) {
    if (transfer.kind === 'attended' && transfer.to === to) failed(work, call, transfer);
  }
}
