/** Callers without a number, lines, extensions and staff mobiles, over AMI and over webhooks: the same answer. */
import { describe, expect, it } from 'vitest';
import type { Fact, FleetEvent } from '../../src/calls/facts.js';
import { T0, ami, answered, channel, hungUp, trunk } from './ami-facts.js';
import { fleetEvent } from '../../src/calls/facts.js';
import { PROFILE, Run } from './run-tracker.js';

const UID = '1795386276.0';
const LINE = '0001363';

function post(ms: number, fleet: Pick<FleetEvent, 'event'> & Partial<FleetEvent>): Fact {
  const at = T0 + ms;
  const whole = fleetEvent({ uid: UID, ...fleet });
  return { kind: 'fleet', source: 'webhook', enterprise: '0367', at, arrivedAt: at, stamped: false, fleet: whole };
}

/** An answered call from `shown` as AMI tells it. */
function overAmi(shown: string | null): Run {
  const info = { callerNum: shown, exten: LINE };
  const facts = [...answered(0, 0, '151'), ...hungUp(60_000, 0, '151')].map((fact) => {
    if (!('channel' in fact) || typeof fact.channel !== 'object' || fact.channel?.uid !== UID) return fact;
    return { ...fact, channel: { ...fact.channel, ...info } } as Fact;
  });
  return new Run().feed(facts);
}

/** The same call as the fleet posts it. */
function overWebhooks(shown: string | null): Run {
  const incoming = { phone: shown, callType: 0, trunk: LINE } as const;
  const client = { channel: `SIP/${LINE}-00000001`, exten: LINE, callerNum: shown, bridge: 'b' };
  const phone = {
    uid: '1795386276.1',
    channel: 'SIP/151-00000002',
    callerNum: '151',
    connectedNum: shown,
    bridge: 'b',
  };
  const run = new Run().feed([
    post(0, { event: 'start', ...incoming }),
    post(10, { event: 'dial', ...incoming, extensions: ['151'] }),
    post(500, { event: 'bridge', ...client }),
    post(510, { event: 'bridge', ...phone }),
    post(60_000, { event: 'bridge_leave', ...phone }),
    post(60_010, { event: 'bridge_leave', ...client }),
    post(60_020, { event: 'hangup', ...incoming, extensions: ['151'], callStatus: '2' }),
  ]);
  return run.passTime(T0 + 3_600_000);
}

describe.each([
  ['AMI', overAmi],
  ['webhooks', overWebhooks],
])('over %s', (_source, call) => {
  it.each([null, 'Anonymous', 'unknown', 'asterisk', 'Restricted', '+', LINE, `+${LINE}`, '152', '+152'])(
    'a caller who shows %j is a client without a number',
    (shown) => {
      const run = call(shown);
      expect(run.records).toMatchObject([
        { direction: 'in', external: null, line: LINE, result: 'answered', finalAgent: '151', rang: ['151'] },
      ]);
      expect(run.events.every((event) => event.call.external === null)).toBe(true);
      expect(run.tracker.liveCalls()).toEqual([]);
    },
  );

  it.each(['+375290000009', '80290000009', '290000009'])('a colleague who calls in from %s is internal', (shown) => {
    const run = call(shown);
    expect(run.records).toMatchObject([
      { direction: 'internal', caller: '+375290000009', external: null, result: 'answered', finalAgent: '151' },
    ]);
    expect(run.events.every((event) => event.call.direction === 'internal')).toBe(true);
  });

  it.each([
    ['8 029 000 00 01', '+375290000001'],
    ['10010', '10010'],
    ['2900000', '2900000'],
  ])('a client who shows %j is told as %s', (shown, external) => {
    expect(call(shown).records).toMatchObject([{ direction: 'in', external, result: 'answered' }]);
  });
});

