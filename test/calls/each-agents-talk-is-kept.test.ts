import { describe, expect, it } from 'vitest';
import type { Fact } from '../../src/calls/facts.js';
import type { CallState } from '../../src/calls/tracker.js';
import type { CallFacts } from '../../src/calls/vocabulary.js';
import { T0, ami, answered, channel, hungUp, trunk } from './ami-facts.js';
import { STREAMS, VERSIONS, captureFacts, captureNames } from './captures.js';
import { Run } from './run-tracker.js';
import { SCENARIOS, webhookFacts } from './webhook-files.js';

const basic = { bridgeType: 'basic', technology: 'simple_bridge' };
const client = { ...trunk(0), state: 'up' };
const enter = (ms: number, who: ReturnType<typeof channel>, bridge = 'bridge-0'): Fact =>
  ami(ms, { kind: 'bridge.enter', bridge, ...basic, channel: who });
const leave = (ms: number, who: ReturnType<typeof channel>, bridge = 'bridge-0'): Fact =>
  ami(ms, { kind: 'bridge.leave', bridge, channel: who });
const gone = (ms: number, ...who: ReturnType<typeof channel>[]): Fact[] =>
  who.map((one) => ami(ms, { kind: 'channel.gone', channel: one, cause: 16 }));

/** Turns as `agent: from–to, ms`, in milliseconds of the call. */
function turns(call: CallFacts | undefined): string[] {
  return (call?.talks ?? []).map(({ agent, from, to, ms }) => `${agent}: ${from - T0}–${to - T0}, ${ms}`);
}

/** What the turns of any call must add up to. */
function expectToAddUp(call: CallFacts): void {
  const { talks } = call;
  const about = JSON.stringify(talks);
  for (const { from, to, ms } of talks) {
    expect(ms, about).toBeGreaterThan(0);
    expect(ms, about).toBeLessThanOrEqual(to - from);
  }
  const ordered = talks.toSorted((one, other) => one.from - other.from);
  const apart = ordered.every(({ from }, index) => from >= (ordered[index - 1]?.to ?? from));
  const sum = talks.reduce((whole, { ms }) => whole + ms, 0);
  if (apart) expect(sum, about).toBe(call.talkMs);
  else expect(sum, about).toBeGreaterThanOrEqual(call.talkMs);
  if (call.talkMs === 0) return;
  expect(Math.max(...talks.map(({ to }) => to)), about).toBe((call.answeredAt ?? 0) + call.spanMs);
  expect(ordered[0]?.from, about).toBe(call.answeredAt);
  const who = talks.flatMap(({ agent }) => (agent === null ? [] : [agent]));
  expect([...new Set(who)], about).toEqual(call.agents.filter((agent) => who.includes(agent)));
  if (who.length > 0) expect(who.at(-1), about).toBe(call.finalAgent);
}

describe('the turns of each recorded call add up to its talk', () => {
  it.each(VERSIONS)('over AMI, on Asterisk %s', (version) => {
    let transferred = 0;
    for (const name of captureNames(version)) {
      for (const stream of STREAMS) {
        const { records } = new Run().feed(captureFacts(version, name, stream));
        for (const call of records) expectToAddUp(call);
        if (!name.includes('transfer')) continue;
        transferred += 1;
        expect(
          records[0]?.talks.map(({ agent }) => agent),
          name,
        ).toEqual(records[0]?.agents);
        expect(records[0]?.agents, name).toHaveLength(2);
      }
    }
    expect(transferred).toBeGreaterThanOrEqual(2 * STREAMS.length);
  });

  it.each([
    ['22', 'transfer-attended-dtmf', 2_909, 3_471],
    ['16', 'transfer-blind-refer', 1_004, 2_890],
  ])('on Asterisk %s %s is as long as its bridges', (version, name, first, second) => {
    for (const stream of STREAMS) {
      const [call] = new Run().feed(captureFacts(version, name, stream)).records;
      const [one, other] = call?.talks ?? [];
      expect(one?.agent).toBe('151');
      expect(other?.agent).toBe('152');
      expect(Math.abs((one?.ms ?? 0) - first), stream).toBeLessThan(10);
      expect(Math.abs((other?.ms ?? 0) - second), stream).toBeLessThan(10);
    }
  });

  it('over webhooks', () => {
    const agents = (scenario: string) => {
      const facts = webhookFacts(scenario);
      const run = new Run().feed(facts).passTime((facts.at(-1)?.arrivedAt ?? 0) + 6 * 3_600_000);
      for (const call of run.records) expectToAddUp(call);
      const main = run.records.find((call) => call.uid === SCENARIOS[scenario]?.main_uid);
      return main?.talks.map(({ agent }) => agent);
    };
    for (const scenario of Object.keys(SCENARIOS)) agents(scenario);
    expect(agents('2-18')).toEqual(['151', '152', '150']);
    expect(agents('2-7')).toEqual(['151']);
  });
});

