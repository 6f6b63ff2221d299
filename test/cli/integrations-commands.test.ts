import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { INTEGRATION, startAmoCrmStandIn } from '../standins/amocrm/server.js';
import type { AmoCrmStandIn } from '../standins/amocrm/server.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import type { RetailCrmStandIn } from '../standins/retailcrm/server.js';
import { createTestDb } from '../support/db.js';
import type { TestDb } from '../support/db.js';
import { cli } from './run-cli.js';

let db: TestDb;
let retail: RetailCrmStandIn;
let amo: AmoCrmStandIn;
let folder: string;
let env: Record<string, string>;

beforeAll(async () => {
  [db, retail, amo] = await Promise.all([createTestDb(), startRetailCrmStandIn(), startAmoCrmStandIn()]);
  folder = mkdtempSync(path.join(os.tmpdir(), 'trunkline-cli-'));
  env = {
    DATABASE_URL: db.url,
    TRUNKLINE_DATA_DIR: path.join(folder, 'data'),
    TRUNKLINE_ALLOW_TARGETS: '127.0.0.1',
    TRUNKLINE_PUBLIC_URL: 'https://pbx.example.invalid',
  };
  const file = path.join(folder, 'enterprises.yaml');
  const integrations = {
    retailcrm: { enabled: true, api_url: retail.url, api_key: 'key-1', user_extensions: { '7': '151' } },
    amocrm: {
      enabled: true,
      base_url: amo.url,
      client_id: INTEGRATION.clientId,
      client_secret: INTEGRATION.clientSecret,
    },
    bitrix24: { enabled: true, domain: 'example.bitrix24.ru', client_id: 'local.1', client_secret: 'hidden-1' },
    telegram: { enabled: false },
  };
  const extensions = [{ number: '151' }, { number: '159' }];
  writeFileSync(
    file,
    stringify({ enterprises: [{ number: '0367', token: 'unit-token-0001', extensions, integrations }] }),
  );
  expect(await cli(['import', file], env)).toMatchObject({ code: 0 });
}, 60_000);
afterAll(async () => {
  await Promise.all([db.drop(), retail.stop(), amo.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

const run = (...argv: string[]) => cli(['integrations', ...argv], env);

it('checks an account and says whose extension nobody there has', async () => {
  const { code, stdout } = await run('check', '0367', 'retailcrm');
  expect([code, stdout.split('\n')]).toEqual([
    0,
    expect.arrayContaining([`${new URL(retail.url).host}: well`, 'warning: nobody there has extension 159']),
  ]);
});

it('registers our module in the CRM when told to, each time', async () => {
  const codes = () => retail.exchanges.filter(({ path: asked }) => asked.endsWith('/edit')).length;
  expect(await run('register', '0367', 'retailcrm')).toMatchObject({ code: 0 });
  expect(await run('register', '0367', 'retailcrm')).toMatchObject({ code: 0 });
  expect(codes()).toBe(2);
});

it('shows the page on which an amoCRM account lets us in, and what to enter in an application of Bitrix24', async () => {
  const { code, stdout } = await run('authorise', '0367', 'amocrm');
  const url = new URL(stdout.split('\n').at(-1) ?? '');
  expect([code, `${url.origin}${url.pathname}`, url.searchParams.get('client_id')]).toEqual([
    0,
    `${amo.url}/oauth`,
    INTEGRATION.clientId,
  ]);
  expect(url.searchParams.get('state')?.length).toBeGreaterThan(60);
  expect((await run('authorise', '0367', 'bitrix24')).stdout).toContain(
    'https://pbx.example.invalid/bitrix24/install/0367',
  );
});

it.each([
  [['check', '0367', 'amocrm'], 1, 'RE_AUTHORISE'],
  [['register', '0367', 'amocrm'], 1, 'told nothing'],
  [['authorise', '0367', 'retailcrm'], 1, 'by its settings alone'],
  [['check', '0367', 'telegram'], 1, 'not switched on'],
  [['check', '0999', 'amocrm'], 1, 'there is no enterprise 0999'],
  [['check', '0367', 'megaplan'], 2, 'there is no CRM megaplan'],
  [['check', '0367'], 2, 'are asked for'],
])('%j exits with %i and says: %s', async (argv, code, text) => {
  const ran = await run(...argv);
  expect(ran.code).toBe(code);
  expect(`${ran.stdout}\n${ran.stderr}`).toContain(text);
});
