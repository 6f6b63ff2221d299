import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestDb } from '../support/db.js';
import type { TestDb } from '../support/db.js';
import { acquireLimits, leaseKeyOf } from '../../src/delivery/lease-store.js';
import { claim, settle } from '../../src/delivery/store.js';
import { startCrm } from './support/crm.js';
import type { TestCrm } from './support/crm.js';
import { aCall, createRig, logsOf, rowsOf, statesOf } from './support/rig.js';
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
  rig = createRig({ pool: db.pool, settings: { backoff: { durable: { baseMs: 50 } } } });
  rig.account(crm.url);
});
afterEach(async () => {
  await rig.close();
  await crm.close();
});

const KEY = leaseKeyOf('testcrm', 'key-of-0367');
const LANE = { enterprise: '0367', type: 'testcrm', limitKey: KEY, total: 5, history: 5, kept: 0 };

/** What a daemon leaves that dies between the started mark and the answer. */
async function claimAs(holder: string, leaseMs: number) {
  const [lease] = await acquireLimits(db.pool, [KEY], holder, leaseMs);
  return claim(db.pool, [{ ...LANE, epoch: lease?.epoch ?? '0' }], { holder, leaseMs, held: [] });
}

test('the started mark stands before the first byte is sent', async () => {
  const call = aCall();
  crm.answer(() => ({ hang: true }));
  await rig.owe([call.finished()], { steps: [{ step: 'record', class: 'durable' }] });
  await rig.worker.tick();
  await until('it is on the wire', () => crm.received.length === 1);
  const { rows } = await db.pool.query(
    'SELECT state, started_at IS NOT NULL AS marked, lease_holder IS NOT NULL AS held FROM deliveries',
  );
  expect(rows).toEqual([{ state: 'started', marked: true, held: true }]);
  await crm.close();
  await rig.worker.idle();
});

test('a request cut off before its answer is repeated as one whose outcome is unknown, until it is settled', async () => {
  const call = aCall();
  crm.answer((one) => (one.attempt === 1 ? { cut: true } : one.attempt === 2 ? { status: 503 } : {}));
  await rig.owe([call.finished()], { steps: [{ step: 'record', class: 'durable' }] });
  await until('done', async () => {
    await rig.turn();
    return (await statesOf(db.pool, call))['record'] === 'done';
  });
  expect(crm.received.map((one) => one.afterUnknown)).toEqual([false, true, true]);
  expect((await logsOf(db.pool, call)).map((one) => one.status)).toEqual(['unknown', 'error', 'success']);
  expect(await rowsOf(db.pool, call)).toMatchObject([{ unknown_outcome: false }]);
});

test('a connection refused means that nothing was done', async () => {
  const call = aCall();
  const { url } = crm;
  await crm.close();
  await rig.owe([call.finished()], { steps: [{ step: 'record', class: 'durable' }] });
  await rig.turn();
  expect(await rowsOf(db.pool, call)).toMatchObject([{ state: 'pending', unknown_outcome: false }]);
  crm = await startCrm(Number(new URL(url).port));
  await until('done', async () => {
    await rig.turn();
    return crm.records.size === 1;
  });
  expect(crm.received[0]).toMatchObject({ afterUnknown: false });
});

test('a card that may be open keeps its close owed although the card is given up', async () => {
  const call = aCall();
  crm.answer((one) =>
    one.step === 'card.open' && one.attempt === 1 ? { cut: true } : one.step === 'card.open' ? { status: 400 } : {},
  );
  await rig.owe([call.ringing()]);
  await until('the card is settled', async () => {
    await rig.turn();
    return (await statesOf(db.pool, call))['card.open'] === 'dead';
  });
  await rig.owe([call.finished()]);
  await rig.turn();
  expect(crm.received.find((one) => one.step === 'card.close')).toMatchObject({ card: 'unknown' });
});

test('a row of a daemon that died is taken when its lease is over, logged as lost, and repeated with care', async () => {
  const call = aCall();
  await rig.owe([call.finished()], { steps: [{ step: 'record', class: 'durable' }] });
  expect(await claimAs('dead-daemon', 2_000)).toHaveLength(1);
  await rig.turn();
  expect(crm.received).toEqual([]);
  await until('it is taken over', async () => {
    await rig.turn();
    return crm.records.size === 1;
  });
  expect(crm.received).toMatchObject([{ afterUnknown: true, attempt: 2 }]);
  expect((await logsOf(db.pool, call)).map((one) => [one.status, one.attempt])).toEqual([
    ['unknown', 1],
    ['success', 2],
  ]);
});

test('the next boot of the same instance does not wait for the leases of the last one', async () => {
  const call = aCall();
  await rig.owe([call.finished()], { steps: [{ step: 'record', class: 'durable' }] });
  expect(await claimAs('this-host#boot-1', 3_600_000)).toHaveLength(1);
  const next = createRig({ pool: db.pool, holder: 'this-host#boot-2' });
  next.account(crm.url);
  await next.turn();
  await next.close();
  expect(crm.received).toMatchObject([{ afterUnknown: true }]);
});

test('a card lost on the wire is not opened late, and its close is owed', async () => {
  const short = createRig({ pool: db.pool, settings: { lifeMs: { perishable: 300 } } });
  short.account(crm.url);
  const call = aCall();
  await short.owe([call.ringing()]);
  expect(await claimAs('dead-daemon', 400)).toHaveLength(1);
  await until('it has expired', async () => {
    await short.turn();
    return (await statesOf(db.pool, call))['card.open'] === 'expired';
  });
  expect(crm.received).toEqual([]);
  await short.owe([call.finished()]);
  await until('the close', async () => {
    await short.turn();
    return crm.received.some((one) => one.step === 'card.close');
  });
  await short.close();
});

