import { expect, test } from 'vitest';
import { systemClock } from '../../src/platform/clock.js';
import { aCall, createRig, logsOf, rowsOf, statesOf } from './support/rig.js';
import { groundForEach } from './support/ground.js';
import type { Rig } from './support/rig.js';
import { until } from '../support/until.js';

const on = groundForEach({ lifeMs: { perishable: 1_200, closing: 2_000 } });

async function settledAs(call: { id: string }, states: Record<string, string>, by: Rig = on.rig): Promise<void> {
  await until(JSON.stringify(states), async () => {
    await by.turn();
    const now = await statesOf(on.db.pool, call);
    return Object.entries(states).every(([step, state]) => now[step] === state);
  });
}

test('an event that is too old already is written down as expired and never sent', async () => {
  const call = aCall();
  const event = call.ringing();
  await on.rig.owe([event], { arrivedAt: Date.now() - 1_300 });
  await on.rig.turn();
  expect(await statesOf(on.db.pool, call)).toEqual({ 'card.open': 'expired' });
  expect(await logsOf(on.db.pool, call)).toMatchObject([{ status: 'expired', step: 'card.open', event_type: 'dial' }]);
  expect(on.crm.received).toEqual([]);
});

test('an old finish is owed all the same', async () => {
  const call = aCall();
  await on.rig.owe([call.finished()], { arrivedAt: Date.now() - 3_600_000 });
  await on.rig.turn();
  expect(await statesOf(on.db.pool, call)).toEqual({ 'card.close': 'expired', record: 'done' });
});

test('a card that cannot be opened in time expires, is logged so, and never comes late', async () => {
  on.crm.answer(() => ({ status: 503 }));
  const call = aCall();
  await on.rig.owe([call.ringing()]);
  await settledAs(call, { 'card.open': 'expired' });
  const logs = await logsOf(on.db.pool, call);
  expect(logs.at(-1)).toMatchObject({ status: 'expired' });
  expect(logs.filter((one) => one.attempt !== null)).toHaveLength(on.crm.received.length);
  on.crm.answer(() => ({}));
  const tries = on.crm.received.length;
  await on.rig.turn();
  await systemClock.sleep(100);
  await on.rig.turn();
  expect(on.crm.received).toHaveLength(tries);
});

test('a card attempt is cut off at its expiry, and may be open then', async () => {
  on.crm.answer((one) => (one.step === 'card.open' ? { hang: true } : {}));
  const call = aCall();
  await on.rig.owe([call.ringing()]);
  await settledAs(call, { 'card.open': 'expired' });
  expect((await logsOf(on.db.pool, call)).map((one) => one.status)).toEqual(['unknown', 'expired']);
  await on.rig.owe([call.finished()]);
  await on.rig.turn();
  expect(on.crm.received.find((one) => one.step === 'card.close')).toMatchObject({ card: 'unknown' });
});

test('a finish does not wait for a failing card: the card is superseded', async () => {
  const patient = createRig({ pool: on.db.pool, settings: { backoff: { perishable: { baseMs: 5_000 } } } });
  patient.account(on.crm.url);
  on.crm.answer((one) => (one.step === 'card.open' ? { status: 503 } : {}));
  const call = aCall();
  await patient.owe([call.ringing()]);
  await patient.turn();
  await patient.owe([call.finished()]);
  await patient.turn();
  await patient.close();
  expect(await statesOf(on.db.pool, call)).toEqual({ 'card.open': 'skipped', 'card.close': 'skipped', record: 'done' });
  expect((await logsOf(on.db.pool, call)).map((one) => [one.step, one.status])).toEqual([
    ['card.open', 'error'],
    ['card.open', 'skipped'],
    ['card.close', 'skipped'],
    ['record', 'success'],
  ]);
});

test('a card whose attempt fails after the finish was owed is superseded too', async () => {
  on.crm.answer((one) => (one.step === 'card.open' ? { status: 503, delayMs: 150 } : {}));
  const patient = createRig({ pool: on.db.pool, settings: { backoff: { perishable: { baseMs: 5_000 } } } });
  patient.account(on.crm.url);
  const call = aCall();
  await patient.owe([call.ringing()]);
  await patient.worker.tick();
  await patient.owe([call.finished()]);
  await patient.worker.idle();
  await patient.turn();
  await patient.close();
  expect(await statesOf(on.db.pool, call)).toMatchObject({ 'card.open': 'skipped', record: 'done' });
});

