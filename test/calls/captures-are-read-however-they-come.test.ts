/**
 * Recorded sessions as the network may bring them: in one piece, all of a PBX behind each other, byte by byte, and with
 * the line lost after any message and the channels of that moment asked for.
 */
import { describe, expect, it } from 'vitest';
import type { AmiMessage } from '../../src/ami/message.js';
import type { Fact } from '../../src/calls/facts.js';
import { VERSIONS as FLEET_VERSIONS, recorded, recordedAmi } from '../pbx/fleet/recordings.js';
import { asFarAsShown, readable } from './acted/judge.js';
import { VERSIONS, captureBytes, captureNames, factsOf, messagesIn } from './captures.js';
import { ChannelsAlive } from './channels-alive.js';
import { resync } from './resynced.js';
import { Run } from './run-tracker.js';

const GREETING = Buffer.from('Asterisk Call Manager/5.0.0\r\n');
const HOUR_MS = 3_600_000;

/** Sessions of one PBX, each of which began with a greeting, by name. What each call was is held elsewhere. */
type Sessions = ReadonlyMap<string, Buffer>;

const own = (version: string): Sessions =>
  new Map(captureNames(version).map((name) => [name, captureBytes(version, name)]));
const fleet = (version: 16 | 22, on: number): Sessions => {
  const ids = Object.entries(recorded(version)).flatMap(([id, { lane }]) => (lane === on ? [id] : []));
  return new Map(ids.map((id) => [id, Buffer.concat([GREETING, recordedAmi(version, id)])]));
};

const PBXS: [string, Sessions][] = [
  ...VERSIONS.map((version): [string, Sessions] => [`Asterisk ${version}`, own(version)]),
  ...FLEET_VERSIONS.flatMap((version) =>
    [0, 1, 2, 3].map((lane): [string, Sessions] => [`fleet host ${lane}, Asterisk ${version}`, fleet(version, lane)]),
  ),
];

const texts = (messages: readonly AmiMessage[]) => messages.map((message) => JSON.stringify([...message.entries()]));

function* pieces(bytes: Buffer, length: number): Iterable<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

/** What a session said after its greeting and the answer to the log-in. */
const said = (bytes: Buffer) => bytes.subarray(bytes.indexOf('Event: '));
const eventsIn = (bytes: Buffer) => messagesIn([bytes]).filter(({ type }) => type === 'event');

const ended = (run: Run, facts: readonly Fact[]) => run.passTime((facts.at(-1)?.arrivedAt ?? 0) + HOUR_MS);
const byUid = (one: { uid: string }, other: { uid: string }) => (one.uid < other.uid ? -1 : 1);
const recordsOf = (run: Run) => run.records.map(readable).sort(byUid);

describe.each(PBXS)('what %s said', (_pbx, sessions) => {
  it('is the same messages byte by byte', () => {
    for (const [name, bytes] of sessions)
      expect(texts(messagesIn(pieces(bytes, 1))), name).toEqual(texts(messagesIn([bytes])));
  });

  it('is the same messages and calls when all of it comes behind each other, in packets', () => {
    const inTime = [...sessions.values()].toSorted((one, other) => firstSecond(one) - firstSecond(other));
    const glued = Buffer.concat([GREETING, ...inTime.map(said)]);
    const apart = inTime.flatMap((bytes) => eventsIn(bytes));
    expect(texts(messagesIn(pieces(glued, 1_460)).slice(1))).toEqual(texts(apart));
    const calls = inTime.map((bytes) => factsOf(eventsIn(bytes), 'everything'));
    const run = ended(new Run().feed(calls.flat()), calls.flat());
    expect(recordsOf(run)).toEqual(calls.flatMap((facts) => recordsOf(new Run().feed(facts))).sort(byUid));
    expect(run.tracker.liveCalls()).toEqual([]);
  });

  it('is the same call when the line is lost after any message and the PBX is asked what it has', () => {
    for (const [name, bytes] of sessions) {
      const facts = factsOf(eventsIn(bytes), 'everything');
      const whole = recordsOf(new Run().feed(facts)).map(({ approximate: _, ...call }) => call);
      const alive = new ChannelsAlive();
      const run = new Run();
      for (const [cut, last] of facts.entries()) {
        run.feed([last]);
        const snapshot = alive.saw(last).snapshot(last.at);
        const rest = [...resync(last.arrivedAt, last.arrivedAt, snapshot), ...facts.slice(cut + 1)];
        const records = goneOnWith(run, rest, alive).map(({ approximate: _, ...call }) => call);
        expect([name, cut, last.kind, records]).toEqual([name, cut, last.kind, whole]);
      }
    }
  });

  it('is one record where the line stays lost for a while, and is right unless it says that it may not be', () => {
    for (const [name, bytes] of sessions) {
      const facts = factsOf(eventsIn(bytes), 'everything');
      const whole = recordsOf(new Run().feed(facts));
      const alive = new ChannelsAlive();
      const shown = facts.map((fact) => alive.saw(fact).snapshot(fact.at));
      const run = new Run();
      for (const [cut, last] of facts.entries()) {
        run.feed([last]);
        const again = facts.findIndex(({ at }) => at >= last.at + AWAY_MS);
        if (again < 0) break;
        const { arrivedAt } = facts[again] as Fact;
        const rest = [...resync(last.arrivedAt, arrivedAt, shown[again] ?? []), ...facts.slice(again + 1)];
        const records = goneOnWith(run, rest, alive);
        const heard = whole.filter(({ uid }) => facts.slice(0, cut + 1).some((fact) => isAbout(fact, uid)));
        for (const call of heard.filter(({ direction }) => direction === 'in')) {
          const [mine, ...more] = records.filter(({ uid }) => uid === call.uid);
          expect([name, cut, more], `${call.uid} is told once`).toEqual([name, cut, []]);
          expect([name, cut, mine?.external, mine?.line]).toEqual([name, cut, call.external, call.line]);
          if (mine && !mine.approximate)
            expect([name, cut, asFarAsShown(mine)]).toEqual([name, cut, asFarAsShown(call)]);
        }
      }
    }
  });
});

/** Longer than any two messages about one change are apart. */
const AWAY_MS = 400;

const isAbout = (fact: Fact, uid: string) =>
  'channel' in fact && typeof fact.channel === 'object' && fact.channel?.uid === uid;

/** The records of a run that is killed, started again and told the rest at once; it asks which channels are alive. */
function goneOnWith(run: Run, rest: readonly Fact[], alive: ChannelsAlive) {
  const after = run.copy();
  const { effects } = after.foldAll(rest);
  const at = rest.at(-1)?.arrivedAt ?? 0;
  for (const uid of effects.flatMap((effect) => (effect.kind === 'confirm-gone' ? effect.uids : [])))
    if (!alive.has(uid))
      after.fold({ kind: 'channel.confirmed-gone', uid, source: 'ami', at, arrivedAt: at, stamped: false });
  expect(after.tracker.liveCalls()).toEqual([]);
  return recordsOf(after);
}

function firstSecond(bytes: Buffer): number {
  return Number(/^Uniqueid: (\d+)\./m.exec(bytes.toString('latin1'))?.[1]);
}
