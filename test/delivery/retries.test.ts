import { expect, test } from 'vitest';
import type { Connection } from '../../src/integrations/contract.js';
import { listDeliveries, replayDeliveries } from '../../src/delivery/inspect.js';
import { createDeliveryRetention, DEFAULT_RETENTION } from '../../src/delivery/retention.js';
import { systemClock } from '../../src/platform/clock.js';
import { testConnector } from './support/connector.js';
import { aCall, createRig, log, logsOf, rowsOf, statesOf } from './support/rig.js';
import { groundForEach } from './support/ground.js';
import type { Rig } from './support/rig.js';
import { until } from '../support/until.js';

const on = groundForEach({ backoff: { durable: { baseMs: 100, maxMs: 400 } } });

async function turnUntil(what: string, test: () => Promise<boolean>, by: Rig = on.rig): Promise<void> {
  await until(what, async () => {
    await by.turn();
    return test();
  });
}

test('a busy CRM is tried again with growing pauses until it takes the record', async () => {
  const call = aCall();
  on.crm.answer(() => (on.crm.received.length < 4 ? { status: 503 } : {}));
  await on.rig.owe([call.finished()]);
  await turnUntil('done', async () => (await statesOf(on.db.pool, call))['record'] === 'done');
  const pauses = on.crm.received.slice(1).map((one, i) => one.at - (on.crm.received[i]?.at ?? 0));
  expect(pauses).toHaveLength(3);
  expect(pauses[0]).toBeGreaterThanOrEqual(90);
  expect(pauses[1]).toBeGreaterThanOrEqual(190);
  expect(pauses[2]).toBeGreaterThanOrEqual(390);
  expect(on.crm.received.map((one) => one.attempt)).toEqual([1, 2, 3, 4]);
  expect(on.crm.received.every((one) => !one.afterUnknown)).toBe(true);
});

test('Retry-After is waited for, and not beyond what we allow', async () => {
  const asked = aCall();
  on.crm.answer(() => ({ status: 503, headers: { 'retry-after': '120' } }));
  await on.rig.owe([asked.finished()]);
  await on.rig.turn();
  const row = (await rowsOf(on.db.pool, asked)).find((one) => one.step === 'record');
  expect(row?.due_in).toBeGreaterThan(110_000);
  expect(row?.due_in).toBeLessThanOrEqual(120_000);
  const far = aCall();
  on.crm.answer(() => ({ status: 503, headers: { 'retry-after': '86400' } }));
  await on.rig.owe([far.finished()]);
  await on.rig.turn();
  const bounded = (await rowsOf(on.db.pool, far)).find((one) => one.step === 'record');
  expect(bounded?.due_in).toBeGreaterThan(14 * 60_000);
  expect(bounded?.due_in).toBeLessThanOrEqual(15 * 60_000);
});

test('an account that asks for a pause gets it for everything', async () => {
  on.crm.answer(() => ({ status: 429, headers: { 'retry-after': '2' } }));
  await on.rig.owe([aCall().finished()]);
  await on.rig.turn();
  await on.rig.owe([aCall().finished()]);
  await on.rig.turn();
  expect(on.crm.received).toHaveLength(1);
  on.crm.answer(() => ({}));
  await turnUntil('both', () => Promise.resolve(on.crm.records.size === 2));
  expect((on.crm.received[1]?.at ?? 0) - (on.crm.received[0]?.at ?? 0)).toBeGreaterThanOrEqual(1_990);
});

test('a refused record is dead at once and can be replayed', async () => {
  const call = aCall();
  on.crm.answer(() => ({ status: 400, body: { errorMsg: 'Validation error' } }));
  await on.rig.owe([call.finished()]);
  await on.rig.turn();
  expect(on.crm.received).toHaveLength(1);
  const dead = await listDeliveries(on.db.pool, { states: ['dead'], externalId: call.externalId });
  expect(dead).toMatchObject([
    { step: 'record', attempts: 1, lastCode: 'BAD_DATA', event: 'call.finished', type: 'testcrm' },
  ]);
  on.crm.answer(() => ({}));
  const replayed = await replayDeliveries(on.db.pool, { filter: { enterprise: '0367' } }, 60_000);
  expect(replayed.map((one) => one.id)).toEqual(dead.map((one) => one.id));
  await on.rig.turn();
  expect(await statesOf(on.db.pool, call)).toMatchObject({ record: 'done' });
  expect(await replayDeliveries(on.db.pool, { ids: replayed.map((one) => one.id) }, 60_000)).toEqual([]);
});

test('cards are never replayed', async () => {
  const call = aCall();
  on.crm.answer(() => ({ status: 400 }));
  await on.rig.owe([call.ringing()]);
  await on.rig.turn();
  const [card] = await rowsOf(on.db.pool, call);
  expect(card).toMatchObject({ state: 'dead' });
  expect(await replayDeliveries(on.db.pool, { ids: [card?.id ?? '0'] }, 60_000)).toEqual([]);
  expect(await replayDeliveries(on.db.pool, { filter: {} }, 60_000)).toEqual([]);
});

test('a record nobody takes is dead when its days are over', async () => {
  const short = createRig({
    pool: on.db.pool,
    settings: { lifeMs: { durable: 1_500 }, backoff: { durable: { baseMs: 100, maxMs: 100 } } },
  });
  short.account(on.crm.url);
  on.crm.answer(() => ({ status: 503 }));
  const call = aCall();
  await short.owe([call.finished()]);
  await turnUntil('dead', async () => (await statesOf(on.db.pool, call))['record'] === 'dead', short);
  expect(on.crm.received.length).toBeGreaterThan(1);
  await short.close();
});

