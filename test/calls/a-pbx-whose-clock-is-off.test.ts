import { describe, expect, it } from 'vitest';
import type { Fact } from '../../src/calls/facts.js';
import type { CallFacts } from '../../src/calls/vocabulary.js';
import { T0, system } from './ami-facts.js';
import { fleetEvent } from '../../src/calls/facts.js';
import { CALLS, run, unstamped } from './interrupted-calls.js';
import { Run } from './run-tracker.js';

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

it.each([0, 40 * 86_400_000, -40 * 86_400_000])(
  'a call of which only the hang-up is posted, by a clock %i ms off, is dated when it was, and lasted as long',
  (skewMs) => {
    // As the dialplan writes it, three hours ahead in Minsk.
    const local = (at: number) => new Date(at + skewMs + 3 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
    const begun = T0 - 65_000;
    const fleet = fleetEvent({
      event: 'hangup',
      uid: `${(begun + skewMs) / 1_000}.7`,
      ...{ phone: '375290000001', callType: 0, callStatus: '2', trunk: '0001363', extensions: ['150'] },
      ...{ startTime: local(begun), dateReceived: local(begun), endTime: local(T0 - 5_000) },
    });
    const ran = new Run().feed([{ ...system(0, { kind: 'fleet', fleet }), source: 'webhook', enterprise: '0367' }]);
    ran.feed([{ ...system(3_600_000, { kind: 'timer' }), source: 'system' }]);
    const [call] = ran.records;
    expect(call).toMatchObject({ external: '+375290000001', result: 'answered' });
    expect((call?.endedAt ?? 0) - (call?.startedAt ?? 0)).toBe(60_000);
    expect(Math.abs((call?.endedAt ?? 0) - T0)).toBeLessThanOrEqual(5_000);
  },
);
