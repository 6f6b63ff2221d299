import { describe, expect, it } from 'vitest';
import { T0, ami, answered, channel, hungUp, ringing, system, trunk } from './ami-facts.js';
import { Run } from './run-tracker.js';

const linked = [
  system(-20, { kind: 'link.up', lostAt: null, restarted: false }),
  system(-10, { kind: 'snapshot', channels: [] }),
];
const confirmed = (ms: number, number: number) =>
  system(ms, { kind: 'channel.confirmed-gone', uid: `1795386276.${number}` });
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
    run.feed([ami(2_005, { kind: 'channel.seen', channel: { ...trunk(0), state: 'up' } })]);
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

  it('is not asked while another leg lives', () => {
    const run = start().feed([
      ...answered(0, 0),
      ami(1_000, { kind: 'channel.gone', channel: channel('150', 1, 0), cause: 16 }),
    ]);
    expect(run.folds.at(-1)?.effects).toEqual([]);
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
