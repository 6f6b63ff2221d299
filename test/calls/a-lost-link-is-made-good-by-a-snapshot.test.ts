import { describe, expect, it } from 'vitest';
import type { Fact, LiveChannel } from '../../src/calls/facts.js';
import { T0, ami, answered, channel, hungUp, live, ringing, system, trunk } from './ami-facts.js';
import { Run } from './run-tracker.js';
import { fleetEvent } from '../../src/calls/facts.js';

const lost = (ms: number) => system(ms, { kind: 'link.lost' });
const up = (ms: number, over: { lostAt?: number | null; restarted?: boolean } = {}) =>
  system(ms, { kind: 'link.up', lostAt: over.lostAt ?? null, restarted: over.restarted ?? false });
const snapshot = (ms: number, ...channels: LiveChannel[]): Fact => system(ms, { kind: 'snapshot', channels });
const kinds = (run: Run) => run.events.map((event) => event.kind);

const callerUp = () => live({ ...trunk(0), state: 'up' }, { bridge: 'bridge-0', application: 'Dial', seconds: 20 });
const phoneUp = () => live(channel('150', 1, 0), { bridge: 'bridge-0', application: 'AppDial', seconds: 20 });

describe('a call that was up when the link was lost', () => {
  it('and ended meanwhile is finished once, with what was known when the link was lost, and marked', () => {
    const run = new Run().feed([...answered(0, 0), lost(10_000), up(30_000), snapshot(30_010)]);
    expect(run.records).toMatchObject([
      { result: 'answered', talkMs: 9_500, endedAt: T0 + 10_000, approximate: true, finalAgent: '150' },
    ]);
    run.feed([snapshot(31_000), ...hungUp(31_500, 0)]);
    expect(run.records).toHaveLength(1);
  });

  it('and is up still goes on and is exact', () => {
    const run = new Run().feed([...answered(0, 0), lost(5_000), up(25_000), snapshot(25_010, callerUp(), phoneUp())]);
    expect(run.tracker.liveCalls()).toHaveLength(1);
    run.feed(hungUp(40_500, 0));
    expect(run.records).toMatchObject([{ result: 'answered', talkMs: 40_000, approximate: false }]);
    expect(kinds(run)).toEqual(['call.started', 'call.ringing', 'call.answered', 'call.finished']);
  });

  it('and rang then, is answered when the snapshot shows both in one bridge', () => {
    const run = new Run().feed([...ringing(0, 0), lost(1_000), up(21_000), snapshot(21_000, callerUp(), phoneUp())]);
    expect(kinds(run)).toEqual(['call.started', 'call.ringing', 'call.answered']);
    run.feed(hungUp(31_000, 0));
    expect(run.records).toMatchObject([{ result: 'answered', answeredBy: '150', talkMs: 10_000, approximate: true }]);
  });

  it('and rang then, is over when the snapshot does not show it', () => {
    const run = new Run().feed([...ringing(0, 0), lost(3_000), up(23_000), snapshot(23_000)]);
    expect(run.records).toMatchObject([{ approximate: true, endedAt: T0 + 3_000, answeredAt: null }]);
  });

  it('and lost only its phone goes on to the next one', () => {
    const run = new Run().feed([
      ...ringing(0, 0),
      lost(1_000),
      up(9_000),
      snapshot(
        9_000,
        live(trunk(0), { application: 'Dial' }),
        live(channel('151', 5, 0, { state: 'ringing' }), { application: 'AppDial', seconds: 1 }),
      ),
    ]);
    expect(run.events.at(-1)).toMatchObject({ kind: 'call.ringing', extensions: ['151'] });
    expect(run.records).toEqual([]);
  });

  it('ends when Asterisk was restarted, even if its ids come again', () => {
    const run = new Run().feed([...answered(0, 0), lost(4_000), up(20_000, { restarted: true }), snapshot(20_000)]);
    expect(run.records).toMatchObject([{ endedAt: T0 + 4_000, approximate: true }]);
  });

  it('is told apart from a new channel with the same unique id', () => {
    const other = live(channel('PJSIP/trunk-000000ff', 0, 0, { state: 'ring' }), {});
    const run = new Run().feed([...answered(0, 0), lost(4_000), up(20_000), snapshot(20_000, other)]);
    expect(run.records).toHaveLength(1);
  });

  it('ends with the hang-up a webhook told meanwhile', () => {
    const run = new Run().feed([...answered(0, 0), lost(4_000)]);
    run.feed([
      {
        ...system(12_000, { kind: 'link.lost' }),
        kind: 'fleet',
        source: 'webhook',
        enterprise: '0367',
        fleet: fleetEvent({
          event: 'hangup',
          uid: '1795386276.0',
          phone: '375290000001',
          extensions: ['150'],
          callType: 0,
          callStatus: '2',
          trunk: '0001360',
        }),
      } as Fact,
    ]);
    expect(run.records).toMatchObject([{ result: 'answered', talkMs: 11_500, approximate: true }]);
    run.feed([up(20_000), snapshot(20_000)]);
    expect(run.records).toHaveLength(1);
  });
});

