import { expect, test } from 'vitest';
import { aCall, createRig, logsOf, statesOf } from './support/rig.js';
import { groundForEach } from './support/ground.js';
import { until } from '../support/until.js';

const on = groundForEach({ lifeMs: { perishable: 400 }, backoff: { durable: { baseMs: 50 } } });

test('refused settings pause their lane alone; records wait for new settings, cards expire', async () => {
  on.rig.account(on.crm.url, { enterprise: '0400' });
  on.crm.answer((one) =>
    one.headers['x-api-key'] === 'key-of-0367' ? { status: 403, body: { errorMsg: 'Wrong "apiKey" value.' } } : {},
  );
  const first = aCall();
  await on.rig.owe([first.finished()]);
  await on.rig.turn();
  expect(on.rig.worker.status()).toMatchObject([{ enterprise: '0367', paused: { code: 'FORBIDDEN' } }]);
  const tries = on.crm.received.length;

  const second = aCall();
  const third = aCall();
  const other = aCall('0400');
  await on.rig.owe([second.finished()]);
  await on.rig.owe([third.ringing()]);
  await on.rig.owe([other.finished()]);
  await until('the card has expired', async () => {
    await on.rig.turn();
    return (await statesOf(on.db.pool, third))['card.open'] === 'expired';
  });
  expect(on.crm.records.has(other.externalId)).toBe(true);
  expect(on.crm.received.filter((one) => one.id.startsWith('0367'))).toHaveLength(tries);
  expect(await statesOf(on.db.pool, first)).toMatchObject({ record: 'pending' });

  on.rig.account(on.crm.url, { key: 'a-new-key' });
  await until('both records', async () => {
    await on.rig.turn();
    return on.crm.records.has(first.externalId) && on.crm.records.has(second.externalId);
  });
  expect(on.rig.worker.status().every((lane) => lane.paused === null)).toBe(true);
});

test('a paused lane can be resumed by hand', async () => {
  on.crm.answer(() => ({ status: 403 }));
  const call = aCall();
  await on.rig.owe([call.finished()]);
  await on.rig.turn();
  on.crm.answer(() => ({}));
  await on.rig.turn();
  expect(on.crm.records.size).toBe(0);
  on.rig.worker.resume({ enterprise: '0367', type: 'testcrm' });
  await until('the record', async () => {
    await on.rig.turn();
    return on.crm.records.size === 1;
  });
});

test('a paused lane tries one row now and then, because a CRM can be mended on its side', async () => {
  const probing = createRig({
    pool: on.db.pool,
    settings: { pauseProbeMs: 1_000, backoff: { durable: { baseMs: 20 } } },
  });
  probing.account(on.crm.url);
  on.crm.answer(() => ({ status: 403 }));
  const calls = [aCall(), aCall(), aCall()];
  for (const call of calls) await probing.owe([call.finished()]);
  await probing.turn();
  const tries = on.crm.received.length;
  await until('one more try', async () => {
    await probing.turn();
    return on.crm.received.length > tries;
  });
  expect(on.crm.received).toHaveLength(tries + 1);
  on.crm.answer(() => ({}));
  await until('all of them', async () => {
    await probing.turn();
    return on.crm.records.size === 3;
  });
  await probing.close();
});

test('without an account records wait, and go out when it is configured', async () => {
  on.rig.accounts.clear();
  const call = aCall();
  await on.rig.owe([call.finished()]);
  await on.rig.turn();
  expect(await statesOf(on.db.pool, call)).toMatchObject({ record: 'pending' });
  on.rig.account(on.crm.url);
  await on.rig.turn();
  expect(on.crm.records.get(call.externalId)).toBe(1);
});

test('in shadow nothing is sent, and the log shows what would have been', async () => {
  const shadow = createRig({ pool: on.db.pool, mayDeliver: () => 'shadow' });
  shadow.account(on.crm.url);
  const call = aCall();
  await shadow.owe([call.ringing()]);
  await shadow.turn();
  await shadow.owe([call.finished()]);
  await shadow.turn();
  await shadow.close();
  expect(on.crm.received).toEqual([]);
  expect(await statesOf(on.db.pool, call)).toEqual({
    'card.open': 'skipped',
    'card.close': 'skipped',
    record: 'skipped',
  });
  const logs = await logsOf(on.db.pool, call);
  expect(logs.map((one) => [one.step, one.status, one.error_message])).toEqual([
    ['card.open', 'skipped', 'shadow'],
    ['card.close', 'skipped', 'shadow'],
    ['record', 'skipped', 'shadow'],
  ]);
  for (const one of logs) {
    expect(one.request_data).toMatchObject({
      method: 'POST',
      url: `${on.crm.url}/rest/1/[secret]/${one.step}?apiKey=[secret]`,
    });
    expect(JSON.stringify(one.request_data)).toContain(call.externalId);
  }
});

test('a call that began before the take-over is not sent after it, however late it ended', async () => {
  const takeover = Date.now() + 1_000;
  const late = createRig({
    pool: on.db.pool,
    mayDeliver: (_, at) => (at >= takeover ? 'send' : 'before the take-over'),
  });
  late.account(on.crm.url);
  const old = aCall();
  await late.owe([{ ...old.finished(), at: takeover + 1 }]);
  const fresh = aCall();
  const finished = fresh.finished();
  await late.owe([{ ...finished, at: takeover + 1, call: { ...finished.call, startedAt: takeover + 1 } }]);
  await late.turn();
  await late.close();
  expect([...on.crm.records.keys()]).toEqual([fresh.externalId]);
  expect(await statesOf(on.db.pool, old)).toMatchObject({ record: 'skipped' });
});
