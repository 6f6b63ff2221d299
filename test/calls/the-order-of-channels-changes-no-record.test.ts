import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { act } from './acted/act.js';
import { interleaved, withLegs } from './acted/interleave.js';
import { readable, wanted } from './acted/judge.js';
import { ActedPbx } from './acted/pbx.js';
import { runs } from './acted/runs.js';
import { callScript } from './acted/script.js';
import { T0 } from './ami-facts.js';
import { captureFacts, captureNames } from './captures.js';
import { Run } from './run-tracker.js';

/** How much later than another channel's an event may be written: what the threads of a PBX are apart, and anything more. */
const within = fc.constantFrom(10, 100, 1_000, Infinity);

const byUid = (one: { uid: string }, other: { uid: string }) => (one.uid < other.uid ? -1 : 1);
const picks = fc.infiniteStream(fc.integer({ min: 0, max: 9_999 }).map((draw) => draw / 10_000));
const drawn = (stream: fc.Stream<number>) => () => stream.next().value ?? 0;

describe('facts of different channels in another order, those of each in its own', () => {
  it('make the record of a generated call all the same, to the millisecond', () => {
    fc.assert(
      fc.property(callScript, picks, within, (script, stream, withinMs) => {
        const pbx = new ActedPbx(T0);
        const truths = act(pbx, script).map(wanted);
        const run = new Run().feed(interleaved(pbx.told, drawn(stream), withinMs));
        expect(run.records.map(readable).sort(byUid)).toEqual(truths.sort(byUid));
        expect(run.tracker.liveCalls()).toEqual([]);
      }),
      runs(600),
    );
  }, 120_000);

  it.each(['16', '22'])('make the record of each call recorded on Asterisk %s all the same', (version) => {
    for (const name of captureNames(version)) {
      const facts = captureFacts(version, name, 'everything');
      const inOrder = new Run().feed(facts).records.map(readable).sort(byUid);
      fc.assert(
        fc.property(picks, within, (stream, withinMs) => {
          const run = new Run().feed(interleaved(withLegs(facts), drawn(stream), withinMs));
          expect([name, withinMs, run.records.map(readable).sort(byUid)]).toEqual([name, withinMs, inOrder]);
        }),
        runs(20),
      );
    }
  });
});
