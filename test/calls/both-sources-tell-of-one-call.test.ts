import { describe, expect, it } from 'vitest';
import type { ChannelInfo, Fact, FleetEvent } from '../../src/calls/facts.js';
import { VERSIONS, captureFacts, captureNames } from './captures.js';
import { T0, ami, answered, channel, hungUp, trunk } from './ami-facts.js';
import { fleetEvent } from '../../src/calls/facts.js';
import { Run } from './run-tracker.js';

function post(arrivedAt: number, fleet: Partial<FleetEvent> & Pick<FleetEvent, 'event'>): Fact {
  return {
    kind: 'fleet',
    source: 'webhook',
    enterprise: '0367',
    at: arrivedAt,
    arrivedAt,
    stamped: false,
    fleet: fleetEvent(fleet),
  };
}

function channelOf(fact: Fact): ChannelInfo | null {
  return 'channel' in fact && typeof fact.channel === 'object' ? fact.channel : null;
}

/** What a host's poster makes of the AMI facts of a call, each as long after it as `lag` says. */
function postsOf(facts: readonly Fact[], lag: (index: number) => number): Fact[] {
  const posts: Fact[] = [];
  const say = (fact: Fact, fleet: Partial<FleetEvent> & Pick<FleetEvent, 'event'>) =>
    posts.push(post(fact.arrivedAt + lag(posts.length), fleet));
  const main = facts.find((fact) => channelOf(fact)?.uid === channelOf(fact)?.linkedid && channelOf(fact) !== null);
  const first = main ? channelOf(main) : null;
  if (!main || !first) return [];
  const inbound = first.context === 'from-trunk';
  const number = inbound ? first.callerNum : first.exten;
  if (inbound) say(main, { event: 'start', uid: first.uid, phone: number, callType: 0, trunk: first.exten });
  const dialled = facts.flatMap((fact) =>
    fact.kind === 'dial.begin' && fact.channel?.uid === first.uid ? [fact] : [],
  );
  const codes = dialled
    .map((fact) => (fact.dest.name.startsWith('Local/') ? fact.dest.name : (fact.dest.callerNum ?? '')))
    .map((name) => name.replace(/^Local\/|@.*$/g, ''));
  if (dialled[0])
    say(dialled[0], {
      event: 'dial',
      uid: first.uid,
      phone: number,
      callType: inbound ? 0 : 1,
      extensions: inbound ? codes : ['150'],
      trunk: '0001360',
    });
  for (const fact of facts) {
    const info = channelOf(fact);
    if (!info) continue;
    const who = { uid: info.uid, channel: info.name, callerNum: info.callerNum, connectedNum: info.connectedNum };
    if (fact.kind === 'bridge.enter') say(fact, { event: 'bridge', bridge: fact.bridge, exten: info.exten, ...who });
    if (fact.kind === 'bridge.leave') say(fact, { event: 'bridge_leave', bridge: fact.bridge, ...who });
    if (fact.kind === 'channel.gone' && info.uid === first.uid)
      say(fact, {
        event: 'hangup',
        uid: info.uid,
        phone: number,
        callType: inbound ? 0 : 1,
        trunk: '0001360',
        extensions: [''],
        callStatus: '2',
      });
  }
  return posts;
}

const outside = VERSIONS.flatMap((version) =>
  captureNames(version)
    .filter((name) => !name.startsWith('internal'))
    .map((name): [string, string] => [version, name]),
);

/** Facts in the order of arrival; a post comes after the AMI fact of the same moment. */
const byArrival = (facts: Fact[]) =>
  facts.sort(
    (one, other) => one.arrivedAt - other.arrivedAt || Number(one.kind === 'fleet') - Number(other.kind === 'fleet'),
  );

