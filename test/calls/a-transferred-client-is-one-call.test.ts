import { describe, expect, it } from 'vitest';
import type { ChannelInfo, Fact } from '../../src/calls/facts.js';
import { ami, answered, channel, ringing, trunk } from './ami-facts.js';
import { Run } from './run-tracker.js';

const basic = { bridgeType: 'basic', technology: 'simple_bridge' };
const enter = (ms: number, bridge: string, who: ChannelInfo): Fact =>
  ami(ms, { kind: 'bridge.enter', bridge, ...basic, channel: who });
const leave = (ms: number, bridge: string, who: ChannelInfo): Fact =>
  ami(ms, { kind: 'bridge.leave', bridge, channel: who });
const gone = (ms: number, ...who: ChannelInfo[]): Fact[] =>
  who.map((one) => ami(ms, { kind: 'channel.gone', channel: one, cause: 16 }));

const client = { ...trunk(0), state: 'up' };
const agent = channel('150', 1, 0);

describe('an attended transfer by the phone (REFER with Replaces)', () => {
  // The consultation is a call of its own until both are found to be one.
  const second = channel('150', 10, 10, { exten: '151' });
  const target = channel('151', 11, 10);
  const consultation: Fact[] = [
    ami(3_000, { kind: 'channel.hold', channel: agent, on: true }),
    ami(3_100, { kind: 'channel.new', channel: { ...second, state: 'ring' } }),
    ami(3_110, { kind: 'dial.begin', channel: second, dest: { ...target, state: 'down' }, dialString: '151' }),
    ami(3_120, { kind: 'channel.state', channel: { ...target, state: 'ringing' } }),
    enter(4_000, 'consult', target),
    enter(4_000, 'consult', second),
  ];
  const completed: Fact[] = [
    ami(6_000, {
      kind: 'transfer.attended',
      transferer: agent,
      secondTransferer: second,
      transferee: client,
      target,
      ok: true,
    }),
    leave(6_000, 'bridge-0', agent),
    leave(6_000, 'consult', target),
    enter(6_010, 'bridge-0', target),
    leave(6_010, 'consult', second),
    ...gone(6_020, agent, second),
  ];

  it('is one call of the client, whose last agent is the target', () => {
    const run = new Run().feed([...answered(0, 0), ...consultation, ...completed, ...gone(10_010, client, target)]);
    const ours = run.records.filter((call) => call.direction === 'in');
    expect(ours).toMatchObject([
      {
        agents: ['150', '151'],
        finalAgent: '151',
        answeredBy: '150',
        hold: false,
        talkMs: 9_500,
        transfers: [{ kind: 'attended', from: '150', to: '151', answered: true }],
      },
    ]);
    expect(run.records).toHaveLength(1);
    expect(run.folds.flatMap((folded) => folded.merged)).toHaveLength(1);
    expect(run.tracker.liveCalls()).toEqual([]);
  });

  it('given up leaves two calls: the client’s goes on, the internal one ends', () => {
    const run = new Run().feed([
      ...answered(0, 0),
      ...consultation,
      leave(5_000, 'consult', second),
      leave(5_000, 'consult', target),
      ...gone(5_000, second, target),
      ami(5_500, { kind: 'channel.hold', channel: agent, on: false }),
      ...gone(9_000, agent, client),
    ]);
    expect(run.records).toMatchObject([
      { direction: 'internal', caller: '150', agents: ['151'] },
      { direction: 'in', agents: ['150'], hold: true, transfers: [] },
    ]);
  });
});

describe('a consultation by feature code', () => {
  const half1 = channel('Local/151@internal-00000007;1', 5, 0);
  const half2 = channel('Local/151@internal-00000007;2', 6, 0);
  const target = channel('151', 7, 0, { state: 'down' });
  const asked: Fact[] = [
    ami(3_000, { kind: 'local.pair', one: half1, two: half2 }),
    enter(3_000, 'c', half1),
    leave(3_010, 'bridge-0', agent),
    enter(3_010, 'c', agent),
    ami(3_020, { kind: 'dial.begin', channel: half2, dest: target, dialString: '151' }),
    ami(3_030, { kind: 'channel.state', channel: { ...target, state: 'ringing' } }),
  ];

  it('that is refused comes to nothing, opens no card and ends no call', () => {
    const run = new Run().feed([
      ...answered(0, 0),
      ...asked,
      ami(5_000, { kind: 'dial.end', channel: half2, dest: target, status: 'BUSY' }),
      ...gone(5_000, target, half2, half1),
      leave(5_010, 'c', agent),
      enter(5_010, 'bridge-0', agent),
      ...gone(8_010, agent, client),
    ]);
    expect(run.records).toMatchObject([
      {
        result: 'answered',
        agents: ['150'],
        finalAgent: '150',
        talkMs: 5_510,
        spanMs: 7_510,
        transfers: [{ from: '150', to: '151', answered: false }],
      },
    ]);
    expect(run.events.map((event) => event.kind)).toEqual([
      'call.started',
      'call.ringing',
      'call.answered',
      'call.finished',
    ]);
  });
});

