import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fact, LiveChannel } from '../../src/calls/facts.js';
import { act } from './acted/act.js';
import { asFarAsShown, readable, wanted } from './acted/judge.js';
import { ActedPbx } from './acted/pbx.js';
import { runs } from './acted/runs.js';
import { callScript } from './acted/script.js';
import type { CallScript } from './acted/script.js';
import { T0, channel, live } from './ami-facts.js';
import { ChannelsAlive } from './channels-alive.js';
import { resync } from './resynced.js';
import { Run } from './run-tracker.js';

const HOUR = 3_600_000;

function factsOf(script: CallScript, first = 0): Fact[] {
  const pbx = new ActedPbx(T0, first);
  act(pbx, script);
  return pbx.told.map(({ fact }) => fact);
}

const MOMENT_MS = 40;

/** Calls of one PBX that go on at the same time. */
function atOnce(scripts: readonly CallScript[]): Fact[] {
  return scripts.flatMap((script, index) => factsOf(script, index * 100)).sort((one, other) => one.at - other.at);
}

/** A channel nobody has heard of. */
function stranger(index: number, at: number): LiveChannel {
  const endpoint = index % 2 === 0 ? 'trunk' : `15${index}`;
  const own = channel(endpoint, 900 + index, 900 + (index % 3), { uid: `${Math.floor(at / 1000)}.${900 + index}` });
  return live(own, {
    application: index % 3 === 0 ? 'Dial' : 'AppDial',
    bridge: index > 2 ? 'stray' : null,
    seconds: index,
  });
}

const loss = fc.record({
  /** After which share of the facts, and how many are lost. */
  cut: fc.double({ min: 0, max: 1, noNaN: true }),
  lost: fc.nat({ max: 30 }),
  reloads: fc.boolean(),
  restarted: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  /** Channels that the answer leaves out, and some it adds. */
  hidden: fc.array(fc.nat({ max: 8 }), { maxLength: 3 }),
  stray: fc.uniqueArray(fc.nat({ max: 5 }), { maxLength: 3 }),
  confirms: fc.boolean(),
  goesOn: fc.boolean(),
});

/** The PBX shows no channel any more, and an hour goes by. */
function rest(run: Run, at: number): void {
  run.feed(resync(at, at, []));
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
  it('cut off anywhere by a lost link end exactly once, whatever the PBX shows then, and whatever comes after', () => {
    fc.assert(
      fc.property(fc.array(callScript, { minLength: 1, maxLength: 3 }), loss, (scripts, { cut, lost, ...then }) => {
        const facts = atOnce(scripts);
        const alive = new ChannelsAlive();
        const run = new Run({ confirmHangups: then.confirms });
        const end = Math.floor(facts.length * cut);
        const again = Math.min(facts.length, end + lost);
        run.feed(facts.slice(0, end));
        if (then.reloads) run.reload();
        for (const fact of facts.slice(0, again)) alive.saw(fact);
        const lostAt = facts[end - 1]?.at ?? T0;
        const upAt = Math.max(lostAt, facts[again - 1]?.at ?? T0);
        const shown = alive.snapshot(upAt).filter((_, index) => !then.hidden.includes(index));
        const stray = then.stray.map((index) => stranger(index, upAt));
        run.feed(resync(lostAt, upAt, [...shown, ...stray], { restarted: then.restarted }));
        if (then.goesOn) run.feed(facts.slice(again));
        rest(run, Math.max(upAt, facts.at(-1)?.at ?? T0) + 1_000);
        expectOnceAndEmpty(run);
      }),
      runs(1_000),
    );
  });

  it('cut off for a while are right unless they say that they may not be', () => {
    fc.assert(
      fc.property(callScript, loss, (script, { cut, lost }) => {
        const pbx = new ActedPbx(T0);
        const truths = act(pbx, script).map(wanted);
        const facts = pbx.told.map(({ fact }) => fact);
        const end = Math.floor((facts.length - 1) * cut);
        const last = facts[end] as Fact;
        // All of a moment is lost or none; what the PBX does at once is told at once.
        const after = facts.findIndex(({ at }) => at > last.at + MOMENT_MS);
        if (after < 0) return;
        const upAt = facts[Math.min(facts.length - 1, after + lost)]?.at ?? 0;
        const again = facts.findLastIndex(({ at }) => at === upAt) + 1;
        const alive = new ChannelsAlive();
        for (const fact of facts.slice(0, again)) alive.saw(fact);
        const run = new Run().feed(facts.slice(0, end + 1)).feed(resync(last.at, upAt, alive.snapshot(upAt)));
        rest(run.feed(facts.slice(again)), (facts.at(-1)?.at ?? 0) + 1_000);
        for (const call of run.records.map(readable)) {
          const truth = truths.find(({ uid }) => uid === call.uid);
          if (!call.approximate && truth) expect(asFarAsShown(call)).toEqual(asFarAsShown(truth));
        }
      }),
      runs(500),
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
  }, 240_000);
});
