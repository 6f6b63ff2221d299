import { expect, test } from 'vitest';
import { acquireLimits, leaseKeyOf } from '../../src/delivery/lease-store.js';
import { claim, settle } from '../../src/delivery/store.js';
import { startCrm } from './support/crm.js';
import { aCall, createRig, logsOf, rowsOf, statesOf } from './support/rig.js';
import { groundForEach } from './support/ground.js';
import { until } from '../support/until.js';

const on = groundForEach({ backoff: { durable: { baseMs: 50 } } });

const KEY = leaseKeyOf('testcrm', 'key-of-0367');
const LANE = { enterprise: '0367', type: 'testcrm', limitKey: KEY, total: 5, history: 5, kept: 0 };

/** What a daemon leaves that dies between the started mark and the answer. */
async function claimAs(holder: string, leaseMs: number) {
  const [lease] = await acquireLimits(on.db.pool, [KEY], holder, leaseMs);
  return claim(on.db.pool, [{ ...LANE, epoch: lease?.epoch ?? '0' }], { holder, leaseMs, held: [] });
}

test('the started mark stands before the first byte is sent', async () => {
  const call = aCall();
  on.crm.answer(() => ({ hang: true }));
  await on.rig.owe([call.finished()], { steps: [{ step: 'record', class: 'durable' }] });
  await on.rig.worker.tick();
  await until('it is on the wire', () => on.crm.received.length === 1);
  const { rows } = await on.db.pool.query(
    'SELECT state, started_at IS NOT NULL AS marked, lease_holder IS NOT NULL AS held FROM deliveries',
  );
  expect(rows).toEqual([{ state: 'started', marked: true, held: true }]);
  await on.crm.close();
  await on.rig.worker.idle();
});

test('a request cut off before its answer is repeated as one whose outcome is unknown, until it is settled', async () => {
  const call = aCall();
  on.crm.answer((one) => (one.attempt === 1 ? { cut: true } : one.attempt === 2 ? { status: 503 } : {}));
  await on.rig.owe([call.finished()], { steps: [{ step: 'record', class: 'durable' }] });
  await until('done', async () => {
    await on.rig.turn();
    return (await statesOf(on.db.pool, call))['record'] === 'done';
  });
  expect(on.crm.received.map((one) => one.afterUnknown)).toEqual([false, true, true]);
  expect((await logsOf(on.db.pool, call)).map((one) => one.status)).toEqual(['unknown', 'error', 'success']);
  expect(await rowsOf(on.db.pool, call)).toMatchObject([{ unknown_outcome: false }]);
});

test('a connection refused means that nothing was done', async () => {
  const call = aCall();
  const { url } = on.crm;
  await on.crm.close();
  await on.rig.owe([call.finished()], { steps: [{ step: 'record', class: 'durable' }] });
  await on.rig.turn();
  expect(await rowsOf(on.db.pool, call)).toMatchObject([{ state: 'pending', unknown_outcome: false }]);
  on.crm = await startCrm(Number(new URL(url).port));
  await until('done', async () => {
    await on.rig.turn();
    return on.crm.records.size === 1;
  });
  expect(on.crm.received[0]).toMatchObject({ afterUnknown: false });
});

test('a card that may be open keeps its close owed although the card is given up', async () => {
  const call = aCall();
  on.crm.answer((one) =>
    one.step === 'card.open' && one.attempt === 1 ? { cut: true } : one.step === 'card.open' ? { status: 400 } : {},
  );
  await on.rig.owe([call.ringing()]);
  await until('the card is settled', async () => {
    await on.rig.turn();
    return (await statesOf(on.db.pool, call))['card.open'] === 'dead';
  });
  await on.rig.owe([call.finished()]);
  await on.rig.turn();
  expect(on.crm.received.find((one) => one.step === 'card.close')).toMatchObject({ card: 'unknown' });
});

test('a row of a daemon that died is taken when its lease is over, logged as lost, and repeated with care', async () => {
  const call = aCall();
  await on.rig.owe([call.finished()], { steps: [{ step: 'record', class: 'durable' }] });
  expect(await claimAs('dead-daemon', 2_000)).toHaveLength(1);
  await on.rig.turn();
  expect(on.crm.received).toEqual([]);
  await until('it is taken over', async () => {
    await on.rig.turn();
    return on.crm.records.size === 1;
  });
  expect(on.crm.received).toMatchObject([{ afterUnknown: true, attempt: 2 }]);
  expect((await logsOf(on.db.pool, call)).map((one) => [one.status, one.attempt])).toEqual([
    ['unknown', 1],
    ['success', 2],
  ]);
});

test('the next boot of the same instance does not wait for the leases of the last one', async () => {
  const call = aCall();
  await on.rig.owe([call.finished()], { steps: [{ step: 'record', class: 'durable' }] });
  expect(await claimAs('this-host#boot-1', 3_600_000)).toHaveLength(1);
  const next = createRig({ pool: on.db.pool, holder: 'this-host#boot-2' });
  next.account(on.crm.url);
  await next.turn();
  await next.close();
  expect(on.crm.received).toMatchObject([{ afterUnknown: true }]);
});

