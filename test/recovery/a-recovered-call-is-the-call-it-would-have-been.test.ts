import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../src/calls/facts.js';
import type { CallState } from '../../src/calls/tracker.js';
import type { CallFacts } from '../../src/calls/vocabulary.js';
import type { RecoveredCall } from '../../src/recovery/recovered-call.js';
import { Replay } from '../../src/recovery/replay.js';
import { everyCall } from '../calls/disturbed-posts.js';
import { postFacts, read } from '../calls/fleet-recordings.js';
import { context } from '../calls/run-tracker.js';

const HOUR_MS = 3_600_000;

/** What differs by what it is, not by what happened. */
function timeless(call: CallFacts): object {
  const { id: _id, recovered: _recovered, ...rest } = call;
  return rest;
}

const replayOf = (open?: readonly CallState[]) =>
  new Replay(context({ recovered: true, ringCollectMs: 0, newCallId: randomUUID }), open);

const asKept = (facts: readonly Fact[]): Fact[] => facts.map((fact) => ({ ...fact, stamped: true }));

function recovered(facts: readonly Fact[]): CallFacts[] {
  const replay = replayOf();
  replay.fold(facts);
  replay.until((facts.at(-1)?.at ?? 0) + 6 * HOUR_MS);
  return replay.takeOver().flatMap(({ events }) => events.map((event) => event.call));
}

describe('the posts of each call of the catalogue, told after the fact', () => {
  const calls = everyCall();

  it('make the records they would have made live, each marked as recovered', () => {
    expect(calls.length).toBeGreaterThan(100);
    for (const { name, posts } of calls) {
      const facts = postFacts(posts);
      const told = recovered(asKept(facts));
      expect({ name, calls: told.map(timeless) }).toEqual({ name, calls: read(facts).records.map(timeless) });
      expect(told.every((call) => call.recovered)).toBe(true);
    }
  });

  it('make the same when they are read in two parts, with what was not over kept in between', () => {
    for (const { name, posts } of calls) {
      const facts = asKept(postFacts(posts));
      const first = replayOf();
      first.fold(facts.slice(0, facts.length / 2));
      const over = first.takeOver();
      const second = replayOf(JSON.parse(JSON.stringify(first.open())) as CallState[]);
      second.fold(facts.slice(facts.length / 2), { ended: over.flatMap(endedUids), taken: [] });
      second.until((facts.at(-1)?.at ?? 0) + 6 * HOUR_MS);
      const told = [...over, ...second.takeOver()].flatMap(({ events }) => events.map(({ call }) => timeless(call)));
      expect({ name, told }).toEqual({ name, told: recovered(facts).map(timeless) });
    }
  });
});

/** As the database would tell them. */
function endedUids({ state, uids }: RecoveredCall) {
  const endedAt = state.endedAt ?? state.lastAt;
  const lastPost = state.fleet.recent.at(-1)?.checksum ?? null;
  return uids.map((uid) => ({ uid, callId: state.id, endedAt, at: endedAt, presumed: true, lastPost }));
}
