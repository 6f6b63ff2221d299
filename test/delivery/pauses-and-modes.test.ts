import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestDb } from '../support/db.js';
import type { TestDb } from '../support/db.js';
import { startCrm } from './support/crm.js';
import type { TestCrm } from './support/crm.js';
import { aCall, createRig, logsOf, statesOf } from './support/rig.js';
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
  rig = createRig({ pool: db.pool, settings: { lifeMs: { perishable: 400 }, backoff: { durable: { baseMs: 50 } } } });
  rig.account(crm.url);
});
afterEach(async () => {
  await rig.close();
  await crm.close();
});

test('refused settings pause their lane alone; records wait for new settings, cards expire', async () => {
  rig.account(crm.url, { enterprise: '0400' });
  crm.answer((one) =>
    one.headers['x-api-key'] === 'key-of-0367' ? { status: 403, body: { errorMsg: 'Wrong "apiKey" value.' } } : {},
  );
  const first = aCall();
  await rig.owe([first.finished()]);
  await rig.turn();
  expect(rig.worker.status()).toMatchObject([{ enterprise: '0367', paused: { code: 'FORBIDDEN' } }]);
  const tries = crm.received.length;

  const second = aCall();
  const third = aCall();
  const other = aCall('0400');
  await rig.owe([second.finished()]);
  await rig.owe([third.ringing()]);
  await rig.owe([other.finished()]);
  await until('the card has expired', async () => {
    await rig.turn();
    return (await statesOf(db.pool, third))['card.open'] === 'expired';
  });
  expect(crm.records.has(other.externalId)).toBe(true);
  expect(crm.received.filter((one) => one.id.startsWith('0367'))).toHaveLength(tries);
  expect(await statesOf(db.pool, first)).toMatchObject({ record: 'pending' });

  rig.account(crm.url, { key: 'a-new-key' });
  await until('both records', async () => {
    await rig.turn();
    return crm.records.has(first.externalId) && crm.records.has(second.externalId);
  });
  expect(rig.worker.status().every((lane) => lane.paused === null)).toBe(true);
});

test('a paused lane can be resumed by hand', async () => {
  crm.answer(() => ({ status: 403 }));
  const call = aCall();
  await rig.owe([call.finished()]);
  await rig.turn();
  crm.answer(() => ({}));
  await rig.turn();
  expect(crm.records.size).toBe(0);
  rig.worker.resume({ enterprise: '0367', type: 'testcrm' });
  await until('the record', async () => {
    await rig.turn();
    return crm.records.size === 1;
  });
});

test('a paused lane tries one row now and then, because a CRM can be mended on its side', async () => {
  const probing = createRig({ pool: db.pool, settings: { pauseProbeMs: 1_000, backoff: { durable: { baseMs: 20 } } } });
  probing.account(crm.url);
  crm.answer(() => ({ status: 403 }));
  const calls = [aCall(), aCall(), aCall()];
  for (const call of calls) await probing.owe([call.finished()]);
  await probing.turn();
  const tries = crm.received.length;
  await until('one more try', async () => {
    await probing.turn();
    return crm.received.length > tries;
  });
  expect(crm.received).toHaveLength(tries + 1);
  crm.answer(() => ({}));
  await until('all of them', async () => {
    await probing.turn();
    return crm.records.size === 3;
  });
  await probing.close();
});

test('without an account records wait, and go out when it is configured', async () => {
  rig.accounts.clear();
  const call = aCall();
  await rig.owe([call.finished()]);
  await rig.turn();
  expect(await statesOf(db.pool, call)).toMatchObject({ record: 'pending' });
  rig.account(crm.url);
  await rig.turn();
  expect(crm.records.get(call.externalId)).toBe(1);
});

test('in shadow nothing is sent, and the log shows what would have been', async () => {
  const shadow = createRig({ pool: db.pool, mayDeliver: () => 'shadow' });
  shadow.account(crm.url);
  const call = aCall();
  await shadow.owe([call.ringing()]);
  await shadow.turn();
  await shadow.owe([call.finished()]);
  await shadow.turn();
  await shadow.close();
  expect(crm.received).toEqual([]);
  expect(await statesOf(db.pool, call)).toEqual({ 'card.open': 'skipped', 'card.close': 'skipped', record: 'skipped' });
  const logs = await logsOf(db.pool, call);
  expect(logs.map((one) => [one.step, one.status, one.error_message])).toEqual([
    ['card.open', 'skipped', 'shadow'],
    ['card.close', 'skipped', 'shadow'],
    ['record', 'skipped', 'shadow'],
  ]);
  for (const one of logs) {
    expect(one.request_data).toMatchObject({
      method: 'POST',
      url: `${crm.url}/rest/1/[secret]/${one.step}?apiKey=[secret]`,
    });
    expect(JSON.stringify(one.request_data)).toContain(call.externalId);
  }
});

test('a call that began before the take-over is not sent after it, however late it ended', async () => {
  const takeover = Date.now() + 1_000;
  const late = createRig({ pool: db.pool, mayDeliver: (_, at) => (at >= takeover ? 'send' : 'before the take-over') });
  late.account(crm.url);
  const old = aCall();
  await late.owe([{ ...old.finished(), at: takeover + 1 }]);
  const fresh = aCall();
  const finished = fresh.finished();
  await late.owe([{ ...finished, at: takeover + 1, call: { ...finished.call, startedAt: takeover + 1 } }]);
  await late.turn();
  await late.close();
  expect([...crm.records.keys()]).toEqual([fresh.externalId]);
  expect(await statesOf(db.pool, old)).toMatchObject({ record: 'skipped' });
});
