import { describe, expect, it } from 'vitest';
import type { Fact, FleetEvent } from '../../src/calls/facts.js';
import type { CallFacts } from '../../src/calls/vocabulary.js';
import { T0, ami, answered, channel, hungUp, live, system, trunk } from './ami-facts.js';
import { fleetEvent } from '../../src/calls/facts.js';
import { Run } from './run-tracker.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const newRun = () => {
  let calls = 0;
  return new Run({ newCallId: () => `${String(++calls).padStart(8, '0')}-0000-4000-8000-000000000000` });
};
/** Of each call that was told, by which id CRMs know it: `again` where that is the unique id with its own id behind it. */
const externalIds = (run: Run) => run.records.map((call) => toldId(call));

function toldId({ externalId, id, uid }: CallFacts): string {
  if (externalId === `0367-${uid}`) return uid;
  return externalId === `0367-${uid}-${id.slice(0, 8)}` ? `${uid} again` : externalId;
}

const UID = '1795386276.0';
const BOTH = [UID, `${UID} again`];
const fromPbx = (fact: Fact): Fact => ({ ...fact, source: 'ami' });
const linkUp = (ms: number, restarted: boolean): Fact =>
  fromPbx(system(ms, { kind: 'link.up', lostAt: null, restarted }));
const snapshot = (ms: number, ...channels: ReturnType<typeof live>[]): Fact =>
  fromPbx(system(ms, { kind: 'snapshot', channels }));
const isNew = (fact: Fact) => fact.kind === 'channel.new';
const whole = (ms: number) => [...answered(ms, 0), ...hungUp(ms + 10_500, 0)];

describe('over AMI, a call that has the ids of one that is over', () => {
  it('hours later is a call of its own, with an id of its own towards CRMs', () => {
    const run = newRun().feed([...whole(0), ...whole(5 * HOUR)]);
    expect(externalIds(run)).toEqual(BOTH);
    expect(run.records).toMatchObject([{ talkMs: 10_000 }, { talkMs: 10_000, startedAt: T0 + 5 * HOUR }]);
    expect(run.tracker.liveCalls()).toEqual([]);
  });

  it('is one within a minute too, when the PBX says that it makes the channel', () => {
    const run = newRun().feed([...whole(0), ...whole(MINUTE)]);
    expect(externalIds(run)).toEqual(BOTH);
  });

  it('is one after a restart of the PBX for whoever is told of no new channels', () => {
    const unseen = (ms: number) => whole(ms).filter((fact) => !isNew(fact));
    const restart = [system(20_000, { kind: 'link.lost' }), linkUp(25_000, true), snapshot(25_000)];
    const run = newRun().feed([...unseen(0), ...restart, ...unseen(MINUTE)]);
    expect(externalIds(run)).toEqual(BOTH);
  });

  it('is taken for late while nothing tells that ids have begun again', () => {
    const run = newRun().feed([...whole(0), ...whole(MINUTE).filter((fact) => !isNew(fact))]);
    expect(externalIds(run)).toEqual(BOTH.slice(0, 1));
    expect(run.tracker.liveCalls()).toEqual([]);
  });

  it('is one whatever part of a call the ids were, and of several legs each belongs to it', () => {
    const group = (ms: number, main: number): Fact[] => {
      const caller = trunk(main);
      const [one, two] = [main + 1, main + 2].map((n) => channel(String(149 + n - main), n, main, { state: 'down' }));
      if (!one || !two) throw new Error('two phones');
      return [
        ami(ms, { kind: 'channel.new', channel: caller }),
        ...[one, two].flatMap((phone, n) => [
          ami(ms + 10 + n, { kind: 'channel.new', channel: phone }),
          ami(ms + 20 + n, { kind: 'dial.begin', channel: caller, dest: phone, dialString: null }),
          ami(ms + 30 + n, { kind: 'channel.state', channel: { ...phone, state: 'ringing' } }),
        ]),
        ami(ms + 9_000, { kind: 'channel.gone', channel: one, cause: 16 }),
        ami(ms + 9_000, { kind: 'channel.gone', channel: two, cause: 16 }),
        ami(ms + 9_010, { kind: 'channel.gone', channel: caller, cause: 16 }),
      ];
    };
    const run = newRun().feed([...group(0, 0), ...group(MINUTE, 0), ...group(HOUR, 1)]);
    expect(externalIds(run)).toEqual([...BOTH, '1795386276.1 again']);
    expect(run.records.map((call) => call.rang)).toEqual(Array(3).fill(['150', '151']));
  });

  it('has one id from its first event to its last, through a restart of the daemon at any moment', () => {
    const facts = [...whole(0), ...whole(2 * HOUR)];
    for (const cut of facts.keys()) {
      const run = newRun();
      let count = 0;
      run.feed(facts, () => {
        if (count++ === cut) run.reload();
      });
      expect(externalIds(run), `restarted after fact ${cut}`).toEqual(BOTH);
      const second = run.events.filter(({ call }) => call.startedAt > T0 + HOUR);
      expect(new Set(second.map(({ call }) => toldId(call)))).toEqual(new Set(BOTH.slice(1)));
    }
  });

  it('a hang-up that was stamped before it began is the other one’s', () => {
    const [, gone] = hungUp(10_500, 0);
    if (!gone) throw new Error('two hang-ups');
    const late = { ...gone, arrivedAt: T0 + HOUR + 1_000 };
    const run = newRun().feed([...whole(0), ...answered(HOUR, 0), late]);
    expect(run.records).toHaveLength(1);
    run.feed(hungUp(HOUR + 20_500, 0));
    expect(run.records).toMatchObject([{ talkMs: 10_000 }, { talkMs: 20_000 }]);
  });

  it('a third one has an id of its own too', () => {
    const run = newRun().feed([...whole(0), ...whole(HOUR), ...whole(2 * HOUR)]);
    expect(externalIds(run)).toEqual([...BOTH, `${UID} again`]);
    expect(new Set(run.records.map((call) => call.externalId)).size).toBe(3);
  });
});

