import { expect, test } from 'vitest';
import { aCall, createRig, logsOf, rowsOf, statesOf } from './support/rig.js';
import { groundForEach } from './support/ground.js';
import { until } from '../support/until.js';

const on = groundForEach();

test('the steps of a call arrive in order and one at a time, while calls go side by side', async () => {
  on.crm.answer(() => ({ delayMs: 20 }));
  const calls = Array.from({ length: 6 }, () => aCall());
  for (const call of calls) {
    const opening = call.ringing();
    await on.rig.owe([opening]);
  }
  await on.rig.turn();
  for (const call of calls) await on.rig.owe([call.finished(), call.recording()]);
  await on.rig.turn();
  for (const call of calls) {
    const steps = on.crm.received.filter((one) => one.id === call.externalId).map((one) => one.step);
    expect(steps).toEqual(['card.open', 'card.close', 'record', 'recording']);
    expect(await statesOf(on.db.pool, call)).toEqual({
      'card.open': 'done',
      'card.close': 'done',
      record: 'done',
      recording: 'done',
    });
  }
  expect(on.crm.maxOpen()).toBeGreaterThan(1);
});

test('a later step waits while the oldest of its call is on the wire', async () => {
  const call = aCall();
  on.crm.answer((one) => (one.step === 'record' ? { hang: true } : {}));
  await on.rig.owe([call.ringing()]);
  await on.rig.turn();
  await on.rig.owe([call.finished(), call.recording()]);
  await on.rig.worker.tick();
  await on.rig.worker.idle();
  await on.rig.worker.tick();
  await until('the record is on the wire', () => on.crm.received.some((one) => one.step === 'record'));
  expect(await on.rig.worker.tick()).toBe(0);
  expect((await rowsOf(on.db.pool, call)).find((row) => row.step === 'recording')).toMatchObject({
    state: 'pending',
    attempts: 0,
  });
  await on.crm.close();
  await on.rig.worker.idle();
});

test('a card goes before a backlog of finished calls', async () => {
  const slow = createRig({ pool: on.db.pool });
  slow.account(on.crm.url, { rate: { perSecond: 5, burst: 1 } });
  const history = Array.from({ length: 20 }, () => aCall());
  for (const call of history) await slow.owe([call.finished()]);
  await slow.worker.tick();
  await slow.worker.idle();
  const card = aCall();
  await slow.owe([card.ringing()]);
  const stop = new AbortController();
  const running = slow.worker.run(stop.signal);
  await until('the card is open', () => on.crm.received.some((one) => one.id === card.externalId));
  stop.abort();
  await running;
  await slow.close();
  const before = on.crm.received.findIndex((one) => one.id === card.externalId);
  expect(before).toBeLessThanOrEqual(4);
});

test('what one step brought back is handed to the later steps of the same call', async () => {
  const call = aCall();
  on.crm.answer((one) => (one.step === 'card.open' ? { body: { refs: { callId: 'crm-17' } } } : {}));
  await on.rig.owe([call.ringing()]);
  await on.rig.turn();
  await on.rig.owe([call.finished()]);
  await on.rig.turn();
  const record = on.crm.received.find((one) => one.step === 'record');
  expect(record).toMatchObject({ refs: { callId: 'crm-17' }, attempt: 1, afterUnknown: false });
  expect(on.crm.received.find((one) => one.step === 'card.close')).toMatchObject({ card: 'accepted' });
});

test('what is owed already is not owed twice', async () => {
  const call = aCall();
  const event = call.finished();
  await on.rig.owe([event]);
  await on.rig.owe([event]);
  await on.rig.turn();
  expect(on.crm.received.filter((one) => one.step === 'record')).toHaveLength(1);
});

test('a commit wakes the lane without waiting for the poll, in this process and in another', async () => {
  const still = createRig({ pool: on.db.pool, settings: { pollMs: 60_000 } });
  still.account(on.crm.url);
  const stop = new AbortController();
  const running = still.worker.run(stop.signal);
  const here = aCall();
  still.worker.wake(await still.owe([here.ringing()]));
  await until('the card of this process', () => on.crm.received.some((one) => one.id === here.externalId));
  const elsewhere = aCall();
  const lanes = await still.owe([elsewhere.ringing()]);
  still.worker.heard(JSON.stringify(lanes.map((lane) => [lane.enterprise, lane.type])));
  await until('the card of the other process', () => on.crm.received.some((one) => one.id === elsewhere.externalId));
  const unnamed = aCall();
  await still.owe([unnamed.ringing()]);
  still.worker.heard('');
  await until('the card nobody named', () => on.crm.received.some((one) => one.id === unnamed.externalId));
  stop.abort();
  await running;
  await still.close();
});

test('every attempt is a line of the log, under the old event names', async () => {
  const call = aCall();
  on.crm.answer(() => (on.crm.received.length === 1 ? { status: 503 } : {}));
  await on.rig.owe([call.ringing()]);
  await on.rig.turn();
  await until('the second try', async () => {
    await on.rig.turn();
    return (await statesOf(on.db.pool, call))['card.open'] === 'done';
  });
  await on.rig.owe([call.finished()]);
  await on.rig.turn();
  expect((await logsOf(on.db.pool, call)).map((one) => [one.event_type, one.step, one.status, one.attempt])).toEqual([
    ['dial', 'card.open', 'error', 1],
    ['dial', 'card.open', 'success', 2],
    ['hangup', 'card.close', 'success', 1],
    ['hangup', 'record', 'success', 1],
  ]);
  const recovered = aCall('0367', { recovered: true });
  await on.rig.owe([recovered.finished()]);
  await on.rig.turn();
  expect((await logsOf(on.db.pool, recovered)).map((one) => one.event_type)).toEqual(['download', 'download']);
});
