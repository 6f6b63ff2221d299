import { describe, expect, it } from 'vitest';
import type { Fact, FleetEvent } from '../../src/calls/facts.js';
import { T0, ami, answered, channel, hungUp, live, system, trunk } from './ami-facts.js';
import { fleetEvent } from '../../src/calls/facts.js';
import { Run } from './run-tracker.js';

const HOUR = 3_600_000;
const END = 30 * HOUR;
const SNAPSHOT_MS = 10;

const uid = (number: number) => `1795386276.${number}`;
const caller = (ms: number) =>
  live({ ...trunk(0), state: 'up' }, { bridge: 'bridge-0', application: 'Dial', seconds: ms / 1_000 });
const phone = (ms: number) =>
  live(channel('150', 1, 0), { bridge: 'bridge-0', application: 'AppDial', seconds: ms / 1_000 });
const linked = (ms: number): Fact[] => [
  system(ms, { kind: 'link.up', lostAt: null, restarted: false }),
  { ...system(ms + SNAPSHOT_MS, { kind: 'snapshot', channels: ms > 0 ? [caller(ms), phone(ms)] : [] }), source: 'ami' },
];

/** A daemon that is linked or not, and a PBX that answers what it is asked about, or says nothing. */
class LongCall {
  readonly run = new Run({ confirmHangups: true }).feed([...linked(-1_000), ...answered(0, 0)]);
  #answers: boolean;
  asked = 0;
  #now = 1_000;

  constructor(answers = true) {
    this.#answers = answers;
  }

  /** Time passes, timer by timer. */
  until(ms: number): this {
    for (let at = this.run.tracker.wakeAt(); at !== null && at < T0 + ms; at = this.run.tracker.wakeAt()) {
      const folded = this.run.fold({ kind: 'timer', source: 'system', at, arrivedAt: at, stamped: false });
      const wanted = folded.effects.flatMap((effect) => (effect.kind === 'confirm-gone' ? effect.uids : []));
      this.asked += Math.sign(wanted.length);
      if (this.#answers) this.#answer(at - T0 + 5, wanted);
    }
    this.#now = ms;
    return this;
  }

  #answer(ms: number, wanted: readonly string[]): void {
    for (const channel of [caller(ms), phone(ms)].filter((one) => wanted.includes(one.uid)))
      this.run.fold(ami(ms, { kind: 'channel.seen', channel, asked: true }));
  }

