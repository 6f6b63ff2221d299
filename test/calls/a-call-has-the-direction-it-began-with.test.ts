import { describe, expect, it } from 'vitest';
import type { Fact } from '../../src/calls/facts.js';
import { ami, channel, ringing, trunk } from './ami-facts.js';
import { PROFILE, Run } from './run-tracker.js';

const basic = { bridgeType: 'basic', technology: 'simple_bridge' };
const enter = (ms: number, bridge: string, who: ReturnType<typeof channel>): Fact =>
  ami(ms, { kind: 'bridge.enter', bridge, ...basic, channel: who });
const gone = (ms: number, ...who: ReturnType<typeof channel>[]): Fact[] =>
  who.map((one) => ami(ms, { kind: 'channel.gone', channel: one, cause: 16 }));

describe('an incoming call', () => {
  it.each([
    ['a named trunk', 'trunk'],
    ['a gateway line', 'SIP/0001363-0000000a'],
    ['a board', 'DAHDI/i1/290000001-3'],
  ])('begins on %s, whatever its caller id says', (_what, name) => {
    const caller = channel(name, 0, 0, { state: 'ring', callerNum: '150', context: 'from-trunk', exten: '0001360' });
    const run = new Run().feed([ami(0, { kind: 'channel.new', channel: caller })]);
    // Whoever shows the number of an extension is no client by it.
    expect(run.events[0]?.call).toMatchObject({ direction: 'in', line: '0001360', external: null });
  });

  it('of a short number that is no extension is told with it', () => {
    const run = new Run().feed(ringing(0, 0, '150', { callerNum: '10010' }));
    expect(run.events[0]?.call).toMatchObject({ direction: 'in', external: '10010' });
  });

  it('from a staff mobile is a colleague’s: internal, and he is who called', () => {
    const run = new Run().feed(ringing(0, 0, '151', { callerNum: '80290000009' }));
    expect(run.events).toMatchObject([
      { kind: 'call.started', call: { direction: 'internal', caller: '+375290000009', external: null } },
      { kind: 'call.ringing', extensions: ['151'] },
    ]);
  });

  it('whose number is told late, and is a staff mobile, stays without a client', () => {
    const over = { callerNum: '0001363', exten: '0001363' };
    const run = new Run().feed([
      ...ringing(0, 0, '151', over),
      ami(60, { kind: 'channel.seen', channel: trunk(0, { ...over, callerNum: '375290000009' }) }),
      ...gone(5_000, trunk(0, over), channel('151', 1, 0)),
    ]);
    expect(run.records).toMatchObject([{ direction: 'in', external: null, result: 'abandoned' }]);
  });

  it('of a short number dialled in an inbound context has that number as its line', () => {
    const run = new Run().feed(ringing(0, 0, '150', { exten: '151' }));
    expect(run.events[0]?.call).toMatchObject({ direction: 'in', line: '151' });
  });

  it.each([['anonymous'], [null], ['Unknown'], ['Restricted'], ['asterisk'], ['+'], ['<unknown>']])(
    'with the number withheld (%s) is told without one',
    (callerNum) => {
      const run = new Run().feed(ringing(0, 0, '150', { callerNum }));
      expect(run.events.map((event) => event.kind)).toEqual(['call.started', 'call.ringing']);
      expect(run.events[0]?.call.external).toBeNull();
    },
  );

  it('with an unreadable number is told with its text, cleaned', () => {
    const run = new Run().feed(ringing(0, 0, '150', { callerNum: `1\r\nEvent: Hangup${'x'.repeat(200)}` }));
    const external = run.events[0]?.call.external ?? '';
    expect(external).toHaveLength(80);
    expect(external.startsWith('1Event: Hangup')).toBe(true);
  });

  it('rings a staff mobile over a trunk as staff, and the mobile answers', () => {
    const caller = trunk(0);
    const one = channel('Local/375290000009@out-00000001;1', 1, 0);
    const two = channel('Local/375290000009@out-00000001;2', 2, 0);
    const mobile = channel('SIP/0001366-00000005', 3, 0, { state: 'down', context: 'from-out-office' });
    const run = new Run().feed([
      ami(0, { kind: 'channel.new', channel: caller }),
      ami(5, { kind: 'dial.begin', channel: caller, dest: one, dialString: '375290000009@out' }),
      ami(5, { kind: 'local.pair', one, two }),
      ami(10, { kind: 'dial.begin', channel: two, dest: mobile, dialString: '0001366/80290000009' }),
      ami(400, { kind: 'channel.state', channel: { ...mobile, state: 'ringing' } }),
      ami(900, { kind: 'dial.end', channel: two, dest: mobile, status: 'ANSWER' }),
      enter(900, 'a', mobile),
      enter(900, 'a', two),
      enter(910, 'b', one),
      enter(910, 'b', caller),
      ...gone(5_910, caller, one, two, mobile),
    ]);
    expect(run.records).toMatchObject([
      {
        direction: 'in',
        rang: ['+375290000009'],
        answeredBy: '+375290000009',
        talkMs: 5_000,
        external: '+375290000001',
      },
    ]);
  });
});

