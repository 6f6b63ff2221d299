/** What a call's state means: the record everyone outside sees, derived and never stored twice. */
import type { Rule } from './rules.js';
import type { CallFacts, CallResult } from './vocabulary.js';
import type { CallState } from './tracker-types.js';
import { talksAt } from './tracker-turns.js';

/**
 * The call as it is known now. `enterprise` is empty while none is known, `direction` is `internal` while it is open:
 * such a call is told to nobody.
 */
export function callFacts(call: CallState): CallFacts {
  const from = call.ringingAt ?? call.startedAt;
  const until = call.answeredAt ?? call.endedAt ?? call.lastAt;
  const talkEnd = call.talkingSince === null ? (call.talkEndedAt ?? call.answeredAt) : call.lastAt;
  const open = call.talkingSince === null ? 0 : Math.max(0, (call.endedAt ?? call.lastAt) - call.talkingSince);
  return {
    id: call.id,
    externalId: externalIdOf(call),
    enterprise: call.enterprise ?? '',
    pbx: call.pbx,
    uid: call.uid,
    direction: call.direction ?? 'internal',
    external: call.external,
    line: call.line,
    caller: call.caller,
    rang: call.direction === 'out' ? [] : call.rang.slice(),
    answeredBy: call.answeredBy,
    agents: call.agents.slice(),
    finalAgent: call.finalAgent,
    talks: talksAt(call, call.endedAt ?? call.lastAt),
    transfers: call.transfers.map((transfer) => ({ ...transfer })),
    result: call.result,
    skewMs: call.skewMs ?? 0,
    startedAt: call.startedAt,
    ringingAt: call.ringingAt,
    answeredAt: call.answeredAt,
    endedAt: call.endedAt,
    waitMs: Math.max(0, Math.round(until - from)),
    talkMs: Math.max(0, Math.round(call.talkMs + open)),
    spanMs: call.answeredAt === null ? 0 : Math.max(0, Math.round((talkEnd ?? call.answeredAt) - call.answeredAt)),
    queue: call.queue,
    hold: call.hold,
    recorded: call.recorded,
    recordingFile: call.recordingFile,
    approximate: call.approximate,
    recovered: call.recovered,
  };
}

/** An id that CRMs may know an earlier call by is made this call's by the beginning of our own. */
function externalIdOf({ id, enterprise, uid, again }: CallState): string {
  const known = `${enterprise ?? ''}-${uid}`;
  return again.some((former) => former.uid === uid) ? `${known}-${id.slice(0, 8)}` : known;
}

/** `CallStatus` of a hang-up before which no Dial was run. */
export const NOBODY_DIALLED = '1';

/** Over webhooks the post of the dial may be lost: then the dialplan's word counts. */
function nothingRang(call: CallState): boolean {
  return call.ami || call.fleet.status === NOBODY_DIALLED;
}

/** Nobody was called after the last dial was given up. */
function gaveUp({ dials: { begunAt, cancelledAt } }: CallState): boolean {
  return cancelledAt !== null && (begunAt === null || begunAt <= cancelledAt);
}

/**
 * How a call ended, and by which rule. A phone that rang and was not answered makes it missed, even if another was busy. Only AMI can tell
 * that the client gave up while it rang; over webhooks that is missed too.
 */
export function resultOf(call: CallState): [CallResult, Rule] {
  if (call.answeredAt !== null) return ['answered', 'talked'];
  const { begun, unanswered, busy, failed } = call.dials;
  if (call.direction === 'in' && begun === 0 && call.ringingAt === null && nothingRang(call))
    return ['abandoned', 'nothing-rang'];
  // Whoever called gave up while it rang, whatever the phones tried before had said.
  if (gaveUp(call)) return call.direction === 'in' ? ['abandoned', 'gave-up'] : ['missed', 'caller-gave-up'];
  if (unanswered > 0) return ['missed', 'not-answered'];
  if (busy > 0) return ['busy', 'all-busy'];
  return failed > 0 && call.ringingAt === null ? ['failed', 'not-reached'] : ['missed', 'not-answered'];
}
