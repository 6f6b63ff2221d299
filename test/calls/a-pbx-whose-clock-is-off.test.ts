import { describe, expect, it } from 'vitest';
import type { Fact } from '../../src/calls/facts.js';
import type { CallFacts } from '../../src/calls/vocabulary.js';
import { CALLS, run, unstamped } from './interrupted-calls.js';
import type { Run } from './run-tracker.js';

/** Its stamps, and the ids it gives, are by its own clock; when facts come, and what bears no stamp, is by ours. */
const off = (skewMs: number) => (fact: Fact) => {
  const text = JSON.stringify(fact).replace(/1795386276\./g, `${1_795_386_276 + skewMs / 1_000}.`);
  const told = JSON.parse(text) as Fact;
  return told.stamped ? { ...told, at: told.at + skewMs } : told;
};

/** The same with every time of it put on our clock. */
function onOurs(call: CallFacts): CallFacts {
  const moved = (value: unknown): unknown => {
    if (typeof value === 'number') return value > 1e12 ? value - call.skewMs : value;
    if (Array.isArray(value)) return value.map(moved);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, moved(one)]));
  };
  return { ...(moved(call) as CallFacts), skewMs: 0 };
}
const plain = (call: CallFacts) => ({ ...call, uid: 0, externalId: 0 });

describe.each(Object.entries(CALLS))('a call %s', (_name, steps) => {
  it.each([300_000, -300_000])('is the same call by a clock %i ms off, and its times are by that clock', (skewMs) => {
    const right = run(steps, (fact) => fact);
    const skewed = run(steps, off(skewMs));
    expect(right.records.length).toBeGreaterThan(0);
    expect(skewed.events.map((event) => event.kind)).toEqual(right.events.map((event) => event.kind));
    expect(skewed.records.map((call) => plain(onOurs(call)))).toEqual(right.records.map((call) => plain(call)));
    const arrivals = (ran: Run) => ran.folds.flatMap((folded) => folded.arrivals);
    expect(arrivals(skewed)).toEqual(arrivals(right));
  });
});

describe('a PBX that stamps nothing', () => {
  it.each(Object.entries(CALLS))('tells of a call %s by our clock', (_name, steps) => {
    const [right, ours] = [run(steps, (fact) => fact), run(steps, unstamped)];
    expect(ours.records).toEqual(right.records);
  });
});

it('what is told outside says how far the clock is off, so that it can be put on ours', () => {
  const [call] = run(CALLS['heard whole'] ?? [], off(300_000)).records;
  expect(call).toMatchObject({ skewMs: 300_000 });
});