describe('a turn', () => {
  const [agent, second] = [channel('150', 1, 0), channel('151', 7, 0)];

  it('is one, whatever pauses are in it, and begins anew when somebody else talked meanwhile', () => {
    const run = new Run().feed([
      ...answered(0, 0),
      leave(2_000, agent),
      enter(3_000, agent),
      leave(5_000, agent),
      ami(5_000, { kind: 'channel.new', channel: second }),
      enter(6_000, second),
      leave(8_000, second),
      enter(8_500, agent),
      ...hungUp(10_000, 0),
      ...gone(10_000, second),
    ]);
    expect(turns(run.records[0])).toEqual(['150: 500–5000, 3500', '151: 6000–8000, 2000', '150: 8500–10000, 1500']);
    expect(run.records).toMatchObject([{ talkMs: 7_000, spanMs: 9_500, agents: ['150', '151'], finalAgent: '150' }]);
  });

  it('in a conference is each one’s own; the talk of the call counts once', () => {
    const run = new Run().feed([
      ...answered(0, 0),
      ami(1_000, { kind: 'channel.new', channel: second }),
      enter(2_000, second),
      leave(6_000, agent),
      ...hungUp(9_000, 0),
      ...gone(9_000, second),
    ]);
    expect(turns(run.records[0])).toEqual(['150: 500–6000, 5500', '151: 2000–9000, 7000']);
    expect(run.records[0]?.talkMs).toBe(8_500);
  });

  it('of nothing is none: who only passed through the bridge did not talk', () => {
    const run = new Run().feed([
      ...answered(0, 0),
      ami(1_000, { kind: 'channel.new', channel: second }),
      enter(2_000, second),
      leave(2_000, second),
      ...hungUp(9_000, 0),
      ...gone(9_000, second),
    ]);
    expect(turns(run.records[0])).toEqual(['150: 500–9000, 8500']);
  });

  it('is told as it stands while it goes on', () => {
    const run = new Run().feed([
      ...answered(0, 0),
      ami(4_000, {
        kind: 'transfer.blind',
        transferer: agent,
        transferee: client,
        exten: '151',
        context: 'x',
        ok: true,
      }),
    ]);
    expect(run.events.map((event) => [event.kind, turns(event.call)]).slice(2)).toEqual([
      ['call.answered', ['150: 500–500, 0']],
      ['call.transferred', ['150: 500–4000, 3500']],
    ]);
  });
});

it('a call handed to and fro for hours keeps its talk and its size', () => {
  const agents = Array.from({ length: 12 }, (_, index) => channel(String(150 + index), 10 + index, 0));
  const facts = [...answered(0, 0), leave(1_000, channel('150', 1, 0)), ...gone(1_000, channel('150', 1, 0))];
  for (let round = 0; round < 300; round += 1) {
    const who = agents[round % agents.length] as ReturnType<typeof channel>;
    if (round < agents.length) facts.push(ami(2_000 + round, { kind: 'channel.new', channel: who }));
    facts.push(enter(10_000 + round * 1_000, who), leave(10_900 + round * 1_000, who));
  }
  const run = new Run().feed(facts);
  const [state] = run.tracker.liveCalls();
  expect(JSON.stringify(state).length).toBeLessThan(8_192);
  run.feed(gone(400_000, ...agents, client));
  const [call] = run.records;
  expect(call?.talkMs).toBe(500 + 300 * 900);
  expect(call?.talks.reduce((sum, { ms }) => sum + ms, 0)).toBe(call?.talkMs);
  const of = (agent: string) => call?.talks.filter((turn) => turn.agent === agent).reduce((sum, { ms }) => sum + ms, 0);
  expect(agents.map((_, index) => of(String(150 + index)))).toEqual([23_000, ...Array<number>(11).fill(22_500)]);
});

it('a state saved before turns were kept goes on, its talk so far the last agent’s', () => {
  const run = new Run().feed(answered(0, 0));
  const states = JSON.parse(JSON.stringify(run.tracker.liveCalls())) as CallState[];
  const older = states.map(({ talks: _talks, ...state }) => state as CallState);
  run.tracker = new Run().tracker;
  run.tracker.load(older);
  run.feed(hungUp(5_000, 0));
  expect(run.records.map(turns)).toEqual([['150: 500–5000, 4500']]);
  expect(run.records).toMatchObject([{ talkMs: 4_500, finalAgent: '150' }]);
});
