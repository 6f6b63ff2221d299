import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Fact, FleetEvent } from '../../src/calls/facts.js';
import { systemClock } from '../../src/platform/clock.js';
import { createLogger } from '../../src/platform/log.js';
import type { CdrRecord } from '../../src/recovery/cdr-record.js';
import { createCdrSource } from '../../src/recovery/cdr-source.js';
import { insertCdrs } from '../../src/recovery/cdr-store.js';
import { createPosted } from '../../src/recovery/posted.js';
import { insertPosted } from '../../src/recovery/posted-store.js';
import { reconcileDay } from '../../src/recovery/reconcile-day.js';
import { Replay } from '../../src/recovery/replay.js';
import { parseFleetEvent } from '../../src/webhooks/parse.js';
import { describeWith } from '../pbx/available.js';
import { keepEvents } from '../pbx/event-database.js';
import { startSshHost } from '../pbx/sshd.js';
import { withDb } from '../support/db.js';
import { until } from '../support/until.js';
import { dayOf, madeCall, rowsOf } from './made-calls.js';
import type { MadeCall } from './made-calls.js';
import { PBX, portOn, readHost, replayContext, storedIn } from './read-host.js';

const NOW = Math.floor(Date.now() / 1_000);

/** A bug of the tracker with this event of this call. */
function readWith(bug: { uid: string; event: string }) {
  return (event: string, body: unknown): FleetEvent => {
    const fleet = parseFleetEvent(event, body);
    if (fleet.uid === bug.uid && event === bug.event)
      Object.defineProperty(fleet, 'event', {
        get: () => {
          throw new Error('a bug');
        },
      });
    return fleet;
  };
}

function factsOf(calls: readonly MadeCall[], read: ReturnType<typeof readWith>): Fact[] {
  return calls
    .flatMap(({ at, events }) => events.map(({ after, event, body }) => ({ at: (at + after) * 1_000, event, body })))
    .toSorted((one, other) => one.at - other.at)
    .map(({ at, event, body }) => {
      const fleet = read(event, body);
      return { kind: 'fleet', source: 'webhook', at, arrivedAt: at, stamped: true, enterprise: '0367', fleet };
    });
}

describe('a replay', () => {
  it('folds what came beside a fact it cannot fold, and tells of that one', () => {
    const [one, other] = [madeCall(NOW - 1_000), madeCall(NOW - 1_000)];
    const told: string[] = [];
    const replay = new Replay(replayContext(), [], (fact, uid) => told.push(`${fact.kind} ${uid}`));
    replay.fold(factsOf([one, other], readWith({ uid: one.uid, event: 'dial' })));
    replay.until(NOW * 1_000);
    expect(told).toEqual([`fleet ${one.uid}`]);
    const over = replay.takeOver().map(({ state }) => [state.uid, state.result]);
    expect(over.sort()).toEqual([
      [one.uid, 'answered'],
      [other.uid, 'answered'],
    ]);
  });

  it('gives up a call that cannot be looked at when its time has come, and no other', () => {
    const [one, other] = [madeCall(NOW - 1_000), madeCall(NOW - 1_000)];
    const before = new Replay(replayContext());
    before.fold(factsOf([one, other], parseFleetEvent).filter(({ at }) => at < (NOW - 970) * 1_000));
    // Phones that rang and were not told of, without the phones.
    const ring = { extensions: null as unknown as string[], at: 0, due: (NOW - 960) * 1_000 };
    const open = before
      .open()
      .map((state) => (state.uid === one.uid ? { ...state, ring, wake: ring.due } : { ...state }));
    const told: string[] = [];
    const replay = new Replay(replayContext(), open, (fact, uid) => told.push(`${fact.kind} ${uid}`));
    replay.until(ring.due + 1_000);
    expect(told).toEqual([`timer ${one.uid}`]);
    expect(replay.open().map(({ uid }) => uid)).toEqual([other.uid]);
  });
});

const linesIn = (written: readonly string[]) =>
  written.filter((line) => line.includes('could not be folded')).map((line) => JSON.parse(line) as unknown);

describeWith(['asterisk-22'], 'the rows of a host', () => {
  it('are gone on with behind one that cannot be folded, which is told by its table and id and read once', () =>
    withDb(async ({ pool }) => {
      await using host = await startSshHost({ version: 22 });
      const [one, other] = [madeCall(NOW - 1_000), madeCall(NOW - 900)];
      for (const [day, rows] of rowsOf([one, other])) await keepEvents(host, day, rows);
      const written: string[] = [];
      const read = readWith({ uid: one.uid, event: 'hangup' });
      const log = createLogger('info', { write: (line: string) => void written.push(line) });
      const run = () => readHost(host, pool, { log, read });
      expect(await run()).toMatchObject({ read: one.events.length + other.events.length, unreadable: 1 });
      expect(await run()).toMatchObject({ read: 0, unreadable: 0 });
      expect((await storedIn(pool)).map(({ uid }) => uid)).toContain(other.uid);
      expect(linesIn(written)).toMatchObject([
        { level: 50, pbx: PBX, day: dayOf(one.at), table: 'a', row: one.events.length, uid: one.uid },
      ]);
    }));
});