test('a close is owed only where a card was opened or may have been', async () => {
  const bare = aCall();
  await on.rig.owe([bare.finished()]);
  await on.rig.turn();
  expect(await statesOf(on.db.pool, bare)).toEqual({ 'card.close': 'skipped', record: 'done' });
  expect((await logsOf(on.db.pool, bare))[0]).toMatchObject({ status: 'skipped', error_message: 'no card to close' });

  const opened = aCall();
  await on.rig.owe([opened.ringing()]);
  await on.rig.turn();
  await on.rig.owe([opened.answered()]);
  await on.rig.turn();
  await on.rig.owe([opened.finished()]);
  await on.rig.turn();
  const steps = on.crm.received.filter((one) => one.id === opened.externalId).map((one) => `${one.step} ${one.seq}`);
  // The close at the answer closed it; nothing is left to close at the finish.
  expect(steps).toEqual(['card.open 1', 'card.close 2', 'record 3']);
});

test('a close that fails is superseded by the close of the finish', async () => {
  const patient = createRig({ pool: on.db.pool, settings: { backoff: { closing: { baseMs: 60_000 } } } });
  patient.account(on.crm.url);
  on.crm.answer((one) => (one.step === 'card.close' && one.seq === 2 ? { status: 503 } : {}));
  const call = aCall();
  await patient.owe([call.ringing()]);
  await patient.owe([call.answered()]);
  await patient.turn();
  await patient.owe([call.finished()]);
  await patient.turn();
  await patient.close();
  const rows = await rowsOf(on.db.pool, call);
  expect(rows.map((row) => [row.step, row.state, row.last_code])).toEqual([
    ['card.open', 'done', null],
    ['card.close', 'skipped', 'SUPERSEDED'],
    ['card.close', 'done', null],
    ['record', 'done', null],
  ]);
});

test('a close that never succeeds expires, and the record follows', async () => {
  on.crm.answer((one) => (one.step === 'card.close' ? { status: 500 } : {}));
  const call = aCall();
  await on.rig.owe([call.ringing()]);
  await on.rig.turn();
  await on.rig.owe([call.finished()]);
  await settledAs(call, { 'card.close': 'expired', record: 'done' });
});

test('a card the rate leaves no room for is skipped at once, a finish is not', async () => {
  const tight = createRig({ pool: on.db.pool, settings: { lifeMs: { perishable: 40_000 } } });
  tight.account(on.crm.url, { rate: { perSecond: 0.1, burst: 1 } });
  const calls = Array.from({ length: 20 }, () => aCall());
  for (const call of calls) await tight.owe([call.ringing()]);
  const last = aCall();
  await tight.owe([last.finished()]);
  await tight.worker.tick();
  await tight.worker.tick();
  await tight.worker.idle();
  await tight.close();
  const { rows } = await on.db.pool.query<{ state: string; n: number; why: string | null }>(
    `SELECT state, count(*)::int AS n, max(last_error) AS why FROM deliveries WHERE step = 'card.open' GROUP BY 1 ORDER BY 1`,
  );
  // One goes at once. At one in ten seconds, half kept for finishes, one or two more fit into forty.
  const [done, pending, skipped] = rows;
  expect(done).toMatchObject({ state: 'done', n: 1 });
  expect(pending?.n).toBeGreaterThanOrEqual(1);
  expect(pending?.n).toBeLessThanOrEqual(4);
  expect(skipped).toEqual({ state: 'skipped', n: 19 - (pending?.n ?? 0), why: 'rate budget' });
  const logged = await on.db.pool.query(
    `SELECT FROM integration_logs WHERE status = 'skipped' AND error_message = 'rate budget'`,
  );
  expect(logged.rowCount).toBe(skipped?.n);
  expect(await statesOf(on.db.pool, last)).toMatchObject({ record: 'pending' });
});

test('a step that carries the whole state takes the place of an unsent one of its name, and waits for a later one itself', async () => {
  const call = aCall();
  const view = [{ step: 'view', class: 'perishable', latest: true, holdMs: 300 }] as const;
  await on.rig.owe([call.ringing()], { steps: view });
  await on.rig.owe([call.answered()], { steps: view });
  await on.rig.turn();
  expect(on.crm.received).toEqual([]);
  await until('sent', async () => {
    await on.rig.turn();
    return on.crm.received.length > 0;
  });
  expect(on.crm.received).toMatchObject([{ step: 'view', seq: 2 }]);
  const rows = await rowsOf(on.db.pool, call);
  expect(rows.map(({ state, last_code }) => [state, last_code])).toEqual([
    ['skipped', 'SUPERSEDED'],
    ['done', null],
  ]);
  expect(await logsOf(on.db.pool, call)).toMatchObject([
    { status: 'skipped', error_message: expect.stringContaining('gone on') as string },
    { status: 'success' },
  ]);
});
