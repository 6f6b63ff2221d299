import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Connection } from '../../src/integrations/contract.js';
import { listDeliveries, replayDeliveries } from '../../src/delivery/inspect.js';
import { createDeliveryRetention, DEFAULT_RETENTION } from '../../src/delivery/retention.js';
import { systemClock } from '../../src/platform/clock.js';
import { createTestDb } from '../support/db.js';
import type { TestDb } from '../support/db.js';
import { startCrm } from './support/crm.js';
import type { TestCrm } from './support/crm.js';
import { testConnector } from './support/connector.js';
import { aCall, createRig, log, logsOf, rowsOf, statesOf } from './support/rig.js';
import { until } from '../support/until.js';
import type { Rig } from './support/rig.js';

let db: TestDb;
let crm: TestCrm;
let rig: Rig;

beforeAll(async () => {
  db = await createTestDb({ max: 10 });
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.pool.query('TRUNCATE deliveries, delivery_refs, integration_logs, leases');
  crm = await startCrm();
  rig = createRig({ pool: db.pool, settings: { backoff: { durable: { baseMs: 100, maxMs: 400 } } } });
  rig.account(crm.url);
});
afterEach(async () => {
  await rig.close();
  await crm.close();
});

async function turnUntil(what: string, test: () => Promise<boolean>, by: Rig = rig): Promise<void> {
  await until(what, async () => {
    await by.turn();
    return test();
  });
}

test('a busy CRM is tried again with growing pauses until it takes the record', async () => {
  const call = aCall();
  crm.answer(() => (crm.received.length < 4 ? { status: 503 } : {}));
  await rig.owe([call.finished()]);
  await turnUntil('done', async () => (await statesOf(db.pool, call))['record'] === 'done');
  const pauses = crm.received.slice(1).map((one, i) => one.at - (crm.received[i]?.at ?? 0));
  expect(pauses).toHaveLength(3);
  expect(pauses[0]).toBeGreaterThanOrEqual(90);
  expect(pauses[1]).toBeGreaterThanOrEqual(190);
  expect(pauses[2]).toBeGreaterThanOrEqual(390);
  expect(crm.received.map((one) => one.attempt)).toEqual([1, 2, 3, 4]);
  expect(crm.received.every((one) => !one.afterUnknown)).toBe(true);
});

test('Retry-After is waited for, and not beyond what we allow', async () => {
  const asked = aCall();
  crm.answer(() => ({ status: 503, headers: { 'retry-after': '120' } }));
  await rig.owe([asked.finished()]);
  await rig.turn();
  const row = (await rowsOf(db.pool, asked)).find((one) => one.step === 'record');
  expect(row?.due_in).toBeGreaterThan(110_000);
  expect(row?.due_in).toBeLessThanOrEqual(120_000);
  const far = aCall();
  crm.answer(() => ({ status: 503, headers: { 'retry-after': '86400' } }));
  await rig.owe([far.finished()]);
  await rig.turn();
  const bounded = (await rowsOf(db.pool, far)).find((one) => one.step === 'record');
  expect(bounded?.due_in).toBeGreaterThan(14 * 60_000);
  expect(bounded?.due_in).toBeLessThanOrEqual(15 * 60_000);
});

test('an account that asks for a pause gets it for everything', async () => {
  crm.answer(() => ({ status: 429, headers: { 'retry-after': '2' } }));
  await rig.owe([aCall().finished()]);
  await rig.turn();
  await rig.owe([aCall().finished()]);
  await rig.turn();
  expect(crm.received).toHaveLength(1);
  crm.answer(() => ({}));
  await turnUntil('both', () => Promise.resolve(crm.records.size === 2));
  expect((crm.received[1]?.at ?? 0) - (crm.received[0]?.at ?? 0)).toBeGreaterThanOrEqual(1_990);
});

test('a refused record is dead at once and can be replayed', async () => {
  const call = aCall();
  crm.answer(() => ({ status: 400, body: { errorMsg: 'Validation error' } }));
  await rig.owe([call.finished()]);
  await rig.turn();
  expect(crm.received).toHaveLength(1);
  const dead = await listDeliveries(db.pool, { states: ['dead'], externalId: call.externalId });
  expect(dead).toMatchObject([
    { step: 'record', attempts: 1, lastCode: 'BAD_DATA', event: 'call.finished', type: 'testcrm' },
  ]);
  crm.answer(() => ({}));
  const replayed = await replayDeliveries(db.pool, { filter: { enterprise: '0367' } }, 60_000);
  expect(replayed.map((one) => one.id)).toEqual(dead.map((one) => one.id));
  await rig.turn();
  expect(await statesOf(db.pool, call)).toMatchObject({ record: 'done' });
  expect(await replayDeliveries(db.pool, { ids: replayed.map((one) => one.id) }, 60_000)).toEqual([]);
});

test('cards are never replayed', async () => {
  const call = aCall();
  crm.answer(() => ({ status: 400 }));
  await rig.owe([call.ringing()]);
  await rig.turn();
  const [card] = await rowsOf(db.pool, call);
  expect(card).toMatchObject({ state: 'dead' });
  expect(await replayDeliveries(db.pool, { ids: [card?.id ?? '0'] }, 60_000)).toEqual([]);
  expect(await replayDeliveries(db.pool, { filter: {} }, 60_000)).toEqual([]);
});

