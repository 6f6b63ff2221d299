import { describe, expect, it } from 'vitest';
import type { ChannelInfo, Fact } from '../../src/calls/facts.js';
import { VERSIONS, captureFacts, captureNames } from './captures.js';
import { Run } from './run-tracker.js';
import { SCENARIOS, webhookFacts } from './webhook-files.js';

const DAY = 86_400_000;

/** A small generator with a seed, so a failure can be run again (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function shuffled<T>(list: readonly T[], rand: () => number): T[] {
  const copy = list.slice();
  for (let index = copy.length - 1; index > 0; index -= 1) {
    const other = Math.floor(rand() * (index + 1));
    [copy[index], copy[other]] = [copy[other] as T, copy[index] as T];
  }
  return copy;
}

/** Facts in a new order keep the times of their places: time never runs backwards for the tracker. */
function inOrderOfTime(facts: readonly Fact[], times: readonly Fact[]): Fact[] {
  return facts.map((fact, index) => ({ ...fact, at: times[index]?.at ?? 0, arrivedAt: times[index]?.arrivedAt ?? 0 }));
}

function gone(run: Run, facts: readonly Fact[]): void {
  const last = facts.at(-1);
  const at = (last?.at ?? 0) + DAY;
  const arrivedAt = (last?.arrivedAt ?? 0) + DAY;
  run.passTime(arrivedAt);
  run.fold({ kind: 'link.up', lostAt: null, restarted: false, source: 'system', at, arrivedAt, stamped: false });
  run.fold({ kind: 'snapshot', channels: [], source: 'system', at, arrivedAt, stamped: false });
  run.passTime(arrivedAt + DAY);
}

function onceEach(run: Run): void {
  const ids = run.events.filter((event) => event.kind === 'call.finished').map((event) => event.call.id);
  expect(new Set(ids).size).toBe(ids.length);
  const ends = run.finished.map((call) => call.id);
  expect(new Set(ends).size).toBe(ends.length);
  for (const kind of ['call.started', 'call.answered'] as const) {
    const told = run.events.filter((event) => event.kind === kind).map((event) => event.call.id);
    expect(new Set(told).size).toBe(told.length);
  }
  for (const call of new Set(run.events.map((event) => event.call.id))) {
    const seqs = run.events.filter((event) => event.call.id === call).map((event) => event.seq);
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
  }
  expect(run.tracker.liveCalls()).toEqual([]);
  expect(run.tracker.wakeAt()).toBeNull();
}

const captures = VERSIONS.flatMap((version) => captureNames(version).map((name): [string, string] => [version, name]));

describe.each(captures)('the facts of %s %s', (version, name) => {
  const facts = captureFacts(version, name, 'everything');

  it('cut anywhere end in one record at most', () => {
    for (let cut = 0; cut <= facts.length; cut += 1) {
      const run = new Run().feed(facts.slice(0, cut));
      gone(run, facts);
      onceEach(run);
      expect(run.records.length).toBeLessThanOrEqual(1);
    }
  });

  it('told twice each change nothing', () => {
    const once = new Run().feed(facts);
    const twice = new Run().feed(facts.flatMap((fact) => [fact, fact]));
    expect(twice.records.map((call) => ({ ...call, id: '' }))).toEqual(
      once.records.map((call) => ({ ...call, id: '' })),
    );
    onceEach(twice);
  });

  it('in any order throw nothing and leave nothing', () => {
    const rand = random(7);
    for (let round = 0; round < 8; round += 1) {
      const run = new Run().feed(inOrderOfTime(shuffled(facts, rand), facts));
      gone(run, facts);
      onceEach(run);
    }
  });
});

describe.each(Object.keys(SCENARIOS))('the posts of %s', (scenario) => {
  const facts = webhookFacts(scenario);

  it('lost, doubled or shuffled throw nothing and leave nothing', () => {
    const rand = random(11);
    for (let round = 0; round < 8; round += 1) {
      const some = facts.filter(() => rand() > 0.15).flatMap((fact) => (rand() < 0.1 ? [fact, fact] : [fact]));
      const order = round % 2 === 0 ? some : inOrderOfTime(shuffled(some, rand), some);
      const run = new Run().feed(order);
      run.passTime((facts.at(-1)?.arrivedAt ?? 0) + 2 * DAY);
      onceEach(run);
    }
  });
});

