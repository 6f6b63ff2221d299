import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { act } from './acted/act.js';
import type { Truth } from './acted/act.js';
import { readable, wanted } from './acted/judge.js';
import { ActedPbx } from './acted/pbx.js';
import { runs } from './acted/runs.js';
import { callScript } from './acted/script.js';
import { T0 } from './ami-facts.js';
import { Run } from './run-tracker.js';

const byUid = (one: { uid: string }, other: { uid: string }) => (one.uid < other.uid ? -1 : 1);

function expectAsActed(run: Run, truths: readonly Truth[]): void {
  expect(run.records.map(readable).sort(byUid)).toEqual(truths.map(wanted).sort(byUid));
  expect(run.tracker.liveCalls()).toEqual([]);
  expect(run.tracker.wakeAt()).toBeNull();
}

describe('a generated call', () => {
  it('is recorded as it was acted: who, how it ended and each millisecond', () => {
    fc.assert(
      fc.property(callScript, (script) => {
        const pbx = new ActedPbx(T0);
        const truths = act(pbx, script);
        expectAsActed(new Run().feed(pbx.told.map(({ fact }) => fact)), truths);
      }),
      runs(1_500),
    );
  }, 120_000);
});