describe('a blind transfer', () => {
  const sent: Fact[] = [
    ...answered(0, 0),
    ami(3_000, {
      kind: 'transfer.blind',
      transferer: agent,
      transferee: client,
      exten: '151',
      context: 'internal',
      ok: true,
    }),
    leave(3_000, 'bridge-0', agent),
    leave(3_000, 'bridge-0', client),
    ...gone(3_000, agent),
    ami(3_010, {
      kind: 'dial.begin',
      channel: client,
      dest: channel('151', 7, 0, { state: 'down' }),
      dialString: '151',
    }),
    ami(3_020, { kind: 'channel.state', channel: channel('151', 7, 0, { state: 'ringing' }) }),
  ];

  it('nobody answers is an answered call with a failed transfer', () => {
    const run = new Run().feed([
      ...sent,
      ami(20_000, { kind: 'dial.end', channel: client, dest: channel('151', 7, 0), status: 'NOANSWER' }),
      ...gone(20_000, channel('151', 7, 0), client),
    ]);
    expect(run.records).toMatchObject([
      {
        result: 'answered',
        agents: ['150'],
        finalAgent: '150',
        talkMs: 2_500,
        spanMs: 2_500,
        transfers: [{ kind: 'blind', from: '150', to: '151', answered: false }],
      },
    ]);
  });

  it('tells the transfer and then the ring of the new phone', () => {
    const run = new Run().feed(sent);
    expect(run.events.slice(3)).toMatchObject([
      { kind: 'call.transferred', transfer: { kind: 'blind', from: '150', to: '151', answered: null } },
      { kind: 'call.ringing', extensions: ['151'] },
    ]);
  });
});

describe('two clients', () => {
  it('brought into one bridge stay two calls', () => {
    const other = channel('trunk', 20, 20, {
      state: 'up',
      context: 'from-trunk',
      exten: '0001361',
      callerNum: '375290000002',
    });
    const run = new Run().feed([
      ...answered(0, 0),
      ami(1_000, { kind: 'channel.new', channel: { ...other, state: 'ring' } }),
      enter(2_000, 'bridge-0', other),
      ...gone(4_000, other),
      ...gone(5_000, agent, client),
    ]);
    expect(run.records.map((call) => call.external).sort()).toEqual(['+375290000001', '+375290000002']);
    expect(run.folds.flatMap((folded) => folded.merged)).toEqual([]);
  });
});

describe('a client who gives up', () => {
  it('while it rings has abandoned; while a second phone is tried too; after nobody answered he was missed', () => {
    const phone = channel('150', 1, 0);
    const waits = ringing(0, 0);
    const nobody = ami(3_000, { kind: 'dial.end', channel: trunk(0), dest: phone, status: 'NOANSWER' });
    const next = channel('151', 2, 0, { state: 'down' });
    const again = [
      ...gone(3_000, phone),
      ami(3_010, { kind: 'dial.begin', channel: trunk(0), dest: next, dialString: '151' }),
      ami(3_020, { kind: 'channel.state', channel: { ...next, state: 'ringing' } }),
    ];
    const result = (...facts: Fact[]) => new Run().feed(facts).records.map((call) => call.result);
    expect(result(...waits, ...gone(2_000, trunk(0), phone))).toEqual(['abandoned']);
    expect(result(...waits, nobody, ...again, ...gone(5_000, trunk(0), next))).toEqual(['abandoned']);
    expect(result(...waits, nobody, ...gone(3_000, phone, trunk(0)))).toEqual(['missed']);
    expect(result(ami(0, { kind: 'channel.new', channel: trunk(0) }), ...gone(2_000, trunk(0)))).toEqual(['abandoned']);
  });

  it('before an AMI user without Newchannel saw anything is known by his hang-up', () => {
    const run = new Run().feed(gone(7_500, trunk(0)));
    expect(run.records).toMatchObject([
      { result: 'abandoned', waitMs: 7_500, external: '+375290000001', line: '0001360' },
    ]);
  });
});
