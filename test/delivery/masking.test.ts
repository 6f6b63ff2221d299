import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMask, secretsOf } from '../../src/delivery/mask.js';
import { createTestDb } from '../support/db.js';
import type { TestDb } from '../support/db.js';
import { testConnector } from './support/connector.js';
import { startCrm } from './support/crm.js';
import { aCall, createRig, logsOf } from './support/rig.js';

let db: TestDb;

beforeAll(async () => {
  db = await createTestDb();
});
afterAll(() => db.drop());

test('a secret is masked wherever and however it is spelt', () => {
  const secret = 'k+y "5\\/é&';
  const mask = createMask([secret]);
  const spelt = [
    `plain ${secret}`,
    `https://crm.example/x?apiKey2=${encodeURIComponent(secret)}`,
    `form=${encodeURIComponent(secret).replace(/%20/g, '+')}`,
    JSON.stringify({ deep: { note: secret } }),
    `Digest ${Buffer.from(secret).toString('base64')}`,
  ];
  for (const text of spelt) {
    const masked = mask.text(text);
    expect(masked).toContain('[secret]');
    expect(masked).not.toContain('k+y');
    expect(masked).not.toContain('k%2By');
    expect(masked).not.toContain(Buffer.from(secret).toString('base64'));
  }
});

test('of a secret that is a URL its path is masked too', () => {
  const mask = createMask(secretsOf(['webhook_url'], { webhook_url: 'https://portal.example/rest/1/abcdef123456/' }));
  expect(mask.text('https://portal.example/rest/1/abcdef123456/crm.lead.add.json')).not.toContain('abcdef123456');
  expect(mask.text('POST /rest/1/abcdef123456/user.get')).not.toContain('abcdef123456');
});

test('fields, headers and paths that carry secrets by their name are masked without knowing the value', () => {
  const mask = createMask([]);
  expect(mask.text('{"access_token":"fresh-1","expires_in":86400,"refresh_token" : "fresh-2"}')).toBe(
    '{"access_token":"[secret]","expires_in":86400,"refresh_token" : "[secret]"}',
  );
  expect(mask.text('grant_type=refresh_token&client_secret=abc&auth[access_token]=def')).toBe(
    'grant_type=refresh_token&client_secret=[secret]&auth[access_token]=[secret]',
  );
  expect(mask.text('https://api.telegram.org/bot123456:AA-bb_cc/sendMessage')).toBe(
    'https://api.telegram.org/bot[secret]/sendMessage',
  );
  expect(mask.text('https://b24.example/rest/17/s3cr3ts3cr3t/profile.json')).toBe(
    'https://b24.example/rest/17/[secret]/profile.json',
  );
  expect(mask.headers({ Authorization: 'Bearer abc', 'X-API-KEY': 'k', Accept: 'x', 'Set-Cookie': 's=1' })).toEqual({
    Authorization: '[secret]',
    'X-API-KEY': '[secret]',
    Accept: 'x',
    'Set-Cookie': '[secret]',
  });
});

test('what is no secret stays readable', () => {
  const mask = createMask(['1', 'abc']);
  const text = '{"phone":"+375290000001","author":"abc","code":151,"date":"2024-01-11"}';
  expect(mask.text(text)).toBe(text);
});

test('no table knows a secret after deliveries that carried it in path, query, header and body, and a CRM that echoed it', async () => {
  const key = 'S3cret/key+of 0367';
  const crm = await startCrm();
  const rig = createRig({ pool: db.pool });
  rig.account(crm.url, { key });
  let n = 0;
  crm.answer((one) => ({
    status: [200, 503, 400, 403][n++ % 4] ?? 200,
    body: { errorMsg: `key ${key} of ${one.id}`, key, apiKey: key },
  }));
  for (let i = 0; i < 4; i++) {
    const call = aCall();
    await rig.owe([call.finished()], { steps: [{ step: 'record', class: 'durable' }] });
    await rig.worker.tick();
    await rig.worker.idle();
    const [log] = await logsOf(db.pool, call);
    expect(log?.request_data).toMatchObject({ method: 'POST' });
    expect(log?.response_data).toMatchObject({ status: [200, 503, 400, 403][i] });
  }
  expect(crm.received[0]?.headers['x-api-key']).toBe(key);
  for (const table of ['integration_logs', 'deliveries', 'delivery_refs', 'leases']) {
    const { rows } = await db.pool.query<{ text: string }>(`SELECT t::text AS text FROM ${table} t`);
    const all = rows.map((row) => row.text).join('\n');
    for (const spelling of [key, encodeURIComponent(key), 'S3cret', Buffer.from(key).toString('base64')])
      expect(all).not.toContain(spelling);
  }
  await rig.close();
  await crm.close();
});

test('what an attempt asks another account is no part of its log, which does not know the secrets of that one', async () => {
  const keys = { asking: 'S3cret-of-who-asks', asked: 'S3cret-of-whom-it-asks' };
  const crm = await startCrm();
  crm.answer((one) => ({ status: 500, body: { errorMsg: `key ${String(one.headers['x-api-key'])}` } }));
  const rig = createRig({ pool: db.pool });
  const asking = {
    ...testConnector,
    id: 'asking',
    connect: (...given: Parameters<typeof testConnector.connect>) => {
      const own = testConnector.connect(...given);
      const deliver: typeof own.deliver = async (job, attempt) => {
        await rig.accounts.get('0367/testcrm')?.connection.deliver(job, attempt);
        return own.deliver(job, attempt);
      };
      return { ...own, deliver };
    },
  };
  rig.account(crm.url, { key: keys.asked });
  rig.account(crm.url, { key: keys.asking, type: 'asking', connector: asking });
  const call = aCall();
  await rig.owe([call.finished()], { type: 'asking', steps: [{ step: 'record', class: 'durable' }] });
  await rig.worker.tick();
  await rig.worker.idle();
  expect(crm.received.map(({ headers }) => headers['x-api-key'])).toEqual([keys.asked, keys.asking]);
  const [log] = await logsOf(db.pool, call);
  expect(log?.response_data).toMatchObject({ status: 500, body: expect.stringContaining('[secret]') as string });
  for (const key of Object.values(keys)) expect(JSON.stringify(log)).not.toContain(key);
  await rig.close();
  await crm.close();
});