test('a card lost on the wire is not opened late, and its close is owed', async () => {
  const short = createRig({ pool: on.db.pool, settings: { lifeMs: { perishable: 300 } } });
  short.account(on.crm.url);
  const call = aCall();
  await short.owe([call.ringing()]);
  expect(await claimAs('dead-daemon', 400)).toHaveLength(1);
  await until('it has expired', async () => {
    await short.turn();
    return (await statesOf(on.db.pool, call))['card.open'] === 'expired';
  });
  expect(on.crm.received).toEqual([]);
  await short.owe([call.finished()]);
  await until('the close', async () => {
    await short.turn();
    return on.crm.received.some((one) => one.step === 'card.close');
  });
  await short.close();
});

test('a stale epoch takes nothing, and its late result changes nothing', async () => {
  const call = aCall();
  await on.rig.owe([call.finished()], { steps: [{ step: 'record', class: 'durable' }] });
  const [lost] = await claimAs('slow-daemon', 100);
  if (!lost) throw new Error('not claimed');
  await until('the other daemon has done it', async () => {
    await on.rig.turn();
    return on.crm.records.size === 1;
  });
  const more = aCall();
  await on.rig.owe([more.finished()]);
  expect(
    await claim(on.db.pool, [{ ...LANE, epoch: lost.epoch }], { holder: 'slow-daemon', leaseMs: 1_000, held: [] }),
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
    on.db.pool,
    'slow-daemon',
    [{ id, attempts, epoch, callId, enterprise, type, state: 'pending', ...late }],
    [],
  );
  expect(settled).toEqual([]);
  expect(await rowsOf(on.db.pool, call)).toMatchObject([{ state: 'done', last_code: null }]);
  expect((await on.db.pool.query('SELECT FROM delivery_refs')).rowCount).toBe(0);
});

test('the epoch alone tells a holder of before from the same holder of now', async () => {
  const call = aCall();
  await on.rig.owe([call.finished()], { steps: [{ step: 'record', class: 'durable' }] });
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
  expect(await settle(on.db.pool, 'same', [{ ...result, epoch: String(Number(row.epoch) + 1) }], [])).toEqual([]);
  const again = await acquireLimits(on.db.pool, [KEY], 'same', 60_000);
  expect(Number(again[0]?.epoch)).toBeGreaterThan(Number(row.epoch));
  await on.rig.owe([aCall().finished()], { steps: [{ step: 'record', class: 'durable' }] });
  const stale = [{ ...LANE, epoch: row.epoch }];
  expect(await claim(on.db.pool, stale, { holder: 'same', leaseMs: 1_000, held: [] })).toEqual([]);
  expect(await settle(on.db.pool, 'same', [{ ...result, epoch: row.epoch }], [])).toEqual([id]);
});

test('while one daemon works a limit key another leaves it alone, and takes over when it stops', async () => {
  const one = createRig({ pool: on.db.pool });
  const two = createRig({ pool: on.db.pool });
  one.account(on.crm.url);
  two.account(on.crm.url);
  await one.owe([aCall().finished()]);
  await one.turn();
  await one.owe([aCall().finished()]);
  await two.turn();
  expect(on.crm.records.size).toBe(1);
  expect(two.worker.status()).toMatchObject([{ leased: false }]);
  const stop = new AbortController();
  const running = one.worker.run(stop.signal);
  stop.abort();
  await running;
  await until('the other one has it', async () => {
    await two.turn();
    return on.crm.records.size === 2;
  });
  await one.close();
  await two.close();
});

test('a stop lets attempts finish, then cuts them off, and leaves nothing half done', async () => {
  const brisk = createRig({ pool: on.db.pool, settings: { stopMs: 1_500 } });
  brisk.account(on.crm.url);
  const quick = aCall();
  const stuck = aCall();
  on.crm.answer((one) => (one.id === stuck.externalId ? { hang: true } : { delayMs: 100 }));
  for (const call of [quick, stuck])
    await brisk.owe([call.finished()], { steps: [{ step: 'record', class: 'durable' }] });
  const stop = new AbortController();
  const running = brisk.worker.run(stop.signal);
  await until('both are on the wire', () => on.crm.received.length === 2);
  stop.abort();
  await running;
  await brisk.close();
  expect(await rowsOf(on.db.pool, quick)).toMatchObject([{ state: 'done' }]);
  expect(await rowsOf(on.db.pool, stuck)).toMatchObject([{ state: 'pending', unknown_outcome: true }]);
});

test('a connector that ignores its signal loses its slot and can send nothing more', async () => {
  const mine = createRig({ pool: on.db.pool, settings: { attemptMs: 100, backoff: { durable: { baseMs: 60_000 } } } });
  const send = mine.accounts;
  mine.account(on.crm.url);
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
  expect(await rowsOf(on.db.pool, call)).toMatchObject([
    { state: 'pending', last_code: 'TIMEOUT', unknown_outcome: false },
  ]);
  await until('it tried all the same', () => late !== undefined);
  expect(late).toMatchObject({ kind: 'retry', code: 'ATTEMPT_OVER' });
  expect(on.crm.received).toEqual([]);
  await mine.close();
});