describe('a snapshot', () => {
  const up = (ms: number, seconds: number): Fact[] => [
    linkUp(ms, false),
    snapshot(
      ms,
      live({ ...trunk(0), state: 'up' }, { bridge: 'b', application: 'Dial', seconds }),
      live(channel('150', 1, 0), { bridge: 'b', application: 'AppDial', seconds: seconds - 2 }),
    ),
  ];

  it('shows a new call where the channel is younger than the end of the one that had its id', () => {
    for (const later of [MINUTE, 3 * HOUR]) {
      const run = newRun().feed([...whole(0), ...up(later, 20), ...hungUp(later + 5_000, 0)]);
      expect(externalIds(run)).toEqual(BOTH);
      expect(run.records[1]).toMatchObject({ approximate: true, startedAt: T0 + later - 20_000 });
    }
  });

  it('opens none for a channel that is older: its call was only thought to be over', () => {
    for (const later of [MINUTE, 3 * HOUR]) {
      const run = newRun().feed([...whole(0), ...up(later, later / 1_000), ...hungUp(later + 5_000, 0)]);
      expect(externalIds(run)).toEqual(BOTH.slice(0, 1));
      expect(run.tracker.liveCalls()).toEqual([]);
    }
  });
});

describe('over webhooks', () => {
  const post = (ms: number, event: FleetEvent['event'], over: Partial<FleetEvent> = {}): Fact => {
    const common = { uid: '1795386276.0', phone: '375290000001', callType: 0 as const, trunk: '0001363' };
    const fleet = fleetEvent({ event, ...common, ...over });
    return { ...system(ms, { kind: 'fleet', fleet }), source: 'webhook', enterprise: '0367' };
  };
  const stamp = (ms: number) => new Date(T0 + ms + 3 * HOUR).toISOString().slice(0, 19).replace('T', ' ');
  /** As the dialplan of a host posts it whose clock shows `clock` more than ours. */
  const hangup = (ms: number, begun: number, clock = 0) => {
    const times = { startTime: stamp(begun + clock), dateReceived: stamp(begun + clock), endTime: stamp(ms + clock) };
    return post(ms + 1_000, 'hangup', { callStatus: '2', extensions: ['150'], ...times });
  };
  const talk = (ms: number): Fact[] => [
    post(ms, 'start'),
    post(ms + 1_000, 'dial', { extensions: ['150'] }),
    post(ms + 5_000, 'bridge', { uid: '1795386276.1', bridge: 'b', channel: 'SIP/150-00000001' }),
    post(ms + 5_100, 'bridge', { bridge: 'b', channel: 'SIP/0001363-00000000' }),
  ];
  const posted = (ms: number) => [...talk(ms), hangup(ms + 65_000, ms)];
  const again = (fact: Fact, ms: number): Fact => ({ ...fact, at: T0 + ms, arrivedAt: T0 + ms });

  it.each([3 * HOUR, 24 * HOUR])('a call %i ms later with the same id is one of its own', (later) => {
    const run = newRun().feed([...posted(0), ...posted(later)]);
    expect(externalIds(run)).toEqual(BOTH);
    expect(run.records.map((call) => call.talkMs)).toEqual([60_900, 60_900]);
  });

  it('and the first one’s hang-up that is posted again after it began does not end it', () => {
    const first = hangup(65_000, 0);
    const run = newRun().feed([...posted(0), ...talk(3 * HOUR), again(first, 3 * HOUR + 9_000)]);
    expect(run.records).toHaveLength(1);
    run.reload();
    run.feed([again(first, 3 * HOUR + 30_000), hangup(3 * HOUR + 65_000, 3 * HOUR)]);
    expect(run.records.map((call) => call.talkMs)).toEqual([60_900, 60_900]);
  });

  it('on a host whose clock was set back to that of the first call, too', () => {
    const back = -3 * HOUR;
    const second = [...talk(3 * HOUR), hangup(3 * HOUR + 95_000, 3 * HOUR, back)];
    const run = newRun().feed([...posted(0), ...second]);
    expect(externalIds(run)).toEqual(BOTH);
    expect(run.records.map((call) => call.talkMs)).toEqual([60_900, 90_900]);
  });

  it('no post that comes late, or again, makes a second call of the first', () => {
    const all = posted(0);
    for (const [index, fact] of all.entries()) {
      const run = newRun()
        .feed([...all, again(fact, 8 * MINUTE)])
        .passTime(T0 + 8 * HOUR);
      expect(run.records, `post ${index} again`).toHaveLength(1);
      expect(run.tracker.liveCalls()).toEqual([]);
    }
    const run = newRun().feed([...all, again(hangup(65_000, 0), 9 * HOUR)]);
    expect(run.records).toHaveLength(1);
  });

  it('a call that only a hang-up tells of is one of its own', () => {
    const phone = { phone: '150', callType: 2 as const, trunk: null, extensions: ['151'], callStatus: '0' };
    const only = (ms: number) =>
      post(ms, 'hangup', { ...phone, dateReceived: stamp(ms - 9_000), endTime: stamp(ms - 1_000) });
    const run = newRun().feed([only(0), only(HOUR), again(only(HOUR), 3 * HOUR)]);
    expect(externalIds(run)).toEqual(BOTH);
  });

  it('a hang-up that comes a day after its call was taken for over is that call’s', () => {
    const run = newRun()
      .feed(talk(0))
      .passTime(T0 + 5 * HOUR);
    expect(run.records).toMatchObject([{ result: 'answered', approximate: true }]);
    run.feed([hangup(30 * HOUR, 0)]);
    run.feed([post(31 * HOUR, 'new_callerid', { channel: 'SIP/0001363-00000000' })]);
    expect(run.records).toHaveLength(1);
    expect(run.tracker.liveCalls()).toEqual([]);
    // Posts of its other channels count as the first one's, so its hang-up knows more and is waited on.
    run.feed(posted(32 * HOUR)).passTime(T0 + 33 * HOUR);
    expect(externalIds(run)).toEqual(BOTH);
  });

  it('a hang-up that is posted hours after AMI told it opens nothing', () => {
    const run = newRun().feed([linkUp(0, false), snapshot(0), ...whole(0)]);
    run.feed([again(hangup(10_000, 0), 6 * HOUR)]);
    expect(run.records).toHaveLength(1);
    expect(run.tracker.liveCalls()).toEqual([]);
  });

  it('each event of both calls is told once, under the id of its own', () => {
    const kinds = ['started', 'ringing', 'answered', 'finished'];
    const run = newRun().feed([...posted(0), ...posted(HOUR)]);
    const told = run.events.map(({ kind, call }) => `${kind} ${toldId(call)}`);
    expect(told).toEqual(BOTH.flatMap((id) => kinds.map((kind) => `call.${kind} ${id}`)));
  });
});
