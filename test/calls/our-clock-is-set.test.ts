import { describe, expect, it } from 'vitest';
import type { Fact } from '../../src/calls/facts.js';
import type { CallFacts } from '../../src/calls/vocabulary.js';
import { ami, answered, channel, hungUp, system, trunk } from './ami-facts.js';
import { fleetEvent } from '../../src/calls/facts.js';
import { CALLS, RELOAD, run, unstamped } from './interrupted-calls.js';
import type { Step } from './interrupted-calls.js';
import { Run } from './run-tracker.js';

const HOUR = 3_600_000;

/** As it comes after our clock was set; the PBX's stamps are none of ours. */
const later = (fact: Fact, by: number): Fact => {
  const moved = { ...fact, at: fact.stamped ? fact.at : fact.at + by, arrivedAt: fact.arrivedAt + by };
  return moved.kind === 'link.up' ? { ...moved, skewMs: -by } : moved;
};

/** Our clock is set by so much in front of the step with this index. */
function setAt(steps: readonly Step[], index: number, by: number, told: (fact: Fact) => Fact): Step[] {
  const facts = steps.map((step) => (step === RELOAD ? step : told(step)));
  const before = facts.slice(0, index).findLast((step) => step !== RELOAD);
  const now = (before?.arrivedAt ?? 0) + by;
  const set: Fact = { kind: 'clock.stepped', source: 'system', at: now, arrivedAt: now, stamped: false, by };
  return [
    ...facts.slice(0, index),
    set,
    ...facts.slice(index).map((step) => (step === RELOAD ? step : later(step, by))),
  ];
}

const asIs = (fact: Fact): Fact => fact;
/** The same with every time of it counted from its beginning. */
function fromBegin(call: CallFacts): unknown {
  const moved = (value: unknown): unknown => {
    if (typeof value === 'number') return value > 1e12 ? value - call.startedAt : value;
    if (Array.isArray(value)) return value.map(moved);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, moved(one)]));
  };
  return moved({ ...call, skewMs: 0 });
}

describe.each(Object.entries(CALLS))('a call %s', (_name, steps) => {
  const moments = steps.map((_step, index) => index + 1).filter((index) => index > 0);

  it.each([HOUR, -HOUR])('is the same call whenever our clock is set by %i ms', (by) => {
    const right = run(steps, asIs);
    for (const index of moments) {
      const set = run(setAt(steps, index, by, asIs), asIs);
      expect(
        set.events.map((event) => event.kind),
        `set before fact ${index}`,
      ).toEqual(right.events.map((event) => event.kind));
      expect(set.records.map(fromBegin)).toEqual(right.records.map(fromBegin));
      expect(set.tracker.liveCalls()).toHaveLength(right.tracker.liveCalls().length);
    }
  });

  it.each([HOUR, -HOUR])('is as long where the PBX stamps nothing and our clock is set by %i ms', (by) => {
    const right = run(steps, unstamped);
    for (const index of moments) {
      const set = run(setAt(steps, index, by, unstamped), asIs);
      expect(set.records.map(fromBegin), `set before fact ${index}`).toEqual(right.records.map(fromBegin));
    }
  });
});

