import { describe, expect, it } from 'vitest';
import type { Fact } from '../../src/calls/facts.js';
import { T0, ami, answered, channel, hungUp, live, ringing, trunk } from './ami-facts.js';
import { resync } from './resynced.js';
import { Run } from './run-tracker.js';

const gap = (from: number, to: number, ...shown: ReturnType<typeof live>[]) => resync(T0 + from, T0 + to, shown);
const caller = () => live({ ...trunk(0), state: 'up' }, { bridge: 'bridge-0', application: 'Dial', dnid: '0001360' });
const phone = () => live(channel('150', 1, 0), { bridge: 'bridge-0', application: 'AppDial' });

describe('a call that is up when the link comes up again', () => {
  it('is exact when it still rings, or still talks in the same bridge', () => {
    const still = live(channel('150', 1, 0, { state: 'ringing' }), { application: 'AppDial' });
    const rang = new Run().feed([...ringing(0, 0), ...gap(1_000, 9_000, live(trunk(0)), still)]);
    rang.feed([...answered(10_000, 0).slice(-3), ...hungUp(20_000, 0)]);
    const talked = new Run().feed([...answered(0, 0), ...gap(1_000, 9_000, caller(), phone()), ...hungUp(20_000, 0)]);
    for (const run of [rang, talked]) expect(run.records).toMatchObject([{ result: 'answered', approximate: false }]);
  });

  it('is marked when it had been answered and its talk fell into the gap', () => {
    const left = [live({ ...trunk(0), state: 'up' }), live(channel('150', 1, 0))];
    const run = new Run().feed([...ringing(0, 0), ...gap(1_000, 9_000, ...left), ...hungUp(9_100, 0)]);
    expect(run.records).toMatchObject([{ answeredAt: null, approximate: true }]);
  });

  it('is marked when it stood in the dialplan, where anything may have been tried', () => {
    const run = new Run().feed([ami(0, { kind: 'channel.new', channel: trunk(0) })]);
    run.feed([
      ...gap(1_000, 9_000, live(trunk(0))),
      ami(9_500, { kind: 'channel.gone', channel: trunk(0), cause: 16 }),
    ]);
    expect(run.records).toMatchObject([{ result: 'abandoned', approximate: true }]);
  });

  it('is marked when a phone that had put its client on hold is back with him', () => {
    const held = ami(700, { kind: 'channel.hold', channel: channel('150', 1, 0), on: true });
    const run = new Run().feed([
      ...answered(0, 0),
      held,
      ...gap(1_000, 9_000, caller(), phone()),
      ...hungUp(20_000, 0),
    ]);
    expect(run.records).toMatchObject([{ approximate: true }]);
  });

  it('talked no longer than was heard when its client has left the bridge', () => {
    const alone = [live({ ...trunk(0), state: 'up' }), live(channel('150', 1, 0), { bridge: 'bridge-0' })];
    const run = new Run().feed([...answered(0, 0), ...gap(5_000, 60_000, ...alone), ...hungUp(61_000, 0)]);
    expect(run.records).toMatchObject([{ talkMs: 4_500, approximate: true }]);
  });

  it('is marked when how its phone stopped ringing was not told', () => {
    const still = live(channel('150', 1, 0, { state: 'ringing' }), { application: 'AppDial' });
    const run = new Run().feed([...ringing(0, 0), ...gap(1_000, 9_000, live(trunk(0)), still), ...hungUp(9_100, 0)]);
    expect(run.records).toMatchObject([{ answeredAt: null, approximate: true }]);
  });
});

describe('whom a call went to while no link was up', () => {
  const lifted = (exten: string): Fact =>
    ami(0, { kind: 'channel.new', channel: channel('151', 0, 0, { state: 'ring', exten }) });

  it.each([
    ['80290000001', { direction: 'out', external: '+375290000001', caller: '151' }],
    ['152', { direction: 'internal', caller: '151' }],
    ['80290000009', { direction: 'internal', caller: '151' }],
  ])('is told by the number its phone dialled: %s', (exten, expected) => {
    const run = new Run().feed([lifted(exten), ...gap(500, 20_000)]);
    expect(run.records).toMatchObject([{ ...expected, result: 'missed', approximate: true }]);
  });

  it.each(['151', '*8', 's'])('is told by nothing when that was %s', (exten) => {
    const run = new Run().feed([lifted(exten), ...gap(500, 20_000)]);
    expect(run.records).toEqual([]);
    expect(run.tracker.liveCalls()).toEqual([]);
  });

  it('is its client, who was called by us, when he is already sent on to a colleague', () => {
    const client = live(channel('trunk', 1, 0), { application: 'Dial', seconds: 30 });
    const next = live(channel('152', 2, 0, { state: 'ringing' }), { application: 'AppDial', seconds: 3 });
    const run = new Run().feed([lifted('80290000001'), ...gap(500, 40_000, client, next)]);
    expect(run.tracker.liveCalls()).toMatchObject([{ direction: 'out', external: '+375290000001', line: 'trunk' }]);
  });

  it('came in on the line it had dialled, wherever the dialplan has it now', () => {
    const moved = live(trunk(0, { context: 'macro-group', exten: 's' }), { application: 'Playback', dnid: '0001360' });
    const run = new Run().feed(gap(0, 4_000, moved));
    expect(run.tracker.liveCalls()).toMatchObject([{ direction: 'in', line: '0001360' }]);
  });
});

it('the last words of a channel that ended meanwhile keep no call up: the PBX is asked', () => {
  const half = channel('Local/152@internal-00000001;1', 2, 0, { state: 'down' });
  const run = new Run().feed([...answered(0, 0), ...gap(1_000, 9_000, caller(), phone())]);
  const told = run.fold(ami(9_100, { kind: 'channel.seen', channel: half }));
  expect(told.effects).toContainEqual({ kind: 'confirm-gone', uids: [half.uid] });
  run.feed([...hungUp(20_000, 0), ami(20_100, { kind: 'channel.confirmed-gone', uid: half.uid })]);
  expect(run.records).toHaveLength(1);
  expect(run.tracker.liveCalls()).toEqual([]);
  const later = new Run().feed([...answered(0, 0), ...gap(1_000, 2_000, caller(), phone())]);
  later.fold(ami(60_000, { kind: 'channel.seen', channel: half }));
  expect(later.folds.at(-1)?.effects.filter(({ kind }) => kind === 'confirm-gone')).toEqual([]);
});