test('a record nobody takes is dead when its days are over', async () => {
  const short = createRig({
    pool: db.pool,
    settings: { lifeMs: { durable: 1_500 }, backoff: { durable: { baseMs: 100, maxMs: 100 } } },
  });
  short.account(crm.url);
  crm.answer(() => ({ status: 503 }));
  const call = aCall();
  await short.owe([call.finished()]);
  await turnUntil('dead', async () => (await statesOf(db.pool, call))['record'] === 'dead', short);
  expect(crm.received.length).toBeGreaterThan(1);
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
    pool: db.pool,
    settings: { backoff: { durable: { baseMs: 50 } } },
    worker: { log: watched },
  });
  mine.account(crm.url);
  mine.account(crm.url, { type: 'buggy', connector: buggy });
  const call = aCall();
  const finished = call.finished();
  const steps = [{ step: 'record', class: 'durable' as const }];
  await mine.owe([finished], { type: 'buggy', steps });
  await mine.owe([finished], { steps });
  await mine.turn();
  expect(crm.received).toHaveLength(1);
  expect(JSON.stringify(bugs)).toContain('cannot read properties of [secret]');
  throws = false;
  await turnUntil('both done', async () => (await rowsOf(db.pool, call)).every((row) => row.state === 'done'), mine);
  await mine.close();
});

test('odd text from a CRM does not stop its row from being settled', async () => {
  const call = aCall();
  crm.answer(() => ({ body: { refs: { 'od\u0000d': 'a\u0000b\ud800' }, text: '\u0000\ud83d' } }));
  await rig.owe([call.finished()]);
  await rig.turn();
  expect(await statesOf(db.pool, call)).toMatchObject({ record: 'done' });
});

test('a breaker spares a CRM that is down, and no other', async () => {
  const breaker = { minAttempts: 4, openMs: 60_000, maxOpenMs: 60_000 };
  const sparing = createRig({ pool: db.pool, settings: { breaker, parallel: 20 } });
  sparing.account(crm.url);
  sparing.account(crm.url, { enterprise: '0400' });
  crm.answer((one) => (one.id.startsWith('0367') ? { status: 503 } : {}));
  for (let i = 0; i < 10; i++) await sparing.owe([aCall().finished()]);
  await sparing.turn();
  const tries = crm.received.length;
  expect(tries).toBeLessThanOrEqual(10);
  expect(sparing.worker.status()).toMatchObject([{ enterprise: '0367', breaker: 'open' }]);
  const other = aCall('0400');
  await sparing.owe([aCall().finished()]);
  await sparing.owe([other.finished()]);
  await sparing.turn();
  expect(crm.received.slice(tries).map((one) => one.id)).toEqual([other.externalId]);
  await sparing.close();
});

test('what waited in back-off goes out when the CRM is back', async () => {
  const breaker = { minAttempts: 4, openMs: 100, maxOpenMs: 200 };
  const mine = createRig({
    pool: db.pool,
    settings: { breaker, backoff: { durable: { baseMs: 60_000, maxMs: 60_000 } }, parallel: 20 },
  });
  mine.account(crm.url);
  crm.answer(() => ({ status: 503 }));
  const calls = Array.from({ length: 10 }, () => aCall());
  for (const call of calls) await mine.owe([call.finished()]);
  await mine.turn();
  crm.answer(() => ({}));
  await turnUntil('all', () => Promise.resolve(calls.every((call) => crm.records.get(call.externalId) === 1)), mine);
  await mine.close();
});

test('rows a CRM asked to hold back are not brought forward when it recovers', async () => {
  const breaker = { minAttempts: 2, openMs: 50, maxOpenMs: 50 };
  const mine = createRig({
    pool: db.pool,
    settings: { breaker, backoff: { durable: { baseMs: 60_000, maxMs: 60_000 } } },
  });
  mine.account(crm.url);
  const held = aCall();
  crm.answer(() => ({ status: 503, headers: { 'retry-after': '100' } }));
  await mine.owe([held.finished()]);
  await mine.turn();
  crm.answer(() => ({ status: 503 }));
  const failing = [aCall(), aCall()];
  for (const call of failing) await mine.owe([call.finished()]);
  await mine.turn();
  crm.answer(() => ({}));
  // Everything is in back-off for a minute: one is tried out of turn, and finds the CRM well again.
  await turnUntil('the others', () => Promise.resolve(failing.every((call) => crm.records.has(call.externalId))), mine);
  expect(crm.records.has(held.externalId)).toBe(false);
  await mine.close();
});

test('what is settled is dropped by age, dead letters later', async () => {
  const done = aCall();
  const dead = aCall();
  await rig.owe([done.finished()]);
  await rig.turn();
  crm.answer(() => ({ status: 400 }));
  await rig.owe([dead.finished()]);
  await rig.turn();
  await systemClock.sleep(20);
  const settings = { ...DEFAULT_RETENTION, settledMs: 10, batch: 1 };
  const retention = createDeliveryRetention({ pool: db.pool, clock: systemClock, log, settings });
  await retention.tick();
  expect(await rowsOf(db.pool, done)).toEqual([]);
  expect(await statesOf(db.pool, dead)).toEqual({ record: 'dead' });
  expect(await logsOf(db.pool, done)).not.toEqual([]);
});