describe.each(outside)('%s %s over AMI and as posts', (version, name) => {
  const facts = captureFacts(version, name, 'the safe user');
  const alone = new Run().feed(facts);

  it.each([
    ['in time', () => 1],
    ['with the usual lag', (index: number) => 1_000 + (index % 4) * 700],
    ['long after the end', () => 30_000],
  ])('%s is one call, told once, with AMI’s times', (_when, lag) => {
    const run = new Run().feed(byArrival([...facts, ...postsOf(facts, lag)]));
    run.passTime((facts.at(-1)?.arrivedAt ?? 0) + 30 * 3_600_000);
    const told = (events: Run['events']) => events.map(({ kind, at, seq }) => ({ kind, at, seq }));
    expect(told(run.events)).toEqual(told(alone.events));
    const record = (call: Run['records'][number] | undefined) => call && { ...call, line: null };
    expect(run.records.map(record)).toEqual(alone.records.map(record));
    expect(run.tracker.liveCalls()).toEqual([]);
  });
});

describe('a post', () => {
  it('that comes before AMI shows the call opens it, and AMI goes on with it', () => {
    const uid = '1795386276.0';
    const facts = answered(0, 0).filter((fact) => fact.kind !== 'channel.new');
    const run = new Run().feed([
      post(T0 - 20, { event: 'start', uid, phone: '375290000001', callType: 0, trunk: '0001360' }),
      post(T0 - 10, { event: 'dial', uid, phone: '375290000001', callType: 0, trunk: '0001360', extensions: ['150'] }),
      ...facts,
      ...hungUp(5_000, 0),
    ]);
    expect(run.events.map((event) => event.kind)).toEqual([
      'call.started',
      'call.ringing',
      'call.answered',
      'call.finished',
    ]);
    expect(run.records).toMatchObject([{ talkMs: 4_500, agents: ['150'] }]);
  });

  it('tells the number behind a gateway’s line id', () => {
    const over = { callerNum: '0001363', exten: '0001363' };
    const run = new Run().feed([ami(0, { kind: 'channel.new', channel: trunk(0, over) })]);
    expect(run.events[0]?.call).toMatchObject({ external: null, line: '0001363' });
    run.feed([
      post(T0 + 900, {
        event: 'dial',
        uid: '1795386276.0',
        phone: '375290000001',
        callType: 0,
        trunk: '0001363',
        extensions: ['150'],
      }),
    ]);
    run.feed([ami(2_000, { kind: 'channel.gone', channel: trunk(0, over), cause: 16 })]);
    expect(run.records).toMatchObject([{ external: '+375290000001', line: '0001363' }]);
  });

  it('of another enterprise’s token changes nothing', () => {
    const run = new Run().feed(answered(0, 0));
    const before = JSON.stringify(run.tracker.liveCalls());
    run.feed([
      { ...post(T0 + 600, { event: 'hangup', uid: '1795386276.0', callType: 0, callStatus: '0' }), enterprise: '9999' },
    ]);
    expect(JSON.stringify(run.tracker.liveCalls())).toBe(before);
  });
});

describe('a late fact about a finished call', () => {
  const over = () => new Run().feed([...answered(0, 0), ...hungUp(5_000, 0)]);

  it('never opens a call within ten minutes, by whatever source', () => {
    const run = over().feed([
      post(T0 + 13_000, {
        event: 'hangup',
        uid: '1795386276.0',
        phone: '375290000001',
        callType: 0,
        callStatus: '0',
        trunk: '1',
      }),
      post(T0 + 14_000, { event: 'start', uid: '1795386276.0', phone: '375290000001', callType: 0, trunk: '1' }),
      ami(15_000, { kind: 'channel.seen', channel: trunk(0) }),
      ami(595_000, { kind: 'channel.new', channel: channel('152', 9, 0) }),
    ]);
    expect(run.events.filter((event) => event.kind === 'call.started')).toHaveLength(1);
    expect(run.tracker.liveCalls()).toEqual([]);
  });

  it('opens one after that: the host’s ids started again', () => {
    const run = over().feed([ami(605_001, { kind: 'channel.new', channel: trunk(0) })]);
    expect(run.events.filter((event) => event.kind === 'call.started')).toHaveLength(2);
    expect(run.folds.at(-1)?.uids).toHaveLength(1);
  });
});
