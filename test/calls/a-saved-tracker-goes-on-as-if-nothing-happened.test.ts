import { describe, expect, it } from 'vitest';
import type { Fact } from '../../src/calls/facts.js';
import { STREAMS, VERSIONS, captureFacts, captureNames } from './captures.js';
import { Run } from './run-tracker.js';
import { SCENARIOS, webhookFacts } from './webhook-files.js';

const HOUR = 3_600_000;

/** What a run told and ended with; the effects are told once, so they are part of it. */
function told(run: Run) {
  return {
    events: run.events,
    finished: run.finished,
    uids: run.folds.flatMap((folded) => folded.uids),
    effects: run.folds.flatMap((folded) => folded.effects),
    live: run.tracker.liveCalls(),
  };
}

function play(facts: readonly Fact[], each: (run: Run) => void): Run {
  const run = new Run();
  run.feed(facts, () => each(run));
  return run.passTime((facts.at(-1)?.arrivedAt ?? 0) + 6 * HOUR);
}

function cases(): [string, Fact[]][] {
  const captures = VERSIONS.flatMap((version) =>
    STREAMS.flatMap((stream) =>
      captureNames(version).map((name): [string, Fact[]] => [
        `${version} ${name} as ${stream}`,
        captureFacts(version, name, stream),
      ]),
    ),
  );
  return [
    ...captures,
    ...Object.keys(SCENARIOS).map((name): [string, Fact[]] => [`posts ${name}`, webhookFacts(name)]),
  ];
}

describe('saved and loaded after every single fact', () => {
  it.each(cases())('%s goes on identically', (_name, facts) => {
    const through = told(play(facts, () => undefined));
    expect(told(play(facts, (run) => run.reload()))).toEqual(through);
  });
});

describe('a draft', () => {
  it('that is dropped leaves nothing behind', () => {
    const facts = captureFacts('22', 'transfer-attended-dtmf', 'everything');
    const run = new Run();
    run.feed(facts, () => {
      const before = JSON.stringify(run.tracker.liveCalls());
      const draft = run.tracker.begin();
      for (const fact of facts) draft.fold(fact);
      draft.result();
      expect(JSON.stringify(run.tracker.liveCalls())).toBe(before);
    });
    expect(run.records).toHaveLength(1);
  });

  it('of many facts tells the same as one draft each', () => {
    const facts = captureFacts('22', 'inbound-ring-group', 'everything');
    const one = new Run().feed(facts);
    const run = new Run();
    const draft = run.tracker.begin();
    for (const fact of facts) draft.fold(fact);
    const folded = draft.result();
    draft.commit();
    expect(folded.events).toEqual(one.events);
    expect(folded.finished).toEqual(one.finished);
  });
});