test('a connector that throws is our bug: logged, retried, and no one else suffers', async () => {
  const bugs: unknown[] = [];
  let throws = true;
  const buggy: typeof testConnector = {
    ...testConnector,
    id: 'buggy',
    connect(settings, deps): Connection {
      const good = testConnector.connect(settings, deps);
      return {
        ...good,
        deliver(job, attempt) {
          if (throws) throw new TypeError('cannot read properties of key-of-0367');
          return good.deliver(job, attempt);
        },
      };
    },
  };
  const watched = log.child({}, { level: 'error' });
  watched.error = ((line: unknown) => bugs.push(line)) as typeof watched.error;
  const mine = createRig({
    pool: on.db.pool,
    settings: { backoff: { durable: { baseMs: 50 } } },
    worker: { log: watched },
  });
  mine.account(on.crm.url);
  mine.account(on.crm.url, { type: 'buggy', connector: buggy });
  const call = aCall();
  const finished = call.finished();
  const steps = [{ step: 'record', class: 'durable' as const }];
  await mine.owe([finished], { type: 'buggy', steps });
  await mine.owe([finished], { steps });
  await mine.turn();
  expect(on.crm.received).toHaveLength(1);
  expect(JSON.stringify(bugs)).toContain('cannot read properties of [secret]');
  throws = false;
  await turnUntil('both done', async () => (await rowsOf(on.db.pool, call)).every((row) => row.state === 'done'), mine);
  await mine.close();
});

test('odd text from a CRM does not stop its row from being settled', async () => {
  const call = aCall();
  on.crm.answer(() => ({ body: { refs: { 'od\u0000d': 'a\u0000b\ud800' }, text: '\u0000\ud83d' } }));
  await on.rig.owe([call.finished()]);
  await on.rig.turn();
  expect(await statesOf(on.db.pool, call)).toMatchObject({ record: 'done' });
});

test('a breaker spares a CRM that is down, and no other', async () => {
  const breaker = { minAttempts: 4, openMs: 60_000, maxOpenMs: 60_000 };
  const sparing = createRig({ pool: on.db.pool, settings: { breaker, parallel: 20 } });
  sparing.account(on.crm.url);
  sparing.account(on.crm.url, { enterprise: '0400' });
  on.crm.answer((one) => (one.id.startsWith('0367') ? { status: 503 } : {}));
  for (let i = 0; i < 10; i++) await sparing.owe([aCall().finished()]);
  await sparing.turn();
  const tries = on.crm.received.length;
  expect(tries).toBeLessThanOrEqual(10);
  expect(sparing.worker.status()).toMatchObject([{ enterprise: '0367', breaker: 'open' }]);
  const other = aCall('0400');
  await sparing.owe([aCall().finished()]);
  await sparing.owe([other.finished()]);
  await sparing.turn();
  expect(on.crm.received.slice(tries).map((one) => one.id)).toEqual([other.externalId]);
  await sparing.close();
});

test('what waited in back-off goes out when the CRM is back', async () => {
  const breaker = { minAttempts: 4, openMs: 100, maxOpenMs: 200 };
  const mine = createRig({
    pool: on.db.pool,
    settings: { breaker, backoff: { durable: { baseMs: 60_000, maxMs: 60_000 } }, parallel: 20 },
  });
  mine.account(on.crm.url);
  on.crm.answer(() => ({ status: 503 }));
  const calls = Array.from({ length: 10 }, () => aCall());
  for (const call of calls) await mine.owe([call.finished()]);
  await mine.turn();
  on.crm.answer(() => ({}));
  await turnUntil('all', () => Promise.resolve(calls.every((call) => on.crm.records.get(call.externalId) === 1)), mine);
  await mine.close();
});

test('rows a CRM asked to hold back are not brought forward when it recovers', async () => {
  const breaker = { minAttempts: 2, openMs: 50, maxOpenMs: 50 };
  const mine = createRig({
    pool: on.db.pool,
    settings: { breaker, backoff: { durable: { baseMs: 60_000, maxMs: 60_000 } } },
  });
  mine.account(on.crm.url);
  const held = aCall();
  on.crm.answer(() => ({ status: 503, headers: { 'retry-after': '100' } }));
  await mine.owe([held.finished()]);
  await mine.turn();
  on.crm.answer(() => ({ status: 503 }));
  const failing = [aCall(), aCall()];
  for (const call of failing) await mine.owe([call.finished()]);
  await mine.turn();
  on.crm.answer(() => ({}));
  // Everything is in back-off for a minute: one is tried out of turn, and finds the CRM well again.
  await turnUntil(
    'the others',
    () => Promise.resolve(failing.every((call) => on.crm.records.has(call.externalId))),
    mine,
  );
  expect(on.crm.records.has(held.externalId)).toBe(false);
  await mine.close();
});

test('what is settled is dropped by age, dead letters later', async () => {
  const done = aCall();
  const dead = aCall();
  await on.rig.owe([done.finished()]);
  await on.rig.turn();
  on.crm.answer(() => ({ status: 400 }));
  await on.rig.owe([dead.finished()]);
  await on.rig.turn();
  await systemClock.sleep(20);
  const settings = { ...DEFAULT_RETENTION, settledMs: 10, batch: 1 };
  const retention = createDeliveryRetention({ pool: on.db.pool, clock: systemClock, log, settings });
  await retention.tick();
  expect(await rowsOf(on.db.pool, done)).toEqual([]);
  expect(await statesOf(on.db.pool, dead)).toEqual({ record: 'dead' });
  expect(await logsOf(on.db.pool, done)).not.toEqual([]);
});
