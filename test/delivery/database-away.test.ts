import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/platform/clock.js';
import { asAdmin, createTestDb } from '../support/db.js';
import type { TestDb } from '../support/db.js';
import { startCrm } from './support/crm.js';
import { aCall, createRig, logsOf, statesOf } from './support/rig.js';
import { until } from '../support/until.js';

let db: TestDb;

beforeAll(async () => {
  db = await createTestDb();
});
afterAll(() => db.drop());

async function databaseAway(ms: number): Promise<void> {
  await asAdmin((admin) => admin.query(`ALTER DATABASE ${db.name} ALLOW_CONNECTIONS false`));
  await asAdmin((admin) =>
    admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [db.name]),
  );
  await systemClock.sleep(ms);
  await asAdmin((admin) => admin.query(`ALTER DATABASE ${db.name} ALLOW_CONNECTIONS true`));
}

test('an attempt that ends while the database is away is settled when it is back, and not repeated', async () => {
  const crm = await startCrm();
  const rig = createRig({ pool: db.pool, settings: { leaseMs: 1_500, limitLeaseMs: 1_000, attemptMs: 1_400 } });
  rig.account(crm.url);
  crm.answer(() => ({ delayMs: 300 }));
  const stop = new AbortController();
  const running = rig.worker.run(stop.signal);
  const call = aCall();
  rig.worker.wake(await rig.owe([call.finished()], { steps: [{ step: 'record', class: 'durable' }] }));
  await until('it is on the wire', () => crm.received.length === 1);
  // Longer than its lease: the result of the attempt is kept, and the row is still ours.
  await databaseAway(2_000);
  await until('it is settled', async () => (await statesOf(db.pool, call))['record'] === 'done');
  const next = aCall();
  rig.worker.wake(await rig.owe([next.finished()], { steps: [{ step: 'record', class: 'durable' }] }));
  await until('work goes on', async () => (await statesOf(db.pool, next))['record'] === 'done');
  stop.abort();
  await running;
  await rig.close();
  await crm.close();
  expect(crm.received.map((one) => one.id)).toEqual([call.externalId, next.externalId]);
  expect((await logsOf(db.pool, call)).map((one) => one.status)).toEqual(['success']);
});
