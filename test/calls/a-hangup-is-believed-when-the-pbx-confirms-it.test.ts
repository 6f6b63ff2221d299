import { describe, expect, it } from 'vitest';
import type { ChannelInfo } from '../../src/calls/facts.js';
import { T0, ami, answered, channel, hungUp, live, ringing, system, trunk } from './ami-facts.js';
import { Run } from './run-tracker.js';

const linked = [
  system(-20, { kind: 'link.up', lostAt: null, restarted: false }),
  system(-10, { kind: 'snapshot', channels: [] }),
];
const confirmed = (ms: number, number: number) =>
  system(ms, { kind: 'channel.confirmed-gone', uid: `1795386276.${number}` });
const answers = (ms: number, info: ChannelInfo, bridge: string | null) =>
  ami(ms, { kind: 'channel.seen', channel: live(info, { bridge }), asked: true });
const gone = (ms: number, info: ChannelInfo) => ami(ms, { kind: 'channel.gone', channel: info, cause: 16 });
const start = () => new Run({ confirmHangups: true }).feed(linked);
const counts = (run: Run) =>
  run.folds.flatMap((folded) => folded.effects).flatMap((effect) => (effect.kind === 'count' ? [effect.what] : []));

describe('with confirmation on', () => {
  it('the last hang-up asks the PBX, and its answer finishes the call at the time of the hang-up', () => {
    const run = start().feed([...answered(0, 0), ...hungUp(5_000, 0)]);
    expect(run.records).toEqual([]);
    expect(run.folds.at(-1)?.effects).toEqual([{ kind: 'confirm-gone', uids: ['1795386276.0', '1795386276.1'] }]);
    run.feed([confirmed(5_004, 0)]);
    expect(run.records).toMatchObject([{ endedAt: T0 + 5_000, talkMs: 4_500, approximate: false }]);
    run.feed([confirmed(5_005, 1)]);
    expect(run.records).toHaveLength(1);
  });

  it('a refuted hang-up changes nothing: the call goes on', () => {
    const run = start().feed([...answered(0, 0), ...hungUp(2_000, 0)]);
    run.feed([answers(2_005, { ...trunk(0), state: 'up' }, 'bridge-0')]);
    run.passTime(T0 + 60_000);
    expect(run.records).toEqual([]);
    expect(run.tracker.liveCalls()).toHaveLength(1);
    expect(counts(run)).toContain('hangup-refuted');
  });

  it('silence of the PBX finishes it after five seconds', () => {
    const run = start().feed([...answered(0, 0), ...hungUp(2_000, 0)]);
    expect(run.tracker.wakeAt()).toBe(T0 + 7_000);
    run.passTime(T0 + 7_001);
    expect(run.records).toMatchObject([{ endedAt: T0 + 2_000 }]);
  });

  it('a snapshot that does not show it finishes it too', () => {
    const run = start().feed([
      ...answered(0, 0),
      ...hungUp(2_000, 0),
      system(2_100, { kind: 'snapshot', channels: [] }),
    ]);
    expect(run.records).toMatchObject([{ endedAt: T0 + 2_000, approximate: false }]);
  });

  it('a hang-up while another leg lives is asked about where the call is another one by it', () => {
    const run = start().feed([...answered(0, 0), gone(1_000, channel('150', 1, 0))]);
    expect(run.folds.at(-1)?.effects).toEqual([{ kind: 'confirm-gone', uids: ['1795386276.1'] }]);
    run.feed([...ringing(2_000, 10), ...ringing(2_100, 20)]);
    const lost = { ...channel('150', 11, 10), state: 'ringing' };
    run.feed([ami(2_200, { kind: 'dial.end', channel: trunk(10), dest: lost, status: 'CANCEL' }), gone(2_200, lost)]);
    expect(run.folds.at(-1)?.effects).toEqual([]);
  });

  it('a refuted hang-up of one leg leaves the talk as it was', () => {
    const run = start().feed([...answered(0, 0), gone(2_000, channel('150', 1, 0))]);
    run.feed([answers(2_000, channel('150', 1, 0), 'bridge-0')]);
    run.feed([...hungUp(5_000, 0), confirmed(5_004, 0)]);
    expect(run.records).toMatchObject([{ talkMs: 4_500, spanMs: 4_500, finalAgent: '150', result: 'answered' }]);
  });

  it('only the answer of the PBX refutes one: an event may be forged like the hang-up', () => {
    const run = start().feed([...answered(0, 0), ...hungUp(2_000, 0)]);
    run.feed([ami(2_005, { kind: 'channel.seen', channel: { ...trunk(0), state: 'up' } }), confirmed(2_010, 0)]);
    expect(run.records).toHaveLength(1);
    expect(counts(run)).not.toContain('hangup-refuted');
  });

  it('a hang-up that was lost because its caller cut the event is asked about', () => {
    const run = start().feed([...answered(0, 0), gone(2_000, channel('150', 1, 0)), confirmed(2_001, 1)]);
    run.feed([ami(2_002, { kind: 'channel.cut', name: trunk(0).name })]);
    expect(run.folds.at(-1)?.effects).toEqual([{ kind: 'confirm-gone', uids: ['1795386276.0'] }]);
    run.feed([confirmed(2_010, 0)]);
    expect(run.records).toMatchObject([{ result: 'answered', talkMs: 1_500 }]);
    expect(run.tracker.liveCalls()).toEqual([]);
  });
});

describe('a fact that contradicts what is known', () => {
  it('changes no call: another name for a known uid is dropped and counted', () => {
    const run = new Run().feed(answered(0, 0));
    const before = JSON.stringify(run.tracker.liveCalls());
    run.feed([
      ami(600, { kind: 'channel.gone', channel: channel('PJSIP/evil-00000009', 0, 0), cause: 16 }),
      ami(600, { kind: 'channel.gone', channel: channel('PJSIP/evil-00000009', 1, 0), cause: 16 }),
      ami(600, { kind: 'channel.state', channel: channel('PJSIP/trunk-00000099', 1, 0, { state: 'ringing' }) }),
    ]);
    expect(JSON.stringify(run.tracker.liveCalls())).toBe(before);
    expect(counts(run)).toEqual(['contradicting-fact', 'contradicting-fact', 'contradicting-fact']);
  });

  it('changes no call: a live channel’s name under another uid is dropped and counted', () => {
    const victim = channel('150', 1, 0);
    const run = new Run().feed(answered(0, 0));
    run.feed([
      ami(600, {
        kind: 'channel.state',
        channel: { ...victim, uid: '1795386276.77', linkedid: '1795386276.77', state: 'ringing' },
      }),
      ami(600, {
        kind: 'channel.gone',
        channel: { ...victim, uid: '1795386276.77', linkedid: '1795386276.77' },
        cause: 16,
      }),
    ]);
    expect(run.tracker.liveCalls()).toHaveLength(1);
    expect(run.events.map((event) => event.kind)).toEqual(['call.started', 'call.ringing', 'call.answered']);
    expect(counts(run)).toEqual(['contradicting-fact']);
  });

  it('keeps a channel through the marks Asterisk puts around a moved one’s name', () => {
    const run = new Run().feed(ringing(0, 0));
    const moved = { ...channel('150', 1, 0), name: 'AsyncGoto/PJSIP/150-00000001<ZOMBIE>' };
    run.feed([ami(100, { kind: 'channel.seen', channel: moved })]);
    expect(counts(run)).toEqual([]);
  });
});