  lose(): this {
    this.#answers = false;
    this.run.feed([system(this.#now, { kind: 'link.lost' })]);
    return this;
  }

  back(): this {
    this.#answers = true;
    this.run.feed(linked(this.#now));
    return this;
  }

  reload(): this {
    this.run.reload();
    return this;
  }

  /** The daemon is dead for so long: no timer of ours runs. Then it says since when it has heard nothing. */
  dead(ms: number): this {
    this.run.reload();
    const { at } = system(this.#now, { kind: 'link.lost' });
    this.#now += ms;
    this.run.fold({ ...system(this.#now, { kind: 'link.lost' }), at });
    return this;
  }

  end(): this {
    this.until(END);
    expect(this.run.records).toEqual([]);
    this.run.feed([
      ...hungUp(END, 0),
      ami(END + 5, { kind: 'channel.confirmed-gone', uid: uid(0) }),
      ami(END + 5, { kind: 'channel.confirmed-gone', uid: uid(1) }),
    ]);
    this.run.passTime(T0 + END + 100 * HOUR);
    return this;
  }
}

const KINDS = ['call.started', 'call.ringing', 'call.answered', 'call.finished'];

function expectRight({ run }: LongCall): void {
  expect(run.events.map((event) => event.kind)).toEqual(KINDS);
  expect(run.records).toMatchObject([
    { result: 'answered', talkMs: END - 500, spanMs: END - 500, endedAt: T0 + END, approximate: false },
  ]);
  expect(run.tracker.liveCalls()).toEqual([]);
  expect(run.tracker.wakeAt()).toBeNull();
}

describe('a call that talks for thirty hours and of which AMI tells nothing meanwhile', () => {
  it('is asked about every hour, goes on as long as the PBX has it, and ends by its hang-up', () => {
    const call = new LongCall().end();
    expect(call.asked).toBeGreaterThanOrEqual(29);
    expectRight(call);
  });

  it('goes on where the PBX answers nothing', () => {
    const call = new LongCall(false).end();
    expect(call.asked).toBeGreaterThanOrEqual(29);
    expectRight(call);
  });

  it('is the same call through a restart of the tracker every hour', () => {
    const call = new LongCall();
    for (let hour = 1; hour < 30; hour += 1) call.until(hour * HOUR).reload();
    expectRight(call.end());
  });

  it('is the same call when the link is lost for two hours, and the PBX shows it when it is back', () => {
    for (const hour of [1, 10, 27]) {
      const call = new LongCall().until(hour * HOUR).lose();
      expectRight(
        call
          .until((hour + 2) * HOUR)
          .back()
          .end(),
      );
    }
  });

  it('is the same call when the daemon is away for two hours', () => {
    for (const hour of [1, 10, 27]) {
      const call = new LongCall().until(hour * HOUR).dead(2 * HOUR);
      expectRight(call.back().end());
    }
  });

  it('ends once, when the link was lost, if that was the last to be heard of it', () => {
    const call = new LongCall().until(20 * HOUR).lose();
    call.until(40 * HOUR);
    expect(call.run.records).toEqual([]);
    call.run.feed([
      system(40 * HOUR, { kind: 'link.up', lostAt: null, restarted: false }),
      system(40 * HOUR, { kind: 'snapshot', channels: [] }),
    ]);
    expect(call.run.records).toMatchObject([{ talkMs: 20 * HOUR - 500, approximate: true }]);
  });
});

describe('a call of thirty hours that is only posted', () => {
  const post = (ms: number, event: FleetEvent['event'], over: Partial<FleetEvent> = {}): Fact => {
    const common = { uid: uid(0), phone: '375290000001', callType: 0 as const, trunk: '0001363' };
    const fleet = fleetEvent({ event, ...common, ...over });
    return { ...system(ms, { kind: 'fleet', fleet }), source: 'webhook', enterprise: '0367' };
  };
  const begins = (bridge = 'b', ms = 0): Fact[] => [
    post(ms + 5_000, 'bridge', { uid: uid(1), bridge, channel: 'SIP/150-00000001' }),
    post(ms + 5_000, 'bridge', { bridge, channel: 'SIP/0001363-00000000' }),
  ];
  const talks = [post(0, 'start'), post(1_000, 'dial', { extensions: ['150'] }), ...begins()];
  const ends = [
    post(END, 'bridge_leave', { bridge: 'b', channel: 'SIP/0001363-00000000', bridgeNumChannels: 0 }),
    post(END + 100, 'hangup', { callStatus: '2', extensions: ['150'] }),
  ];

  it('ends by the limit without a post, four hours, with what was posted by then; its hang-up makes no second one', () => {
    const run = new Run().feed(talks).passTime(T0 + 4 * HOUR);
    expect(run.tracker.liveCalls()).toHaveLength(1);
    run.passTime(T0 + 5 * HOUR);
    expect(run.records).toMatchObject([{ result: 'answered', talkMs: 0, finalAgent: '150', approximate: true }]);
    run.feed(ends).passTime(T0 + 100 * HOUR);
    expect(run.records).toHaveLength(1);
    expect(run.tracker.liveCalls()).toEqual([]);
  });

  it('is right where the operator sets the limit higher, and where something is posted in time', () => {
    const patient = new Run({ webhookTalkMs: 48 * HOUR }).feed([...talks, ...ends]);
    expect(patient.records).toMatchObject([{ result: 'answered', talkMs: END - 5_000, approximate: false }]);
    const held: Fact[] = [];
    for (let hour = 3; hour < 30; hour += 3) {
      const bridge = hour === 3 ? 'b' : `b${hour - 3}`;
      held.push(
        post(hour * HOUR, 'bridge_leave', { uid: uid(1), bridge, channel: 'SIP/150-00000001', bridgeNumChannels: 1 }),
        post(hour * HOUR, 'bridge_leave', { bridge, channel: 'SIP/0001363-00000000', bridgeNumChannels: 0 }),
        ...begins(`b${hour}`, hour * HOUR),
      );
    }
    const last = ends.map((fact) => JSON.parse(JSON.stringify(fact).replace('"b"', '"b27"')) as Fact);
    const run = new Run().feed([...talks, ...held, ...last]);
    expect(run.records).toMatchObject([{ result: 'answered', talkMs: END - 10 * 5_000, approximate: false }]);
  });
});
