import { describe, expect, it } from 'vitest';
import type { Fact } from '../../src/calls/facts.js';
import { T0, ami, channel, ringing, trunk } from './ami-facts.js';
import { Run } from './run-tracker.js';

const phone = (extension: string, number: number) => channel(extension, number, 0, { state: 'down' });
const rings = (ms: number, extension: string, number: number): Fact =>
  ami(ms, { kind: 'channel.state', channel: { ...phone(extension, number), state: 'ringing' } });
const dials = (ms: number, ...legs: [string, number][]): Fact[] =>
  legs.map(([extension, number]) =>
    ami(ms, { kind: 'dial.begin', channel: trunk(0), dest: phone(extension, number), dialString: extension }),
  );
const ringsTold = (run: Run) =>
  run.events.flatMap((event) => (event.kind === 'call.ringing' ? [event.extensions] : []));
const group = [ami(0, { kind: 'channel.new', channel: trunk(0) }), ...dials(5, ['150', 1], ['151', 2], ['152', 3])];

describe('call.ringing', () => {
  it('of one phone is told in the very fold that shows it', () => {
    const run = new Run().feed(ringing(0, 0));
    expect(run.folds.at(-1)?.events).toMatchObject([{ kind: 'call.ringing', extensions: ['150'], at: T0 + 30 }]);
    expect(run.tracker.liveCalls()[0]?.ring).toBeNull();
  });

  it('of a group is one event, as soon as all of it rings', () => {
    const run = new Run().feed([...group, rings(10, '150', 1), rings(12, '152', 3)]);
    expect(ringsTold(run)).toEqual([]);
    run.feed([rings(15, '151', 2)]);
    expect(ringsTold(run)).toEqual([['150', '152', '151']]);
  });

  it('waits 30 ms for a phone that does not ring, and no longer', () => {
    const run = new Run().feed([...group, rings(10, '150', 1), rings(12, '152', 3)]);
    expect(run.tracker.wakeAt()).toBe(T0 + 40);
    run.passTime(T0 + 41);
    expect(ringsTold(run)).toEqual([['150', '152']]);
    run.feed([rings(2_000, '151', 2)]);
    expect(ringsTold(run)).toEqual([['150', '152'], ['151']]);
    expect(run.tracker.liveCalls()[0]).toMatchObject({ rang: ['150', '152', '151'], ringingAt: T0 + 10 });
  });

  it('does not wait for a phone that is busy already', () => {
    const busy = ami(8, { kind: 'dial.end', channel: trunk(0), dest: phone('151', 2), status: 'BUSY' });
    const run = new Run().feed([...group, busy, rings(10, '150', 1), rings(11, '152', 3)]);
    expect(ringsTold(run)).toEqual([['150', '152']]);
  });

  it('is told before the answer, even when that comes first', () => {
    const basic = { bridge: 'b', bridgeType: 'basic', technology: null };
    const run = new Run().feed([
      ...group,
      rings(10, '150', 1),
      ami(12, { kind: 'bridge.enter', ...basic, channel: phone('150', 1) }),
      ami(12, { kind: 'bridge.enter', ...basic, channel: trunk(0) }),
    ]);
    expect(run.events.map((event) => event.kind)).toEqual(['call.started', 'call.ringing', 'call.answered']);
  });

  it('is told once a phone, though Newstate and DialState both show it, in either order', () => {
    const early = ami(4, { kind: 'channel.state', channel: { ...phone('150', 1), state: 'ringing' } });
    const run = new Run().feed([early, ...dials(5, ['150', 1]), rings(6, '150', 1), rings(7, '150', 1)]);
    expect(ringsTold(run)).toEqual([['150']]);
  });

  it('of a second Dial is a second event', () => {
    const again = [
      ami(3_000, { kind: 'dial.end', channel: trunk(0), dest: channel('150', 1, 0), status: 'NOANSWER' }),
      ami(3_000, { kind: 'channel.gone', channel: channel('150', 1, 0), cause: 0 }),
      ...dials(3_010, ['150', 7]),
      rings(3_020, '150', 7),
    ];
    const run = new Run().feed([...ringing(0, 0), ...again]);
    expect(ringsTold(run)).toEqual([['150'], ['150']]);
    expect(run.tracker.liveCalls()[0]?.rang).toEqual(['150']);
  });

  it('of half an hour in a queue keeps the state small', () => {
    const run = new Run().feed([ami(0, { kind: 'channel.new', channel: trunk(0) })]);
    for (let round = 1; round <= 400; round += 1) {
      const at = round * 5_000;
      run.feed([
        ...dials(at, ['150', round]),
        rings(at + 10, '150', round),
        ami(at + 4_000, { kind: 'dial.end', channel: trunk(0), dest: phone('150', round), status: 'NOANSWER' }),
        ami(at + 4_000, { kind: 'channel.gone', channel: phone('150', round), cause: 0 }),
      ]);
    }
    expect(JSON.stringify(run.tracker.liveCalls()[0]).length).toBeLessThan(8_000);
    run.feed([ami(2_100_000, { kind: 'channel.gone', channel: trunk(0), cause: 16 })]);
    expect(run.records).toMatchObject([{ result: 'missed', rang: ['150'] }]);
  });
});
