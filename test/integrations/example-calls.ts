import type { CallEvent, CallFacts, CallResult } from '../../src/calls/vocabulary.js';
import { callFactsOf } from '../support/call-facts.js';

/** 2026-11-20 12:00:00 in Minsk and Moscow. */
export const NOON = Date.parse('2026-11-20T09:00:00Z');

let calls = 0;

/** An inbound call of `+375290000001` to 151 and 152, not ended; every one with ids of its own. */
export function aCall(changes: Partial<CallFacts> = {}): CallFacts {
  calls += 1;
  return callFactsOf({
    id: `00000000-0000-4000-8000-${String(calls).padStart(12, '0')}`,
    enterprise: '0367',
    uid: `1795165200.${calls}`,
    line: '+375170000000',
    rang: ['151', '152'],
    startedAt: NOON,
    ringingAt: NOON + 1_000,
    ...changes,
  });
}

export interface ExampleCall {
  ringing: CallEvent;
  finished: CallEvent;
}

/** The two events that matter of a call that rang 8 s and, when it was answered, was talked on for 65 s. */
export function eventsOf(call: CallFacts, result: CallResult, by: string | null = null): ExampleCall {
  const answered = result === 'answered';
  const ended: CallFacts = {
    ...call,
    result,
    answeredBy: answered ? by : null,
    agents: answered && by ? [by] : [],
    finalAgent: answered ? by : null,
    talks: answered ? [{ agent: by, from: call.startedAt + 9_000, to: call.startedAt + 74_000, ms: 65_000 }] : [],
    answeredAt: answered ? call.startedAt + 9_000 : null,
    endedAt: call.startedAt + 74_000,
    waitMs: 8_000,
    talkMs: answered ? 65_000 : 0,
    spanMs: answered ? 65_000 : 0,
  };
  const extensions = call.direction === 'out' && call.caller ? [call.caller] : call.rang;
  return {
    ringing: { kind: 'call.ringing', seq: 2, at: call.startedAt + 1_000, call, extensions },
    finished: { kind: 'call.finished', seq: 5, at: call.startedAt + 74_000, call: ended },
  };
}

/** A finished call handed from one to the next; each turn follows the one before after two seconds of music. */
export function handedOn(
  call: CallFacts,
  turns: readonly (readonly [agent: string | null, seconds: number])[],
): CallEvent {
  const { finished } = eventsOf(call, 'answered', turns[0]?.[0] ?? null);
  const answeredAt = call.startedAt + 9_000;
  let at = answeredAt;
  const talks = turns.map(([agent, seconds]) => {
    const from = at;
    at = from + seconds * 1_000 + 2_000;
    return { agent, from, to: from + seconds * 1_000, ms: seconds * 1_000 };
  });
  const endedAt = at - 2_000;
  const agents = [...new Set(turns.flatMap(([agent]) => agent ?? []))];
  const facts: CallFacts = {
    ...finished.call,
    agents,
    finalAgent: agents.length > 0 ? (turns.at(-1)?.[0] ?? null) : null,
    talks,
    talkMs: talks.reduce((sum, { ms }) => sum + ms, 0),
    spanMs: endedAt - answeredAt,
    endedAt,
  };
  return { ...finished, at: endedAt, call: facts };
}