describe('a call to a staff mobile is internal', () => {
  it('over webhooks as over AMI', () => {
    const posts = new Run().feed([
      post(0, { event: 'dial', phone: '80290000009', callType: 1, trunk: LINE, extensions: ['151'] }),
      post(10_000, {
        event: 'hangup',
        phone: '80290000009',
        callType: 1,
        trunk: LINE,
        extensions: [],
        callStatus: '0',
      }),
    ]);
    posts.passTime(T0 + 3_600_000);
    const caller = channel('151', 0, 0, { exten: '80290000009', state: 'ring' });
    const dest = channel(`SIP/${LINE}-00000002`, 1, 0, { state: 'down' });
    const events = new Run().feed([
      ami(0, { kind: 'channel.new', channel: caller }),
      ami(5, { kind: 'dial.begin', channel: caller, dest, dialString: `${LINE}/80290000009` }),
      ami(900, { kind: 'channel.state', channel: { ...dest, state: 'ringing' } }),
      ami(10_000, { kind: 'dial.end', channel: caller, dest, status: 'NOANSWER' }),
      ami(10_000, { kind: 'channel.gone', channel: dest, cause: 19 }),
      ami(10_000, { kind: 'channel.gone', channel: caller, cause: 19 }),
    ]);
    const wanted = [
      { direction: 'internal', caller: '151', external: null, rang: ['+375290000009'], result: 'missed', agents: [] },
    ];
    expect(posts.records).toMatchObject(wanted);
    expect(events.records).toMatchObject(wanted);
  });
});

describe('a call the PBX places to a staff mobile first', () => {
  const mobile = channel(`SIP/${LINE}-00000001`, 0, 0, { state: 'ringing', callerNum: '80290000009', exten: 's' });
  const answeredMobile = { ...mobile, state: 'up' };
  const placed = ami(0, { kind: 'channel.state', channel: mobile });
  const joined = (dest: ReturnType<typeof channel>, dialString: string) => [
    placed,
    ami(3_000, { kind: 'channel.state', channel: answeredMobile }),
    ami(3_010, { kind: 'dial.begin', channel: answeredMobile, dest: { ...dest, state: 'down' }, dialString }),
    ami(5_000, { kind: 'dial.end', channel: answeredMobile, dest, status: 'ANSWER' }),
    ...[dest, answeredMobile].map((who) =>
      ami(5_000, { kind: 'bridge.enter', bridge: 'b', bridgeType: 'basic', technology: 'simple_bridge', channel: who }),
    ),
    ...[dest, answeredMobile].map((who) => ami(25_000, { kind: 'channel.gone', channel: who, cause: 16 })),
  ];

  it('and then to a client is the colleague’s outgoing call', () => {
    const run = new Run().feed(joined(channel(`SIP/${LINE}-00000002`, 1, 0), `${LINE}/80290000001`));
    expect(run.records).toMatchObject([
      {
        direction: 'out',
        caller: '+375290000009',
        external: '+375290000001',
        agents: ['+375290000009'],
        talkMs: 20_000,
      },
    ]);
  });

  it('and then to a phone is internal', () => {
    const run = new Run().feed(joined(channel('151', 1, 0), '151'));
    expect(run.records).toMatchObject([
      { direction: 'internal', caller: '+375290000009', external: null, agents: ['151'], talkMs: 20_000 },
    ]);
  });
});

it('what went out over a trunk is no extension, whatever its number', () => {
  const posts = new Run().feed([
    post(0, { event: 'dial', phone: '103', callType: 1, trunk: LINE, extensions: ['151'] }),
    post(9_000, { event: 'hangup', phone: '103', callType: 1, trunk: LINE, extensions: ['151'], callStatus: '0' }),
  ]);
  expect(posts.passTime(T0 + 3_600_000).records).toMatchObject([{ direction: 'out', external: '103', caller: '151' }]);
});

it('a number is read by the rule of the line it came in on, else by the country', () => {
  const profile = { ...PROFILE, lineTransforms: { [LINE]: '+380{9}' } };
  const shown = (line: string) => [
    ami(0, { kind: 'channel.new', channel: trunk(0, { callerNum: '0440000001', exten: line }) }),
  ];
  const read = (line: string) => new Run({ enterprises: [profile] }).feed(shown(line)).events[0]?.call.external;
  expect([read(LINE), read('0001366')]).toEqual(['+380440000001', '+375440000001']);
});

it('a number that comes with a later fact is taken, and of two the first', () => {
  const unknown = trunk(0, { callerNum: 'anonymous' });
  const run = new Run().feed([
    ami(0, { kind: 'channel.new', channel: unknown }),
    ami(10, { kind: 'channel.seen', channel: { ...unknown, callerNum: '80290000001' } }),
    ami(20, { kind: 'channel.seen', channel: { ...unknown, callerNum: '80290000002' } }),
    ami(900, { kind: 'channel.gone', channel: unknown, cause: 16 }),
  ]);
  expect(run.records).toMatchObject([{ external: '+375290000001' }]);
});
