import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../src/calls/facts.js';
import { act } from './acted/act.js';
import { ActedPbx } from './acted/pbx.js';
import { runs } from './acted/runs.js';
import { callScript } from './acted/script.js';
import type { CallScript } from './acted/script.js';
import { T0 } from './ami-facts.js';
import { Run } from './run-tracker.js';

const HOUR = 3_600_000;

function factsOf(script: CallScript, first = 0): Fact[] {
  const pbx = new ActedPbx(T0, first);
  act(pbx, script);
  return pbx.told.map(({ fact }) => fact);
}

function resync(run: Run, at: number): void {
  const base = { source: 'ami' as const, at, arrivedAt: at, stamped: false };
  run.feed([
    { ...base, kind: 'link.lost' },
    { ...base, kind: 'link.up', lostAt: at, restarted: false },
    { ...base, kind: 'snapshot', channels: [] },
  ]);
  run.passTime(at + HOUR);
}

function expectOnceAndEmpty(run: Run): void {
  const ended = run.finished.map((call) => call.id);
  expect(new Set(ended).size).toBe(ended.length);
  const told = run.events.filter((event) => event.kind === 'call.finished').map((event) => event.call.id);
  expect(new Set(told).size).toBe(told.length);
  const merged = new Set(run.folds.flatMap((folded) => folded.merged.map(({ from }) => from)));
  const started = run.events.filter((event) => event.kind === 'call.started').map((event) => event.call.id);
  expect(started.filter((id) => !merged.has(id) && !told.includes(id))).toEqual([]);
  expect(run.tracker.liveCalls()).toEqual([]);
  expect(run.tracker.wakeAt()).toBeNull();
}

describe('generated calls', () => {
  it('cut off anywhere by a lost link end exactly once when the PBX shows no channel any more', () => {
    fc.assert(
      fc.property(callScript, fc.double({ min: 0, max: 1, noNaN: true }), (script, share) => {
        const facts = factsOf(script);
        const run = new Run().feed(facts.slice(0, Math.floor(facts.length * share)));
        resync(run, (facts.at(-1)?.at ?? T0) + 1_000);
        expectOnceAndEmpty(run);
      }),
      runs(300),
    );
  });

  it('are the same when the tracker is saved and loaded at any moment', () => {
    fc.assert(
      fc.property(callScript, fc.nat(), (script, cut) => {
        const facts = factsOf(script);
        const through = new Run().feed(facts);
        const saved = new Run();
        let count = 0;
        saved.feed(facts, () => {
          if (count++ === cut % facts.length) saved.reload();
        });
        expect(saved.events).toEqual(through.events);
        expect(saved.finished).toEqual(through.finished);
      }),
      runs(300),
    );
  });

  it('leave nothing behind, ten thousand of them on one PBX', () => {
    const run = new Run();
    let startAt = T0;
    for (const [index, script] of fc.sample(callScript, { ...runs(10_000) }).entries()) {
      const pbx = new ActedPbx(startAt, index * 100);
      act(pbx, script);
      run.feed(pbx.told.map(({ fact }) => fact));
      startAt = pbx.now + 1_000;
      run.folds.length = 0;
    }
    run.passTime(startAt + HOUR);
    expect(run.tracker.liveCalls()).toEqual([]);
    expect(run.tracker.wakeAt()).toBeNull();
    const ended = run.finished.map((call) => call.id);
    expect(new Set(ended).size).toBe(ended.length);
  }, 120_000);
});
