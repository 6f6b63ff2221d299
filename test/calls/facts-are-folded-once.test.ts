import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fact } from '../../src/calls/facts.js';
import type { InboxFact } from '../../src/calls/owner.js';
import { until } from '../support/until.js';
import { Tracker } from '../../src/calls/tracker.js';
import type { CallState } from '../../src/calls/tracker.js';
import { T0, ami, answered, channel, system, trunk } from './ami-facts.js';
import { OwnerBench } from './owner-bench.js';
import { Run, context } from './run-tracker.js';

const up = (ms: number): Fact[] => [
  { ...system(ms, { kind: 'link.up', lostAt: null, restarted: false }), source: 'ami' },
  { ...system(ms, { kind: 'snapshot', channels: [] }), source: 'ami' },
];
const newChannel = (ms: number, n: number): Fact => ami(ms, { kind: 'channel.new', channel: trunk(n) });
const post = (id: string): InboxFact => ({
  id,
  fact: { kind: 'timer', source: 'webhook', at: T0, arrivedAt: T0, stamped: false },
  eventType: 'dial',
  uid: id,
  raw: {},
});

let bench: OwnerBench;
beforeEach(async () => {
  bench = await new OwnerBench().open();
});
afterEach(() => bench.close());

function offer(...facts: Fact[]): void {
  for (const fact of facts) bench.owner.offer(fact);
}

describe('"stored up to"', () => {
  it('says nothing before the PBX has been caught up with, nor while the link is lost', async () => {
    expect(bench.owner.storedUpTo()).toBeNull();
    offer(...up(0));
    await bench.owner.tick();
    expect(bench.owner.storedUpTo()).toBe(T0 - 1_000);
    offer(system(5_000, { kind: 'link.lost' }));
    await bench.owner.tick();
    expect(bench.owner.storedUpTo()).toBeNull();
    expect(bench.batches.at(-1)?.storedUpTo).toBeNull();
  });

  it('moves to a mark when all that was offered before the mark is stored, and never by the dates of facts', async () => {
    offer(...up(0));
    await bench.owner.tick();
    offer(newChannel(3_000, 1));
    bench.owner.mark(T0 + 2_000);
    offer(newChannel(9_000, 2));
    expect(bench.owner.storedUpTo()).toBe(T0 - 1_000);
    await bench.owner.tick();
    expect(bench.owner.storedUpTo()).toBe(T0 + 2_000);
    expect(bench.batches.at(-1)?.storedUpTo).toBe(T0 + 2_000);
    bench.owner.mark(T0 + 8_000);
    expect(bench.owner.storedUpTo()).toBe(T0 + 8_000);
  });

  it('stays where it is when a batch fails', async () => {
    offer(...up(0));
    await bench.owner.tick();
    offer(newChannel(3_000, 1));
    bench.owner.mark(T0 + 4_000);
    bench.commits = ['away'];
    await expect(bench.owner.tick()).rejects.toThrow('away');
    expect(bench.owner.storedUpTo()).toBe(T0 - 1_000);
  });

  it.each([3_600_000, -3_600_000])('moves with our clock when that is set by %i ms', async (by) => {
    offer(...up(0));
    await bench.owner.tick();
    bench.owner.mark(T0 + 2_000);
    offer(newChannel(3_000, 1));
    bench.owner.mark(T0 + 3_000);
    offer(system(4_000 + by, { kind: 'clock.stepped', by }));
    bench.owner.mark(T0 + 5_000 + by);
    offer(newChannel(6_000 + by, 2));
    await bench.owner.tick();
    expect(bench.batches.at(-1)).toMatchObject({ facts: [{ eventType: 'channel.new' }], storedUpTo: T0 + 3_000 });
    await bench.owner.tick();
    expect(bench.batches.at(-1)).toMatchObject({ facts: [{ eventType: 'clock.stepped' }] });
    expect(bench.batches.at(-1)?.storedUpTo).toBe(T0 + 5_000 + by);
    offer(system(7_000 + by, { kind: 'link.lost' }));
    await bench.owner.tick();
    offer(...up(8_000 + by));
    await bench.owner.tick();
    expect(bench.owner.storedUpTo()).toBe(T0 + 7_000 + by);
  });

  it.each([3_600_000, -3_600_000])('and posts are folded by the clock they came by, set by %i ms', async (by) => {
    const at = (row: InboxFact, ms: number): InboxFact => {
      const fact = { ...row.fact, at: T0 + ms, arrivedAt: T0 + ms };
      return { ...row, fact };
    };
    offer(...up(0));
    await bench.owner.tick();
    offer(newChannel(3_000, 1), system(4_000 + by, { kind: 'clock.stepped', by }), newChannel(6_000 + by, 2));
    bench.inbox = [at(post('1'), 3_500), at(post('2'), 5_000 + by)];
    bench.owner.inboxChanged();
    while (await bench.owner.tick());
    const batches = bench.batches.slice(1).filter(({ facts }) => facts.length > 0);
    const order = batches.map(({ facts }) => facts.map(({ eventType, uid }) => `${eventType} ${uid}`));
    expect(order).toEqual([
      ['dial 1', 'channel.new 1795386276.1'],
      ['clock.stepped '],
      ['dial 2', 'channel.new 1795386276.2'],
    ]);
  });

  it('goes on after facts went through the journal, and knows what became of the link there', async () => {
    bench.start();
    offer(...up(0));
    await until('the link', () => bench.owner.storedUpTo() !== null);
    bench.commits = ['away'];
    offer(newChannel(3_000, 1), system(4_000, { kind: 'link.lost' }));
    await until('the loss', () => bench.stored.some((fact) => fact.kind === 'link.lost'));
    await until('the database', () => bench.owner.state() === 'folding');
    expect(bench.owner.storedUpTo()).toBeNull();
    offer(...up(6_000));
    await until('the link again', () => bench.owner.storedUpTo() !== null);
    expect(bench.owner.storedUpTo()).toBe(T0 + 5_000);
  });
});