describe('a call that began while nobody listened', () => {
  it('opens with the direction it had, its age and its ring', () => {
    const run = new Run().feed([
      up(0),
      snapshot(
        0,
        live(channel('150', 1, 0, { state: 'ringing' }), { application: 'AppDial', seconds: 3 }),
        live(trunk(0), { application: 'Dial', seconds: 4 }),
      ),
    ]);
    expect(run.events.map((event) => event.call)).toMatchObject([
      { direction: 'in', external: '+375290000001', line: '0001360', startedAt: T0 - 4_000, approximate: true },
      { rang: ['150'] },
    ]);
  });

  it('is an outgoing one when staff called a trunk', () => {
    const caller = channel('150', 0, 0, { exten: '80290000001' });
    const called = channel('trunk', 1, 0, { state: 'ringing', exten: '80290000001', context: 'from-trunk' });
    const run = new Run().feed([
      up(0),
      snapshot(0, live(called, { application: 'AppDial' }), live(caller, { application: 'Dial' })),
    ]);
    expect(run.events.at(-1)).toMatchObject({
      kind: 'call.ringing',
      extensions: ['150'],
      call: { direction: 'out', external: '+375290000001', line: 'trunk' },
    });
  });

  it('is internal when staff called staff', () => {
    const run = new Run().feed([
      up(0),
      snapshot(
        0,
        live(channel('150', 0, 0), { application: 'Dial', bridge: 'b' }),
        live(channel('151', 1, 0), { application: 'AppDial', bridge: 'b' }),
      ),
    ]);
    expect(run.events.map((event) => event.kind)).toEqual(['call.started', 'call.answered']);
    expect(run.events[0]?.call).toMatchObject({ direction: 'internal', caller: '150' });
  });
});

describe('after a restart of ours', () => {
  it('a call saved while it talked is finished once by the snapshot that does not show it', () => {
    const run = new Run().feed(answered(0, 0));
    run.reload();
    run.feed([up(60_000, { lostAt: T0 + 8_000 }), snapshot(60_000)]);
    expect(run.records).toMatchObject([{ talkMs: 7_500, approximate: true }]);
    run.reload();
    run.feed([up(61_000), snapshot(61_000), ...hungUp(61_500, 0)]);
    expect(run.records).toHaveLength(1);
  });

  it('ends it at its last fact when nobody knows when we went away', () => {
    const run = new Run().feed(answered(0, 0));
    run.reload();
    run.feed([up(60_000), snapshot(60_000)]);
    expect(run.records).toMatchObject([{ endedAt: T0 + 500, approximate: true }]);
  });

  it('the PBX’s clock is kept apart from ours', () => {
    const skewed = answered(0, 0).map((fact) => ({ ...fact, at: fact.at + 300_000 }));
    const run = new Run().feed([...skewed, lost(10_000), up(30_000), snapshot(30_000)]);
    expect(run.records).toMatchObject([{ talkMs: 9_500, endedAt: T0 + 310_000 }]);
  });
});

describe('a call that AMI says nothing of', () => {
  it('is asked about and never ends while the PBX confirms it', () => {
    const run = new Run().feed([up(0), snapshot(0), ...answered(10, 0)]);
    for (let hour = 1; hour <= 30; hour += 1) {
      run.passTime(T0 + hour * 3_600_000 + 10_001);
      run.feed([ami(hour * 3_600_000 + 10_000, { kind: 'channel.seen', channel: channel('150', 1, 0) })]);
    }
    expect(
      run.folds.flatMap((folded) => folded.effects).filter((effect) => effect.kind === 'confirm-gone').length,
    ).toBeGreaterThan(20);
    expect(run.records).toEqual([]);
    run.feed(hungUp(108_010_000, 0));
    expect(run.records).toMatchObject([{ talkMs: 108_009_490, approximate: false }]);
  });
});
