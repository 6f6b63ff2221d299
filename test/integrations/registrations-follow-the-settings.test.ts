import { afterEach, beforeEach, expect, it } from 'vitest';
import { createConnections } from '../../src/integrations/connections.js';
import { createRegistrar } from '../../src/integrations/registrar.js';
import { registry } from '../../src/integrations/registry.js';
import { systemClock } from '../../src/platform/clock.js';
import { createUndiciHttp } from '../../src/platform/undici-http.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import type { RetailCrmStandIn } from '../standins/retailcrm/server.js';
import { createTestDb } from '../support/db.js';
import type { TestDb } from '../support/db.js';
import { createFastClock } from '../support/fast-clock.js';
import { quiet } from './settings-ground.js';

const CLIENT_ID = '0123456789abcdef0123456789abcdef';
const http = createUndiciHttp();
let db: TestDb;
let crm: RetailCrmStandIn;
let retailcrm: Record<string, unknown>;
let running: AbortController[] = [];

beforeEach(async () => {
  db = await createTestDb();
  crm = await startRetailCrmStandIn();
  retailcrm = { enabled: true, api_url: crm.url, api_key: 'key-1', user_extensions: { '7': '151' } };
});
afterEach(async () => {
  for (const stop of running) stop.abort();
  running = [];
  await crm.stop();
  await db.drop();
});

/** A daemon's registrar, whose pauses last a hundredth. */
function daemon(publicUrl: string | null = 'https://pbx.example.invalid'): void {
  const connections = createConnections({
    registry,
    source: (enterprise) => ({
      enterprise,
      timezone: 'Europe/Minsk',
      on: true,
      anonymous: 'record',
      integrations: { retailcrm },
    }),
    deps: () => ({ http, publicUrl, clientId: CLIENT_ID }),
    log: quiet,
  });
  const registrar = createRegistrar({
    db: db.pool,
    clock: createFastClock(100),
    log: quiet,
    publicUrl,
    accounts: () => connections.enabled(['0367']),
    live: (enterprise, type) => connections.of(enterprise, type),
    clientId: () => CLIENT_ID,
  });
  const stop = new AbortController();
  running.push(stop);
  void registrar.run(stop.signal);
}
const codes = () =>
  [...crm.state.modules.values()].flatMap((module) => module.integrations?.telephony?.additionalCodes ?? []);
const edits = () => crm.exchanges.filter(({ path }) => path.endsWith('/edit'));

it('the whole table of codes is written when it changes, and only then, whichever daemon sees it', async () => {
  daemon();
  await expect.poll(codes).toEqual([{ userId: 7, code: '151' }]);
  daemon();
  await systemClock.sleep(300);
  expect(edits()).toHaveLength(1);
  retailcrm = { ...retailcrm, user_extensions: { '7': '151', '8': '152' } };
  await expect.poll(codes).toEqual([
    { userId: 7, code: '151' },
    { userId: 8, code: '152' },
  ]);
  await systemClock.sleep(300);
  expect(edits()).toHaveLength(2);
});

it('what was refused is kept with its reason, and tried again', async () => {
  crm.faults.next(1, { kind: 'status', status: 500 }, '/edit');
  daemon();
  const problem = async () =>
    (await db.pool.query<{ problem: string | null }>('SELECT problem FROM crm_registered')).rows[0]?.problem;
  await expect.poll(problem).toContain('500');
  await db.pool.query(`UPDATE crm_registered SET tried_at = now() - interval '11 minutes'`);
  await expect.poll(codes, { timeout: 15_000 }).toHaveLength(1);
  expect(await problem()).toBeNull();
});

it('nothing without a public address, or where it is switched off', async () => {
  daemon(null);
  retailcrm = { ...retailcrm, register: 'off' };
  daemon();
  await systemClock.sleep(300);
  expect(crm.exchanges).toEqual([]);
});
