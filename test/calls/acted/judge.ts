/** A record of the tracker beside what the call was. */
import type { CallFacts } from '../../../src/calls/vocabulary.js';
import type { Truth } from './act.js';

/** Everything a record says that the order in which legs are heard of must not change. */
export function readable(call: CallFacts) {
  return {
    uid: call.uid,
    direction: call.direction,
    external: call.external,
    line: call.line,
    caller: call.caller,
    rang: [...call.rang].sort(),
    answeredBy: call.answeredBy,
    agents: call.agents,
    finalAgent: call.finalAgent,
    talks: call.talks,
    transfers: call.transfers.map(({ kind, from, to, answered }) => ({ kind, from, to, answered })),
    result: call.result,
    startedAt: call.startedAt,
    ringingAt: call.ringingAt,
    answeredAt: call.answeredAt,
    endedAt: call.endedAt,
    waitMs: call.waitMs,
    talkMs: call.talkMs,
    spanMs: call.spanMs,
    hold: call.hold,
    queue: call.queue,
    approximate: call.approximate,
  };
}

export function wanted(truth: Truth): ReturnType<typeof readable> {
  const { talkEndedAt, ...same } = truth;
  return {
    ...same,
    rang: [...truth.rang].sort(),
    waitMs: (truth.answeredAt ?? truth.endedAt) - (truth.ringingAt ?? truth.startedAt),
    spanMs: truth.answeredAt === null ? 0 : (talkEndedAt ?? 0) - truth.answeredAt,
    approximate: false,
  };
}

/**
 * What a record is to be right in that nothing marks as approximate, after a time nobody listened in: a hold, or a consultation,
 * of which the PBX shows neither beginning nor end is told by nothing.
 */
export function asFarAsShown({ transfers, hold: _, talks, talkMs, ...call }: ReturnType<typeof readable>) {
  return transfers.length > 0 ? call : { ...call, talks, talkMs };
}
