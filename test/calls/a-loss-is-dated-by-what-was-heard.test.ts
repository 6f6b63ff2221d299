import { describe, expect, it } from 'vitest';
import type { Fact } from '../../src/calls/facts.js';
import { T0, answered, channel, live, ringing, system, trunk } from './ami-facts.js';
import { Run } from './run-tracker.js';

/** Noticed at `ms`, nothing heard since `since`. */
const lost = (ms: number, since: number): Fact => ({ ...system(ms, { kind: 'link.lost' }), at: T0 + since });
const up = (ms: number): Fact => system(ms, { kind: 'link.up', lostAt: null, restarted: false });
const snapshot = (ms: number, ...channels: ReturnType<typeof live>[]): Fact =>
  system(ms, { kind: 'snapshot', channels });

/** The PBX's clock is so far ahead of ours. */
const ahead = (facts: Fact[], skewMs: number): Fact[] =>
  facts.map((fact) => ({ ...fact, at: fact.at + skewMs, stamped: true }));

describe('a call that ended while nobody listened', () => {
  it('ended when the PBX was last heard, not when its silence was noticed', () => {
    const run = new Run().feed([...answered(0, 0), lost(40_000, 10_000), up(41_000), snapshot(41_000)]);
    expect(run.records).toMatchObject([{ endedAt: T0 + 10_000, talkMs: 9_500, approximate: true }]);
  });

  it('ended when its facts were last stored, when the daemon was killed', () => {
    const run = new Run().feed(answered(0, 0));
    run.reload();
    run.feed([lost(60_000, 12_000), up(61_000), snapshot(61_000)]);
    expect(run.records).toMatchObject([{ endedAt: T0 + 12_000, talkMs: 11_500, approximate: true }]);
  });

  it.each([90_000, -90_000])('is dated by the clock of a PBX that is %i ms off', (skewMs) => {
    const run = new Run().feed(ahead(answered(0, 0), skewMs));
    run.reload();
    run.feed([lost(60_000, 12_000), up(61_000), snapshot(61_000)]);
    expect(run.records).toMatchObject([{ endedAt: T0 + 12_000 + skewMs, talkMs: 11_500 }]);
  });
});

describe('a call that a PBX with another clock shows at the resync', () => {
  it('began by that clock', () => {
    const skewMs = -90_000;
    const run = new Run().feed(ahead(answered(0, 0), skewMs));
    const started = live({ ...trunk(7), state: 'up' }, { application: 'Dial', seconds: 5 });
    run.feed([lost(10_000, 10_000), up(20_000), snapshot(20_000, started)]);
    const [call] = run.tracker.liveCalls();
    expect(call).toMatchObject({ uid: started.uid, startedAt: T0 + 15_000 + skewMs });
  });
});

describe('phones that rang while their ring could not be told', () => {
  it('are told with the moment of their ring, however late', () => {
    const facts = ringing(0, 0);
    // A second phone was dialled and says nothing, so the first one's ring waits for it.
    const quiet = channel('151', 2, 0, { state: 'down' });
    const run = new Run({ ringCollectMs: 30 });
    const ring = facts.findIndex((fact) => fact.kind === 'channel.state');
    run.feed(facts.slice(0, ring));
    const at = facts[ring]?.arrivedAt ?? 0;
    run.fold({
      kind: 'dial.begin',
      source: 'ami',
      at,
      arrivedAt: at,
      stamped: true,
      channel: trunk(0),
      dest: quiet,
      dialString: '151',
    });
    run.feed(facts.slice(ring));
    expect(run.events.map((event) => event.kind)).not.toContain('call.ringing');
    const late = run.fold({ kind: 'timer', source: 'system', at: at + 60_000, arrivedAt: at + 60_000, stamped: false });
    expect(late.events.map((event) => event.kind)).toEqual(['call.ringing']);
    expect(late.arrivals).toEqual([at]);
  });
});
