import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChannelInfo, Fact, LiveChannel } from '../../src/calls/facts.js';
import { runs } from './acted/runs.js';
import { VERSIONS, captureFacts, captureNames } from './captures.js';
import { Run } from './run-tracker.js';
import { SCENARIOS, webhookFacts } from './webhook-files.js';

const DAY = 86_400_000;

/** The same things in any order. */
const shuffled = <T>(list: readonly T[]) =>
  fc.shuffledSubarray([...list], { minLength: list.length, maxLength: list.length });

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
    fc.assert(
      fc.property(shuffled(facts), (order) => {
        const run = new Run().feed(inOrderOfTime(order, facts));
        gone(run, facts);
        onceEach(run);
      }),
      runs(8),
    );
  });
});

describe.each(Object.keys(SCENARIOS))('the posts of %s', (scenario) => {
  const facts = webhookFacts(scenario);

  it('lost, doubled or shuffled throw nothing and leave nothing', () => {
    // Of a hundred: lost 15, twice 10, else once.
    const fate = fc.nat({ max: 99 }).map((draw) => (draw < 15 ? 0 : draw < 25 ? 2 : 1));
    const fates = fc.array(fate, { minLength: facts.length, maxLength: facts.length });
    const order = fc.option(shuffled([...facts.keys()]));
    fc.assert(
      fc.property(fates, order, (times, places) => {
        const come = (places ?? [...facts.keys()]).flatMap((place) =>
          Array<Fact>(times[place] ?? 1).fill(facts[place] as Fact),
        );
        const run = new Run().feed(
          places === null
            ? come
            : inOrderOfTime(
                come,
                come.toSorted((one, other) => one.at - other.at),
              ),
        );
        run.passTime((facts.at(-1)?.arrivedAt ?? 0) + 2 * DAY);
        onceEach(run);
      }),
      runs(8),
    );
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

  const some = <T>(...from: T[]) => fc.constantFrom(...from);
  const uid = fc.tuple(some('1', '2'), fc.nat({ max: 11 })).map(([second, n]) => `1795386${second}.${n}`);
  const channel: fc.Arbitrary<ChannelInfo> = fc.record({
    uid,
    linkedid: fc.option(uid, { freq: 3 }),
    name: fc.oneof(
      some('PJSIP/trunk-1', 'PJSIP/150-2', 'PJSIP/151-3', 'odd'),
      some('Local/151@x-00000001;1', 'Local/151@x-00000001;2'),
      fc.nat({ max: 8 }).map((n) => `PJSIP/152-${n}`),
    ),
    state: some('ring', 'ringing', 'up', 'down', null),
    callerNum: some('375290000001', '1\r\nEvent: Hangup', '', null, '151'),
    callerName: some(null, '-375290000001', 'x'.repeat(500)),
    connectedNum: fc.constant(null),
    connectedName: fc.constant(null),
    context: some('from-trunk', 'internal', null),
    exten: some('0001360', '151', 's', '80290000001', null),
  });
  const bridge = some('b1', 'b2', 'b3');
  const live: fc.Arbitrary<LiveChannel> = fc
    .tuple(channel, fc.option(bridge), some('Dial', 'AppDial', null))
    .map(([info, into, application]) => ({ ...info, bridge: into, application, seconds: 3, dnid: null }));
  /** Whatever a fact of any kind may hold, and how long after the one before it comes. */
  const nonsense = fc.record({
    kind: some(...kinds),
    after: fc.nat({ max: 400 }),
    channel,
    dest: channel,
    one: channel,
    two: channel,
    target: channel,
    transferer: channel,
    transferee: channel,
    secondTransferer: fc.option(channel),
    uid,
    linkedid: uid,
    on: fc.boolean(),
    ok: fc.boolean(),
    exten: some('152', null),
    status: some('ANSWER', 'BUSY', 'NOANSWER', 'CANCEL', 'CONGESTION'),
    dialString: some('150', '80290000001@trunk', null),
    bridge,
    from: bridge,
    bridgeType: some('basic', 'holding'),
    channels: fc.array(live, { maxLength: 3 }),
    lostAgo: fc.option(fc.nat({ max: 2_000 })),
    restarted: fc.nat({ max: 9 }).map((draw) => draw === 0),
  });

  it('throw nothing, and a resync ends what is left', () => {
    const confirmHangups = fc.boolean();
    fc.assert(
      fc.property(
        fc.array(nonsense, { minLength: 100, maxLength: 200, size: 'max' }),
        confirmHangups,
        (all, confirms) => {
          const run = new Run({ confirmHangups: confirms });
          let at = 1_795_386_000_000;
          for (const { after, lostAgo, ...body } of all) {
            at += after;
            const named = body.kind === 'recording.file' || body.kind === 'cdr';
            run.fold({
              ...body,
              ...FIXED,
              channel: named ? body.channel.name : body.channel,
              name: body.dest.name,
              lostAt: lostAgo === null ? null : at - lostAgo,
              source: 'ami',
              at,
              arrivedAt: at,
              stamped: true,
            } as unknown as Fact);
          }
          gone(run, [{ kind: 'timer', source: 'system', at, arrivedAt: at, stamped: false }]);
          onceEach(run);
        },
      ),
      runs(25),
    );
  });
});

const FIXED = {
  context: 'internal',
  cause: 16,
  technology: 'simple_bridge',
  to: 'b9',
  queue: 'sales',
  file: '/x.wav',
  disposition: 'ANSWERED',
  destChannel: null,
  billableSeconds: 1,
};
