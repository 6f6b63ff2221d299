import type { Fact } from '../../src/calls/facts.js';
import { Tracker } from '../../src/calls/tracker.js';
import type { CallState } from '../../src/calls/tracker.js';
import { ami, channel, trunk } from '../calls/ami-facts.js';
import { VERSIONS, captureFacts, captureMessages, captureNames } from '../calls/captures.js';
import { Run, context } from '../calls/run-tracker.js';
import type { BenchResult } from './result.js';
import { sessionEventsPerSecond } from './ami.js';

/** What the owner folds in one transaction. */
const BATCH = 100;
const COPIES = 400;
const ROUNDS = 3;
const CAPTURE = 'inbound-ring-group';

/**
 * Facts a second the tracker folds, beside the facts a second each AMI transport gives out when it is flooded with the
 * same recorded call; and how large the state of a live call grows.
 */
export async function benchTracker(): Promise<BenchResult[]> {
  const facts = captureFacts('22', CAPTURE, 'everything');
  const perEvent = facts.length / captureMessages('22', CAPTURE).filter(({ type }) => type === 'event').length;
  const calls = Array.from({ length: COPIES }, (_, copy) => again(facts, copy));
  const results: BenchResult[] = [];
  // Once for the compiler: a daemon runs for months.
  foldsPerSecond(calls);
  for (const transport of ['native', 'asterisk-manager'] as const) {
    // In turns, so that a machine that is busy for a while is busy for both.
    const ratios: { ours: number; theirs: number }[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const theirs = (await sessionEventsPerSecond(transport)) * perEvent;
      ratios.push({ ours: foldsPerSecond(calls), theirs });
    }
    ratios.sort((one, other) => one.ours / one.theirs - other.ours / other.theirs);
    const { ours, theirs } = ratios[Math.floor(ROUNDS / 2)] as { ours: number; theirs: number };
    results.push({
      name: `tracker, beside the session over ${transport} that feeds it`,
      unit: 'facts/s',
      value: Math.round(ours),
      peer: { name: 'facts/s from the session', value: Math.round(theirs) },
      ratio: Math.round((ours / theirs) * 100) / 100,
      note: `median of ${ROUNDS} rounds; ${perEvent.toFixed(2)} facts an event`,
    });
  }
  return [...results, ...stateSizes()];
}

/** The same call once more: other unique ids, other channels, later. */
export function again(facts: readonly Fact[], copy: number): Fact[] {
  const text = JSON.stringify(facts)
    .replace(
      /"(\d{10})\.(\d+)"/g,
      (_, epoch: string, n: string) => `"${Number(epoch) + copy * 60}.${Number(n) + copy * 20}"`,
    )
    .replace(
      /-([0-9a-f]{8})(?=[";])/g,
      (_, hex: string) => `-${(parseInt(hex, 16) + copy * 20).toString(16).padStart(8, '0')}`,
    )
    .replace(
      /"([0-9a-f]{8})(-[0-9a-f-]{27})"/g,
      (_, head: string, rest: string) =>
        `"${((parseInt(head, 16) + copy) >>> 0).toString(16).padStart(8, '0')}${rest}"`,
    );
  const moved = JSON.parse(text) as Fact[];
  return moved.map((fact) => ({ ...fact, at: fact.at + copy * 60_000, arrivedAt: fact.arrivedAt + copy * 60_000 }));
}

export function foldsPerSecond(calls: readonly (readonly Fact[])[]): number {
  const tracker = new Tracker(context());
  const all = calls.flat();
  const from = performance.now();
  for (let at = 0; at < all.length; at += BATCH) {
    const draft = tracker.begin();
    for (const fact of all.slice(at, at + BATCH)) draft.fold(fact);
    draft.result();
    draft.commit();
  }
  return all.length / ((performance.now() - from) / 1_000);
}

function stateSizes(): BenchResult[] {
  const recorded = VERSIONS.flatMap((version) =>
    captureNames(version).map((name) => largest(captureFacts(version, name, 'everything'))),
  ).sort((one, other) => one - other);
  const line = (name: string, value: number) => ({ name: `state of a live call, ${name}`, unit: 'bytes', value });
  return [
    line('median of the recorded ones at their largest', recorded[Math.floor(recorded.length / 2)] ?? 0),
    line('largest of the recorded ones', recorded.at(-1) ?? 0),
    line('a group of 30 phones at its largest', largest(group(30))),
    line('a queue that rang two phones 60 times', largest(queue(60))),
  ];
}

/** Bytes of JSON of the largest state any call of these facts came to. */
export function largest(facts: readonly Fact[]): number {
  const run = new Run();
  let most = 0;
  run.feed(facts, () => {
    for (const state of run.tracker.liveCalls()) most = Math.max(most, sizeOf(state));
  });
  return most;
}

function sizeOf(state: CallState): number {
  return Buffer.byteLength(JSON.stringify(state));
}

export function group(size: number): Fact[] {
  const caller = trunk(0);
  const phones = Array.from({ length: size }, (_, n) => channel(String(200 + n), n + 1, 0, { state: 'down' }));
  const up = { bridge: 'bridge-0', bridgeType: 'basic', technology: 'simple_bridge' };
  const first = phones[0] as (typeof phones)[number];
  return [
    ami(0, { kind: 'channel.new', channel: caller }),
    ...phones.map((phone) => ami(10, { kind: 'channel.new', channel: phone })),
    ...phones.map((dest) => ami(20, { kind: 'dial.begin', channel: caller, dest, dialString: null })),
    ...phones.map((phone) => ami(30, { kind: 'channel.state', channel: { ...phone, state: 'ringing' } })),
    ami(500, { kind: 'dial.end', channel: caller, dest: first, status: 'ANSWER' }),
    ami(510, { kind: 'bridge.enter', ...up, channel: first }),
    ami(510, { kind: 'bridge.enter', ...up, channel: caller }),
  ];
}

export function queue(rounds: number): Fact[] {
  const caller = trunk(0);
  const facts = [ami(0, { kind: 'channel.new', channel: caller })];
  for (let round = 0; round < rounds; round += 1) {
    for (const [n, extension] of ['151', '152'].entries()) {
      const phone = channel(extension, 1 + round * 2 + n, 0, { state: 'down' });
      const ms = 100 + round * 30_000;
      facts.push(
        ami(ms, { kind: 'channel.new', channel: phone }),
        ami(ms + 1, { kind: 'dial.begin', channel: caller, dest: phone, dialString: null }),
        ami(ms + 2, { kind: 'channel.state', channel: { ...phone, state: 'ringing' } }),
        ami(ms + 15_000, { kind: 'dial.end', channel: caller, dest: phone, status: 'NOANSWER' }),
        ami(ms + 15_001, { kind: 'channel.gone', channel: phone, cause: 16 }),
      );
    }
  }
  return facts;
}