describe('an outgoing call', () => {
  it('that finds its line busy and takes another is one call on the last line', () => {
    const caller = channel('150', 0, 0, { exten: '80290000002' });
    const first = channel('SIP/0001363-00000001', 1, 0, { state: 'down' });
    const second = channel('SIP/0001366-00000002', 2, 0, { state: 'down' });
    const run = new Run().feed([
      ami(0, { kind: 'channel.new', channel: caller }),
      ami(10, { kind: 'dial.begin', channel: caller, dest: first, dialString: '0001363/80290000002' }),
      ami(20, { kind: 'dial.end', channel: caller, dest: first, status: 'CONGESTION' }),
      ...gone(20, first),
      ami(30, { kind: 'dial.begin', channel: caller, dest: second, dialString: '0001366/80290000002' }),
      ami(40, { kind: 'channel.state', channel: { ...second, state: 'ringing' } }),
      enter(2_040, 'b', second),
      enter(2_040, 'b', caller),
      ...gone(9_040, second, caller),
    ]);
    expect(run.records).toMatchObject([
      {
        direction: 'out',
        line: '0001366',
        external: '+375290000002',
        caller: '150',
        agents: ['150'],
        waitMs: 2_000,
        talkMs: 7_000,
      },
    ]);
    expect(run.events.map((event) => event.kind)).toEqual([
      'call.started',
      'call.ringing',
      'call.answered',
      'call.finished',
    ]);
  });

  it('that was never dialled (a forbidden direction, a feature code) is told to nobody', () => {
    const caller = channel('150', 0, 0, { exten: '81000000000000' });
    const run = new Run().feed([ami(0, { kind: 'channel.new', channel: caller }), ...gone(50, caller)]);
    expect(run.events).toEqual([]);
    expect(run.finished).toHaveLength(1);
  });

  it('begun by click-to-call over Local channels is the manager’s', () => {
    const a1 = channel('Local/150@web-originate-00000000;1', 0, 0);
    const a2 = channel('Local/150@web-originate-00000000;2', 1, 0);
    const phone = channel('SIP/150-00000000', 2, 0, { state: 'down' });
    const b1 = channel('Local/375290000002@inoffice-00000001;1', 3, 0);
    const b2 = channel('Local/375290000002@inoffice-00000001;2', 4, 0);
    const client = channel('SIP/0001363-00000001', 5, 0, { state: 'down' });
    const run = new Run().feed([
      ami(0, { kind: 'channel.new', channel: a1 }),
      ami(0, { kind: 'local.pair', one: a1, two: a2 }),
      ami(5, { kind: 'dial.begin', channel: a2, dest: phone, dialString: '150' }),
      ami(9, { kind: 'channel.state', channel: { ...phone, state: 'ringing' } }),
      enter(1_000, 'x', phone),
      enter(1_000, 'x', a2),
      ami(1_010, { kind: 'dial.begin', channel: a1, dest: b1, dialString: '375290000002@inoffice' }),
      ami(1_010, { kind: 'local.pair', one: b1, two: b2 }),
      ami(1_020, { kind: 'dial.begin', channel: b2, dest: client, dialString: '0001363/375290000002' }),
      ami(1_100, { kind: 'channel.state', channel: { ...client, state: 'ringing' } }),
      enter(4_000, 'y', client),
      enter(4_000, 'y', b2),
      enter(4_010, 'z', b1),
      enter(4_010, 'z', a1),
      ...gone(10_010, client, b2, b1, a1, a2, phone),
    ]);
    expect(run.records).toMatchObject([
      { direction: 'out', caller: '150', external: '+375290000002', agents: ['150'], talkMs: 6_000 },
    ]);
    expect(run.events.map((event) => event.kind)).toEqual([
      'call.started',
      'call.ringing',
      'call.answered',
      'call.finished',
    ]);
  });

  it('to a staff mobile is internal', () => {
    const caller = channel('151', 0, 0, { exten: '80290000009' });
    const dest = channel('trunk', 1, 0, { state: 'down' });
    const run = new Run().feed([
      ami(0, { kind: 'channel.new', channel: caller }),
      ami(5, { kind: 'dial.begin', channel: caller, dest, dialString: '80290000009@trunk' }),
    ]);
    expect(run.events[0]?.call).toMatchObject({ direction: 'internal', caller: '151', external: null });
  });
});