test('a stale epoch takes nothing, and its late result changes nothing', async () => {
  const call = aCall();
  await rig.owe([call.finished()], { steps: [{ step: 'record', class: 'durable' }] });
  const [lost] = await claimAs('slow-daemon', 100);
  if (!lost) throw new Error('not claimed');
  await until('the other daemon has done it', async () => {
    await rig.turn();
    return crm.records.size === 1;
  });
  const more = aCall();
  await rig.owe([more.finished()]);
  expect(
    await claim(db.pool, [{ ...LANE, epoch: lost.epoch }], { holder: 'slow-daemon', leaseMs: 1_000, held: [] }),
  ).toEqual([]);
  const late = {
    delayMs: 0,
    notBefore: false,
    unknown: true,
    code: 'LATE',
    error: 'late',
    refs: { a: 'b' },
    card: 'unknown' as const,
  };
  const { id, attempts, epoch, callId, enterprise, type } = lost;
  const settled = await settle(
    db.pool,
    'slow-daemon',
    [{ id, attempts, epoch, callId, enterprise, type, state: 'pending', ...late }],
    [],
  );
  expect(settled).toEqual([]);
  expect(await rowsOf(db.pool, call)).toMatchObject([{ state: 'done', last_code: null }]);
  expect((await db.pool.query('SELECT FROM delivery_refs')).rowCount).toBe(0);
});

test('the epoch alone tells a holder of before from the same holder of now', async () => {
  const call = aCall();
  await rig.owe([call.finished()], { steps: [{ step: 'record', class: 'durable' }] });
  const [row] = await claimAs('same', 60_000);
  if (!row) throw new Error('not claimed');
  const { id, attempts, callId, enterprise, type } = row;
  const done = {
    state: 'done' as const,
    delayMs: 0,
    notBefore: false,
    unknown: false,
    code: null,
    error: null,
    refs: null,
  };
  const result = { id, attempts, callId, enterprise, type, ...done, card: 'none' as const };
  expect(await settle(db.pool, 'same', [{ ...result, epoch: String(Number(row.epoch) + 1) }], [])).toEqual([]);
  const again = await acquireLimits(db.pool, [KEY], 'same', 60_000);
  expect(Number(again[0]?.epoch)).toBeGreaterThan(Number(row.epoch));
  await rig.owe([aCall().finished()], { steps: [{ step: 'record', class: 'durable' }] });
  const stale = [{ ...LANE, epoch: row.epoch }];
  expect(await claim(db.pool, stale, { holder: 'same', leaseMs: 1_000, held: [] })).toEqual([]);
  expect(await settle(db.pool, 'same', [{ ...result, epoch: row.epoch }], [])).toEqual([id]);
});

test('while one daemon works a limit key another leaves it alone, and takes over when it stops', async () => {
  const one = createRig({ pool: db.pool });
  const two = createRig({ pool: db.pool });
  one.account(crm.url);
  two.account(crm.url);
  await one.owe([aCall().finished()]);
  await one.turn();
  await one.owe([aCall().finished()]);
  await two.turn();
  expect(crm.records.size).toBe(1);
  expect(two.worker.status()).toMatchObject([{ leased: false }]);
  const stop = new AbortController();
  const running = one.worker.run(stop.signal);
  stop.abort();
  await running;
  await until('the other one has it', async () => {
    await two.turn();
    return crm.records.size === 2;
  });
  await one.close();
  await two.close();
});

test('a stop lets attempts finish, then cuts them off, and leaves nothing half done', async () => {
  const brisk = createRig({ pool: db.pool, settings: { stopMs: 1_500 } });
  brisk.account(crm.url);
  const quick = aCall();
  const stuck = aCall();
  crm.answer((one) => (one.id === stuck.externalId ? { hang: true } : { delayMs: 100 }));
  for (const call of [quick, stuck])
    await brisk.owe([call.finished()], { steps: [{ step: 'record', class: 'durable' }] });
  const stop = new AbortController();
  const running = brisk.worker.run(stop.signal);
  await until('both are on the wire', () => crm.received.length === 2);
  stop.abort();
  await running;
  await brisk.close();
  expect(await rowsOf(db.pool, quick)).toMatchObject([{ state: 'done' }]);
  expect(await rowsOf(db.pool, stuck)).toMatchObject([{ state: 'pending', unknown_outcome: true }]);
});

test('a connector that ignores its signal loses its slot and can send nothing more', async () => {
  const mine = createRig({ pool: db.pool, settings: { attemptMs: 100, backoff: { durable: { baseMs: 60_000 } } } });
  const send = mine.accounts;
  mine.account(crm.url);
  const account = send.get('0367/testcrm');
  if (!account) throw new Error('no account');
  const { connection } = account;
  let late: unknown;
  const deaf: typeof connection = {
    ...connection,
    async deliver(job, attempt) {
      await new Promise((resolve) => setTimeout(resolve, 600));
      late = await connection.deliver(job, { ...attempt, signal: new AbortController().signal });
      return { kind: 'accepted' };
    },
  };
  send.set('0367/testcrm', { ...account, connection: deaf });
  const call = aCall();
  await mine.owe([call.finished()], { steps: [{ step: 'record', class: 'durable' }] });
  await mine.turn();
  expect(await rowsOf(db.pool, call)).toMatchObject([
    { state: 'pending', last_code: 'TIMEOUT', unknown_outcome: false },
  ]);
  await until('it tried all the same', () => late !== undefined);
  expect(late).toMatchObject({ kind: 'retry', code: 'ATTEMPT_OVER' });
  expect(crm.received).toEqual([]);
  await mine.close();
});