describe("the PBX's own records", () => {
  it('become calls beside one a fact of which cannot be folded', () =>
    withDb(async ({ pool }) => {
      const [one, other] = [recordOf(NOW - 1_000), recordOf(NOW - 900)];
      await insertCdrs(pool, PBX, [one, other]);
      const written: string[] = [];
      // With the first fact: beside others, and alone.
      let bugs = 2;
      const newCallId = () => {
        if (bugs === 0) return randomUUID();
        bugs -= 1;
        throw new Error('a bug');
      };
      const source = createCdrSource({
        ...{ pbx: PBX, timezone: 'Europe/Minsk', pool, now: () => Date.now() },
        settings: { file: '', at: 'ami', zone: 'UTC', days: 1 },
        port: { ...portOn(pool), context: () => ({ ...replayContext(), newCallId }) },
        log: createLogger('info', { write: (line: string) => void written.push(line) }),
        open: () => Promise.reject(new Error('there is no file')),
      });
      const run = {
        until: Date.now(),
        window: null,
        signal: new AbortController().signal,
        onProgress: () => undefined,
      };
      expect(await source.run(run)).toMatchObject({ unreadable: 1 });
      expect((await storedIn(pool)).map(({ uid }) => uid)).toContain(other.uid);
      expect(linesIn(written)).toMatchObject([{ level: 50, pbx: PBX, record: one.uid, fact: 'channel.new' }]);
      expect(await source.run(run)).toMatchObject({ unreadable: 0, stored: 0 });
      // One of which nothing can be made is not nobody's when its day is laid side by side.
      const third = recordOf(NOW - 800);
      await insertCdrs(pool, PBX, [third]);
      bugs = Infinity;
      expect(await source.run(run)).toMatchObject({ stored: 0 });
      const day = await reconcileDay(pool, {
        ...{ enterprise: '0367', pbx: PBX, timezone: 'Europe/Minsk', day: dayOf(NOW - 800) },
        ...{ hasCdr: true, types: [], context: { ...replayContext(), newCallId } },
      });
      expect(day.differences).toMatchObject([
        { what: 'not here', call: third.uid, why: 'its records make no call; the log of recovery says why' },
      ]);
    }));
});

/** A client who talked 25 s with 151. */
function recordOf(at: number): CdrRecord {
  const [uid, start] = [`${at}.1`, at * 1_000];
  return {
    ...{ uid, linkedid: uid, src: '375290000001', dst: '0001363', context: 'from-trunk', clid: '', lastApp: 'Dial' },
    ...{ channel: `PJSIP/trunk-${at}`, dstChannel: `PJSIP/151-${at}`, disposition: 'ANSWERED' },
    ...{ start, answer: start + 5_000, end: start + 30_000, billSeconds: 25 },
  };
}

describe('posted events', () => {
  it('become calls beside one that cannot be folded', () =>
    withDb(async ({ pool }) => {
      const [one, other] = [madeCall(NOW - 1_000), madeCall(NOW - 900)];
      await insertPosted(
        pool,
        [one, other].flatMap(({ at, uid, events }) =>
          events.map(({ after, event, body }, index) => ({
            ...{ pbx: PBX, enterprise: '0367', event, uid: String(body['UniqueId']), raw: body, dated: true },
            ...{ at: (at + after) * 1_000, digest: `${uid} ${index}` },
          })),
        ),
      );
      const written: string[] = [];
      const read = readWith({ uid: one.uid, event: 'dial' });
      const posted = createPosted({
        ...{ pool, port: portOn(pool), clock: systemClock, quietMs: 0, pollMs: 50 },
        log: createLogger('info', { write: (line: string) => void written.push(line) }),
        toFact: ({ enterprise, event, raw, at }) => ({
          ...{ kind: 'fleet', source: 'webhook', at, arrivedAt: at, stamped: true, enterprise },
          fleet: read(event, raw),
        }),
      });
      const stop = new AbortController();
      const running = posted.run(stop.signal);
      await until('both calls', async () => (await storedIn(pool)).length === 2);
      stop.abort();
      await running;
      expect(linesIn(written)).toMatchObject([{ level: 50, pbx: PBX, event: 'dial', uid: one.uid }]);
    }));
});