describe('on a PBX two enterprises share', () => {
  const two = (over: object = {}) => ({
    enterprises: [
      { ...PROFILE, number: '0001', selector: { contexts: ['from-trunk'], extensions: '^1\\d\\d$' } },
      {
        ...PROFILE,
        number: '0002',
        inboundContexts: ['from-trunk-2'],
        selector: { contexts: ['from-trunk-2'], lines: ['0001366'], extensions: '^2\\d\\d$' },
      },
    ],
    ...over,
  });

  it('a call belongs to the one whose context, line or extension it has', () => {
    const other = ringing(0, 0, '250', { context: 'from-trunk-2' });
    const byLine = new Run(two()).feed(ringing(0, 0, '250', { context: 'gateway', exten: '0001366' }));
    const internal = [
      ami(0, { kind: 'channel.new', channel: channel('250', 0, 0, { exten: '251' }) }),
      ami(5, {
        kind: 'dial.begin',
        channel: channel('250', 0, 0),
        dest: channel('251', 1, 0, { state: 'down' }),
        dialString: '251',
      }),
    ];
    expect(new Run(two()).feed(ringing(0, 0)).events[0]?.call.enterprise).toBe('0001');
    expect(new Run(two()).feed(other).events[0]?.call.enterprise).toBe('0002');
    expect(byLine.events[0]?.call.enterprise).toBe('0002');
    expect(new Run(two()).feed(internal).events[0]?.call.enterprise).toBe('0002');
  });

  it('a call that only its phone tells whose it is, is told from then on', () => {
    const byExtension = [
      { ...PROFILE, number: '0001', selector: { extensions: '^1\\d\\d$' } },
      { ...PROFILE, number: '0002', selector: { extensions: '^2\\d\\d$' } },
    ];
    const run = new Run({ enterprises: byExtension }).feed(ringing(0, 0));
    expect(run.events.map((event) => event.kind)).toEqual(['call.started', 'call.ringing']);
    expect(run.events[0]?.call).toMatchObject({ enterprise: '0001', external: '+375290000001' });
  });

  it('a call that came in on a line nobody named is not given away by the phone it rang', () => {
    const run = new Run(two()).feed(ringing(0, 0, '150', { context: 'gateway', exten: '0009999' }));
    expect(run.events).toEqual([]);
  });

  it('a call of nobody’s or of both is counted and told to nobody', () => {
    const run = new Run(two()).feed([
      ...ringing(0, 0, '350', { context: 'gateway' }),
      ...gone(900, channel('350', 1, 0), trunk(0)),
    ]);
    expect(run.events).toEqual([]);
    expect(run.finished).toMatchObject([{ enterprise: null, direction: 'in', external: '+375290000001' }]);
    expect(run.folds.flatMap((folded) => folded.effects)).toEqual([
      { kind: 'count', what: 'unclaimed-call' },
      { kind: 'count', what: 'unclaimed-call-over' },
    ]);
  });
});