describe('thousands of facts of nonsense', () => {
  const kinds: Fact['kind'][] = [
    'channel.new',
    'channel.state',
    'channel.seen',
    'channel.hold',
    'channel.gone',
    'channel.cut',
    'channel.confirmed-gone',
    'dial.begin',
    'dial.end',
    'bridge.create',
    'bridge.enter',
    'bridge.leave',
    'bridge.destroy',
    'bridge.merge',
    'local.pair',
    'transfer.blind',
    'transfer.attended',
    'pickup',
    'queue.join',
    'recording.started',
    'recording.file',
    'cdr',
    'link.lost',
    'link.up',
    'snapshot',
    'timer',
  ];

  function nonsense(rand: () => number, at: number): Fact {
    const pick = <T>(...from: T[]): T => from[Math.floor(rand() * from.length)] as T;
    const uid = () => `1795386${pick('1', '2')}.${Math.floor(rand() * 12)}`;
    const channel = (): ChannelInfo => ({
      uid: uid(),
      linkedid: pick(uid(), uid(), null),
      name: pick(
        'PJSIP/trunk-1',
        'PJSIP/150-2',
        'PJSIP/151-3',
        'Local/151@x-00000001;1',
        'Local/151@x-00000001;2',
        'odd',
        `PJSIP/152-${Math.floor(rand() * 9)}`,
      ),
      state: pick('ring', 'ringing', 'up', 'down', null),
      callerNum: pick('375290000001', '1\r\nEvent: Hangup', '', null, '151'),
      callerName: pick(null, '-375290000001', 'x'.repeat(500)),
      connectedNum: null,
      connectedName: null,
      context: pick('from-trunk', 'internal', null),
      exten: pick('0001360', '151', 's', '80290000001', null),
    });
    const base = { source: 'ami' as const, at, arrivedAt: at, stamped: true };
    const bridge = pick('b1', 'b2', 'b3');
    const kind = pick(...kinds);
    const body = {
      kind,
      channel: kind === 'recording.file' || kind === 'cdr' ? channel().name : channel(),
      dest: channel(),
      one: channel(),
      two: channel(),
      target: channel(),
      transferer: channel(),
      transferee: channel(),
      secondTransferer: pick(channel(), null),
      uid: uid(),
      linkedid: uid(),
      name: channel().name,
      on: rand() < 0.5,
      ok: rand() < 0.8,
      exten: pick('152', null),
      context: 'internal',
      cause: 16,
      status: pick('ANSWER', 'BUSY', 'NOANSWER', 'CANCEL', 'CONGESTION'),
      dialString: pick('150', '80290000001@trunk', null),
      bridge,
      bridgeType: pick('basic', 'holding'),
      technology: 'simple_bridge',
      from: bridge,
      to: 'b9',
      queue: 'sales',
      file: '/x.wav',
      disposition: 'ANSWERED',
      destChannel: null,
      billableSeconds: 1,
      lostAt: pick(null, at - 1000),
      restarted: rand() < 0.1,
      channels: [channel(), channel()].map((one) => ({
        ...one,
        bridge: pick(bridge, null),
        application: pick('Dial', 'AppDial', null),
        seconds: 3,
        dnid: null,
      })),
    };
    return { ...base, ...body } as unknown as Fact;
  }

  it.each([1, 2, 3])('throw nothing, and a resync ends what is left (seed %i)', (seed) => {
    const rand = random(seed);
    const run = new Run({ confirmHangups: seed % 2 === 0 });
    let at = 1_795_386_000_000;
    for (let index = 0; index < 3_000; index += 1) {
      at += Math.floor(rand() * 400);
      run.fold(nonsense(rand, at));
    }
    gone(run, [{ kind: 'timer', source: 'system', at, arrivedAt: at, stamped: false }]);
    onceEach(run);
  });
});
