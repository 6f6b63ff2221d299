import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { callerOf, oldSession } from '../admin/admin-client.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { startTestApp } from '../support/test-app.js';
import { dayOf } from './made-calls.js';

test('a day asked for on the page is laid side by side with what the PBX wrote since it was last looked at', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-day-'));
  const crm = await startRetailCrmStandIn();
  const file = join(folder, 'Master.csv');
  // Nobody looks by itself.
  const more = { timezone: 'Europe/Minsk', recovery: { everyMinutes: 0, cdr: { at: 'local', file } } };
  await using app = await startTestApp({
    enterprises: [retailCrmEnterprise({ amiPort: null, crmUrl: crm.url, more })],
  });
  const born = Math.floor(Date.now() / 1_000) - 60;
  const stamp = (at: number) => `"${new Date(at * 1_000).toISOString().slice(0, 19).replace('T', ' ')}"`;
  const channels = '"","PJSIP/trunk-00000001","PJSIP/151-00000002","Dial","PJSIP/151,20"';
  const times = [born, born + 5, born + 30].map(stamp).join(',');
  await writeFile(
    file,
    `"","375290000001","0001363","from-trunk",${channels},${times},30,25,"ANSWERED","DOCUMENTATION","${born}.7",""\n`,
  );
  const { api } = callerOf(app.app.url, await oldSession(app.db, '0367'));
  const ask = () => api.reconciliation.run.mutate({ enterprise: '0367', day: dayOf(born) });
  const told = await ask();
  expect(told).toMatchObject({ pbxCalls: 1, ourCalls: 0 });
  expect(told.differences).toMatchObject([
    { what: 'not here', call: `${born}.7`, why: 'its records were not looked at yet' },
  ]);
  expect(await ask()).toEqual(told);
  await rm(file);
  expect((await ask()).pbxCalls).toBe(1);
  await crm.stop();
  await rm(folder, { recursive: true });
});