describe('a COMMIT without an answer', () => {
  it('that had happened is not folded again', async () => {
    bench.start();
    bench.commits = ['unanswered'];
    offer(...up(0), newChannel(1_000, 1));
    await until('the database', () => bench.owner.state() === 'folding' && bench.batches.length > 0);
    offer(newChannel(2_000, 2));
    await until('the next', () => bench.stored.length >= 4);
    expect(bench.stored.map((fact) => fact.kind)).toEqual(['link.up', 'snapshot', 'channel.new', 'channel.new']);
  });

  it('of a journalled batch that had happened is not folded again', async () => {
    bench.start();
    bench.commits = ['away', 'unanswered'];
    offer(...up(0), newChannel(1_000, 1));
    await until('the journal', () => bench.stored.length >= 3);
    await until('the database', () => bench.owner.state() === 'folding');
    offer(newChannel(2_000, 2));
    await until('the next', () => bench.stored.length >= 4);
    expect(bench.stored.map((fact) => fact.kind)).toEqual(['link.up', 'snapshot', 'channel.new', 'channel.new']);
  });
});

describe('what the database refuses', () => {
  it('is passed over alone, be it a fact or a post', async () => {
    bench.inbox = [post('1'), post('bad'), post('3')];
    const bad = newChannel(1_500, 2);
    const isBadPost = (fact: Fact) => bench.inbox.some((row) => row.id === 'bad' && row.fact === fact);
    bench.refuses = (fact) => fact === bad || isBadPost(fact);
    offer(...up(0), newChannel(1_000, 1), bad, newChannel(2_000, 3));
    bench.start();
    await until('all others', () => bench.inbox.length === 0 && bench.owner.backlog() === 0);
    expect(bench.stored.map(({ kind, arrivedAt }) => [kind, arrivedAt - T0])).toEqual(
      expect.arrayContaining([
        ['snapshot', 0],
        ['channel.new', 1_000],
        ['channel.new', 2_000],
      ]),
    );
    expect(bench.stored.filter((fact) => fact.source === 'webhook')).toHaveLength(2);
    expect(bench.stored).not.toContain(bad);
    expect(bench.counted.filter((what) => what === 'facts_dropped')).toHaveLength(2);
  });
});

describe('a call that cannot be looked at when its time is up', () => {
  it('is left until something is told of it, and no other waits for it', async () => {
    const before = new Run({ ringCollectMs: 1 }).feed([...up(0), newChannel(1_000, 1), newChannel(1_000, 2)]);
    const [one, other] = before.tracker.liveCalls() as [CallState, CallState];
    // Phones that rang and were not told of, without the phones.
    const ring = { extensions: null as unknown as string[], at: 0, due: T0 };
    const silent = { ...other, ami: false, direction: 'in' as const, wake: T0 };
    const tracker = new Tracker(context());
    tracker.load([{ ...one, ring, wake: T0 }, silent]);
    await bench.open({ loadTracker: () => Promise.resolve(tracker) });
    bench.start();
    await until('the other one to end', () => bench.batches.some(({ folded }) => folded.finished.length > 0));
    expect(bench.batches.flatMap(({ folded }) => folded.finished.map(({ uid }) => uid))).toEqual([other.uid]);
    expect(tracker.liveCalls().map(({ uid, wake }) => [uid, wake])).toEqual([[one.uid, null]]);
    expect(bench.counted.filter((what) => what === 'facts_poisoned')).toHaveLength(1);
    offer({ ...newChannel(2_000, 3), at: Date.now(), arrivedAt: Date.now() });
    await until('the next fact', () => bench.stored.length > 0);
  });
});

describe('facts of a new run', () => {
  it('wait until the journal of the one before is folded; what came between is told in front of them', async () => {
    bench.commits = ['away'];
    offer(...up(0), ...answered(1_000, 1));
    await expect(bench.owner.tick()).rejects.toThrow('away');
    const stop = new AbortController();
    stop.abort();
    bench.commits = Array<'away'>(3).fill('away');
    await bench.owner.run(stop.signal);
    expect(bench.stored).toEqual([]);

    bench.commits = [];
    let isFirst = true;
    await bench.open({
      recovered: () => {
        expect(bench.stored.length).toBeGreaterThan(2);
        isFirst = false;
        return Promise.resolve([system(20_000, { kind: 'link.lost' })]);
      },
    });
    bench.start();
    await until('the loss', () => bench.stored.at(-1)?.kind === 'link.lost');
    expect(isFirst).toBe(false);
    offer(...up(21_000), ami(22_000, { kind: 'channel.new', channel: channel('150', 9, 9) }));
    await until('the new ones', () => bench.stored.at(-1)?.kind === 'channel.new');
    expect(bench.stored.slice(-4).map((fact) => fact.kind)).toEqual([
      'link.lost',
      'link.up',
      'snapshot',
      'channel.new',
    ]);
  });
});
