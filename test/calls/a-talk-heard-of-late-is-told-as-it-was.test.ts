/** Facts of two channels that come in another order than their stamps: read by the stamps, told once. */
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../src/calls/facts.js';
import { T0, ami, answered, channel, hungUp, ringing, trunk } from './ami-facts.js';
import { Run } from './run-tracker.js';

const caller = { ...trunk(0), state: 'up' };
const phone = channel('150', 1, 0);
const bridged = (ms: number, one: typeof phone, bridge = 'bridge-0') =>
  ami(ms, { kind: 'bridge.enter', bridge, bridgeType: 'basic', technology: 'simple_bridge', channel: one });
const leaves = (ms: number, one: typeof phone, bridge = 'bridge-0') =>
  ami(ms, { kind: 'bridge.leave', bridge, channel: one });
const gone = (ms: number, one: typeof phone) => ami(ms, { kind: 'channel.gone', channel: one, cause: 16 });
const late = (facts: Fact[], arrived: number): Fact[] => facts.map((fact) => ({ ...fact, arrivedAt: T0 + arrived }));

const kinds = (run: Run) => run.events.map(({ kind }) => kind);

describe('a talk whose one side is heard of when the other has left', () => {
  const run = new Run().feed([
    ...ringing(0, 0),
    bridged(500, phone),
    leaves(9_000, phone),
    gone(9_000, phone),
    ...late([bridged(500, caller), leaves(9_000, caller), gone(9_000, caller)], 9_001),
  ]);

  it('has its answer, its agent and its seconds', () => {
    expect(run.records).toMatchObject([
      { result: 'answered', answeredBy: '150', agents: ['150'], answeredAt: T0 + 500, talkMs: 8_500, spanMs: 8_500 },
    ]);
    expect(run.records[0]?.talks).toEqual([{ agent: '150', from: T0 + 500, to: T0 + 9_000, ms: 8_500 }]);
  });

  it('is told once, with the time it was answered at', () => {
    expect(kinds(run)).toEqual(['call.started', 'call.ringing', 'call.answered', 'call.finished']);
    expect(run.events[2]).toMatchObject({ at: T0 + 500, extension: '150' });
  });
});

it('a transfer that was told is not told again when an earlier step comes after it', () => {
  const to = channel('151', 2, 0);
  const blind = { exten: '151', context: 'internal', ok: true };
  const run = new Run().feed([
    ...answered(0, 0),
    ami(5_000, { kind: 'transfer.blind', transferer: phone, transferee: caller, ...blind }),
    leaves(5_000, phone),
    gone(5_001, phone),
    ami(5_010, { kind: 'dial.begin', channel: caller, dest: { ...to, state: 'down' }, dialString: '151' }),
    bridged(8_000, to, 'bridge-1'),
    ...late([leaves(5_000, caller), bridged(8_000, caller, 'bridge-1')], 8_100),
    gone(12_000, to),
    gone(12_000, caller),
  ]);
  expect(kinds(run).filter((kind) => kind === 'call.transferred')).toHaveLength(1);
  expect(run.records).toMatchObject([
    { agents: ['150', '151'], finalAgent: '151', transfers: [{ from: '150', to: '151', answered: true }] },
  ]);
  expect(run.records[0]?.talkMs).toBe(4_500 + 4_000);
});

it('a channel stamped before its own last step shows a clock that was set back, and the talk stands', () => {
  const back = late([leaves(-3_600_000, phone), gone(-3_600_000, phone), gone(-3_600_000, caller)], 20_000);
  const run = new Run().feed([...answered(0, 0), ...back]);
  expect(run.records).toMatchObject([{ result: 'answered', answeredBy: '150', answeredAt: T0 + 500 }]);
  expect(run.tracker.liveCalls()).toEqual([]);
});

it('a host without stamps is read as its facts come', () => {
  const unstamped = [...answered(0, 0), ...hungUp(20_000, 0)].map((fact) => ({ ...fact, stamped: false }));
  expect(new Run().feed(unstamped).records).toMatchObject([{ answeredBy: '150', talkMs: 19_500 }]);
});