describe.each([HOUR, -HOUR])('when our clock is set by %i ms', (by) => {
  const post = (ms: number, event: 'start' | 'dial' | 'bridge' | 'bridge_leave' | 'hangup', over = {}): Fact => {
    const told = { uid: '1795386276.0', phone: '375290000001', extensions: ['150'], callType: 0 as const };
    const fleet = fleetEvent({ event, ...told, callStatus: '2', trunk: '0001363', ...over });
    return { ...system(ms, { kind: 'fleet', fleet }), source: 'webhook', enterprise: '0367' };
  };
  const posts = [
    post(0, 'start'),
    post(1_000, 'dial'),
    post(5_000, 'bridge', { uid: '1795386276.1', bridge: 'b', channel: 'SIP/150-00000001' }),
    post(5_100, 'bridge', { bridge: 'b', channel: 'SIP/0001363-00000000' }),
    post(65_000, 'bridge_leave', { bridge: 'b', channel: 'SIP/0001363-00000000' }),
    post(65_500, 'hangup'),
  ];

  it.each(posts.map((_post, index) => index).slice(1))(
    'a posted call is as long as it was: before post %i',
    (index) => {
      const ran = run(setAt(posts, index, by, asIs), asIs);
      expect(ran.records).toMatchObject([{ result: 'answered', waitMs: 4_100, talkMs: 59_900, approximate: false }]);
      expect(ran.tracker.liveCalls()).toEqual([]);
    },
  );

  it('a posted call that waits does not end by it', () => {
    const ran = run(setAt(posts.slice(0, 2), 2, by, asIs), asIs);
    ran.passTime((ran.tracker.liveCalls()[0]?.lastArrival ?? 0) + 60_000);
    expect(ran.tracker.liveCalls()).toHaveLength(1);
  });

  it('a card that is collected is told in time, and lives from when it was heard of', () => {
    const caller = trunk(0);
    const [one, two] = [channel('150', 1, 0, { state: 'down' }), channel('151', 2, 0, { state: 'down' })];
    const facts = [
      ami(0, { kind: 'channel.new', channel: caller }),
      ami(1, { kind: 'channel.new', channel: one }),
      ami(1, { kind: 'channel.new', channel: two }),
      ami(2, { kind: 'dial.begin', channel: caller, dest: one, dialString: '150' }),
      ami(2, { kind: 'dial.begin', channel: caller, dest: two, dialString: '151' }),
      ami(3, { kind: 'channel.state', channel: { ...one, state: 'ringing' } }),
    ];
    const ran = run(setAt(facts, facts.length, by, asIs), asIs);
    const now = (facts.at(-1)?.arrivedAt ?? 0) + by;
    ran.passTime(now + 31);
    expect(ran.events.at(-1)).toMatchObject({ kind: 'call.ringing', extensions: ['150'] });
    expect(ran.folds.at(-1)?.arrivals).toEqual([now]);
  });

  it('a hang-up that waits for its confirmation counts when its time is over', () => {
    const ran = new Run({ confirmHangups: true }).feed([system(0, { kind: 'snapshot', channels: [] })]);
    ran.feed([...answered(10, 0), ...hungUp(9_000, 0)]);
    const now = (ran.tracker.liveCalls()[0]?.lastArrival ?? 0) + by;
    ran.fold({ kind: 'clock.stepped', source: 'system', at: now, arrivedAt: now, stamped: false, by });
    ran.passTime(now + 4_900);
    expect(ran.records).toEqual([]);
    ran.passTime(now + 5_100);
    expect(ran.records).toMatchObject([{ result: 'answered', talkMs: 8_490 }]);
  });

  it('what comes late of a call that is over opens none, and is no other call’s ten minutes on', () => {
    const facts = [...answered(10, 0), ...hungUp(9_000, 0)];
    const ran = run(setAt(facts, facts.length, by, asIs), asIs);
    ran.feed([later(post(300_000, 'hangup'), by), later(post(500_000, 'bridge', { bridge: 'x' }), by)]);
    expect(ran.tracker.liveCalls()).toEqual([]);
    expect(ran.records).toHaveLength(1);
    ran.feed([later(post(700_000, 'start'), by)]);
    expect(ran.tracker.liveCalls()).toHaveLength(1);
  });
});

/** A checksum, and what the dialplan told by the PBX's clock. */
const NO_TIMES_OF_OURS = /^\.fleet\.(recent\.\d+\.checksum|endTime)$/;

/** Every time in it, by the path to it. */
function timesIn(value: unknown, path = ''): Map<string, number> {
  const times = new Map<string, number>();
  if (typeof value === 'number' && value > 1e12) times.set(path, value);
  if (typeof value === 'object' && value !== null)
    for (const [key, one] of Object.entries(value))
      for (const [at, time] of timesIn(one, `${path}.${key}`)) times.set(at, time);
  return times;
}

it.each(Object.keys(CALLS))('no time of what is kept of a call %s is forgotten', (name) => {
  const steps = CALLS[name] ?? [];
  for (const told of [asIs, unstamped]) {
    for (const index of steps.keys()) {
      const ran = run(steps.slice(0, index + 1), told);
      const before = ran.tracker.liveCalls().map((call) => timesIn(call));
      const now = 1_795_386_276_000 + HOUR;
      ran.fold({ kind: 'clock.stepped', source: 'system', at: now, arrivedAt: now, stamped: false, by: HOUR });
      for (const [i, call] of ran.tracker.liveCalls().entries()) {
        const moved = [...timesIn(call)].map(([path, time]) => [path, time - (before[i]?.get(path) ?? 0)] as const);
        const stamped = call.skewMs !== null;
        for (const [path, by] of moved) {
          const ours =
            !stamped ||
            /^\.(lastArrival|wake|askedAt)$|bornAt$|\.ring\.due$|confirmBy$|\.fleet\.(recent|mainGoneAt|lone)\b/.test(
              path,
            );
          if (!NO_TIMES_OF_OURS.test(path)) expect(`${path} ${by}`).toBe(`${path} ${ours ? HOUR : 0}`);
        }
      }
    }
  }
});
