import { describe, expect, it } from 'vitest';
import type { CallFacts } from '../../src/calls/vocabulary.js';
import type { ExpectedCall } from './captures.js';
import { STREAMS, VERSIONS, captureFacts, captureNames, expectedCalls } from './captures.js';
import { Run } from './run-tracker.js';

/**
 * The figures of 16 and 22 are rounded to a tenth of a second and were taken at the phones; those of 20 are the whole
 * seconds of unique ids and CDRs, as it was recorded without stamps.
 */
const TOLERANCE_MS = { 16: 300, 20: 1000, 22: 300 };

function readable(call: CallFacts, expected: ExpectedCall, tolerance: number) {
  const near = (ms: number, seconds: number) => (Math.abs(ms - seconds * 1000) <= tolerance ? seconds : `${ms} ms`);
  return {
    direction: call.direction,
    external: call.external ?? undefined,
    line: call.line ?? undefined,
    caller: call.caller ?? undefined,
    rang: [...call.rang].sort(),
    // For an outgoing call it is the client who answers; the captures leave that out.
    answeredBy: call.direction === 'out' ? undefined : (call.answeredBy ?? undefined),
    agents: call.agents,
    finalAgent: call.finalAgent ?? undefined,
    result: call.result,
    transfers: call.transfers.map(({ kind, from, to, answered }) => ({ kind, from, to, answered })),
    hold: call.hold,
    queue: call.queue ?? undefined,
    uid: call.uid,
    wait: near(call.waitMs, expected.wait_seconds),
    // What the phones measured is the span; talk leaves out the time between two agents.
    span: near(call.spanMs, expected.talk_seconds),
  };
}

function wanted(expected: ExpectedCall) {
  return {
    direction: expected.direction,
    external: expected.external_e164,
    line: expected.line,
    caller: expected.caller,
    rang: [...expected.rang].sort(),
    answeredBy: expected.direction === 'out' ? undefined : expected.answered_by,
    agents: expected.agents,
    finalAgent: expected.final_agent,
    result: expected.result,
    transfers: expected.transfers.map(({ kind, from, to, answered }) => ({ kind, from, to, answered })),
    hold: expected.hold,
    queue: expected.queue,
    uid: expected.uniqueid,
    wait: expected.wait_seconds,
    span: expected.talk_seconds,
  };
}

describe.each(VERSIONS)('a real call on Asterisk %s', (version) => {
  describe.each(STREAMS)('seen as %s', (stream) => {
    it.each(captureNames(version))('%s is read as it was', (name) => {
      const run = new Run().feed(captureFacts(version, name, stream));
      const expected = expectedCalls(version, name);
      const told = run.records.map((call, index) =>
        readable(call, expected[index] as ExpectedCall, TOLERANCE_MS[version]),
      );
      expect(told).toEqual(expected.map(wanted));
      expect(run.tracker.liveCalls()).toEqual([]);
      // The first event already names the client as the record will: the card shows it.
      if (stream === 'everything') {
        expect(
          run.events.filter(
            ({ call }) => call.external !== expected[0]?.external_e164 && call.direction !== 'internal',
          ),
        ).toEqual([]);
      }
      for (const call of run.records) {
        const recording = expected[0]?.recording;
        if (recording !== undefined) expect(call.recorded).toBe(true);
        // Its name is told in class dialplan alone.
        if (recording !== undefined && stream === 'everything') expect(call.recordingFile).toBe(recording);
        if (call.transfers.length === 0) expect(call.talkMs).toBe(call.spanMs);
        else expect(call.talkMs).toBeLessThanOrEqual(call.spanMs);
      }
    });
  });
});
