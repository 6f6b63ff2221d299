import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestDb } from '../support/db.js';
import type { TestDb } from '../support/db.js';
import { until } from '../support/until.js';
import { startCrm } from './support/crm.js';
import type { TestCrm } from './support/crm.js';
import { aCall, createRig } from './support/rig.js';
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
  rig = createRig({ pool: db.pool, settings: { pollMs: 200 } });
  rig.account(crm.url);
});
afterEach(async () => {
  await rig.close();
  await crm.close();
});

test('a record held back wakes no lane, here or in another daemon, and goes when its time has come', async () => {
  const heard: (string | undefined)[] = [];
  const listening = await db.pool.connect();
  listening.on('notification', ({ payload }) => heard.push(payload));
  await listening.query('LISTEN trunkline_deliveries');
  const stop = new AbortController();
  const running = rig.worker.run(stop.signal);
  try {
    const [waits, goes] = [aCall(), aCall()];
    const owedAt = performance.now();
    expect(await rig.owe([waits.finished()], { holdMs: 700 })).toEqual([]);
    expect(await rig.owe([goes.finished()], { holdMs: 100 })).toEqual([{ enterprise: '0367', type: 'testcrm' }]);
    const isTold = ({ externalId }: { externalId: string }) =>
      crm.received.some(({ id, step }) => id === externalId && step === 'record');
    await until('the record that waits', () => isTold(waits));
    expect(performance.now() - owedAt).toBeGreaterThan(690);
    expect(isTold(goes)).toBe(true);
    expect(heard).toEqual(['[["0367","testcrm"]]']);
  } finally {
    stop.abort();
    await running;
    await listening.query('UNLISTEN *');
    listening.release();
  }
});
