import { describe, expect, it } from 'vitest';
import type { CallFacts } from '../../src/calls/vocabulary.js';
import { Run } from './run-tracker.js';
import type { ExpectedWebhookCall } from './webhook-files.js';
import { SCENARIOS, webhookFacts } from './webhook-files.js';

const HOUR = 3_600_000;

/** In the fixtures an agent is also who called without success, and both ends of an internal call. */
function agentsOf(call: CallFacts): string[] {
  if (call.caller === null) return call.agents;
  if (call.direction === 'internal') return [call.caller, ...call.agents];
  return call.agents.length > 0 ? call.agents : [call.caller];
}

function readable(call: CallFacts, expected: Partial<ExpectedWebhookCall>) {
  const tolerance = expected.tolerance_ms ?? 3000;
  return {
    direction: call.direction,
    external: call.external,
    line: call.line,
    rang: call.direction === 'internal' ? [] : [...call.rang].sort(),
    answeredBy: call.answeredBy,
    agents: agentsOf(call),
    finalAgent: agentsOf(call).at(-1) === call.caller ? call.caller : call.finalAgent,
    result: call.result,
    transfers: call.transfers.map(({ kind, from, to, answered }) => ({ kind, from, to, answered })),
    wait: near(call.waitMs, expected.approx_wait_ms ?? 0, tolerance),
    talk: near(call.talkMs, expected.approx_talk_ms ?? 0, tolerance),
  };
}

function near(ms: number, wanted: number, tolerance: number): number | string {
  return Math.abs(ms - wanted) <= tolerance ? wanted : `${ms} ms`;
}

function wanted(expected: ExpectedWebhookCall) {
  return {
    direction: expected.direction,
    external: expected.external,
    line: expected.line,
    rang: [...expected.rang].sort(),
    answeredBy: expected.answered_by,
    agents: expected.agents,
    finalAgent: expected.final_agent,
    result: expected.result,
    transfers: expected.transfers.map(({ kind, from, to, result }) => ({
      kind,
      from,
      to,
      answered: result === 'accepted',
    })),
    wait: expected.approx_wait_ms,
    talk: expected.approx_talk_ms,
  };
}

function play(scenario: string): Run {
  const facts = webhookFacts(scenario);
  const run = new Run().feed(facts);
  return run.passTime((facts.at(-1)?.arrivedAt ?? 0) + 6 * HOUR);
}

describe('a call known by webhooks alone', () => {
  it.each(Object.keys(SCENARIOS))('%s is read as it was', (scenario) => {
    const expected = SCENARIOS[scenario] as ExpectedWebhookCall;
    const run = play(scenario);
    const main = run.records.find((call) => call.uid === expected.main_uid);
    if (expected.result === 'none') expect(run.events).toEqual([]);
    else expect(main && readable(main, expected)).toEqual(wanted(expected));
    expect(run.tracker.liveCalls()).toEqual([]);
    const external = run.records.filter((call) => call.direction !== 'internal');
    const others = expected.others?.reduce((sum, other) => sum + (other.records ?? 0), 0) ?? 0;
    expect(external).toHaveLength(expected.records + others);
    const internal = [expected, ...(expected.others ?? [])].filter((call) => call.direction === 'internal');
    expect(run.records).toHaveLength(external.length + internal.length);
  });
});
