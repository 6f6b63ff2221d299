import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { secretBoxOf } from '../../src/cli/workbench.js';
import { createVault } from '../../src/integrations/secrets.js';
import { amoCrmStates } from '../../src/letting-in-joint.js';
import { systemClock } from '../../src/platform/clock.js';
import { createLogger } from '../../src/platform/log.js';
import { APPLICATION_TOKEN } from '../../src/cli/demo/standins/bitrix24/tokens.js';
import { INTEGRATION, startAmoCrmStandIn } from '../standins/amocrm/server.js';
import type { AmoCrmStandIn } from '../standins/amocrm/server.js';
import { startBitrix24StandIn } from '../standins/bitrix24/server.js';
import type { Bitrix24StandIn } from '../standins/bitrix24/server.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const PUBLIC_URL = 'https://pbx.example.invalid';

/** The daemon with accounts nobody has let it into yet; 0368 and 0369 have one portal. */
let running: TestApp;
let amo: AmoCrmStandIn;
let portal: Bitrix24StandIn;
let shared: Bitrix24StandIn;
beforeAll(async () => {
  [amo, portal, shared] = await Promise.all([startAmoCrmStandIn(), startBitrix24StandIn(), startBitrix24StandIn()]);
  const { clientId: client_id, clientSecret: client_secret } = INTEGRATION;
  const application = (crm: Bitrix24StandIn) => ({
    enabled: true,
    domain: crm.url,
    client_id: crm.tokens.application.clientId,
    client_secret: crm.tokens.application.clientSecret,
    user_extensions: { '11': '151' },
  });
  running = await startTestApp({
    config: { publicUrl: PUBLIC_URL },
    enterprises: [
      {
        number: '0367',
        token: 'unit-token-0001',
        integrations: {
          amocrm: { enabled: true, base_url: amo.url, client_id, client_secret },
          bitrix24: application(portal),
        },
      },
      { number: '0368', token: 'unit-token-0002', integrations: { bitrix24: application(shared) } },
      { number: '0369', token: 'unit-token-0003', integrations: { bitrix24: application(shared) } },
    ],
  });
});
afterAll(async () => {
  await running[Symbol.asyncDispose]();
  await Promise.all([amo.stop(), portal.stop(), shared.stop()]);
});

const box = () => secretBoxOf(running.config);
const stateOf = (enterprise: string, at = 0) =>
  amoCrmStates({ box: box(), clock: { now: () => systemClock.now() + at } }).make(enterprise);

async function sealed(enterprise: string, type: string) {
  const opened = await createVault({ box: box(), log: createLogger('silent') }).open(running.db.pool, enterprise);
  return (field: string) => opened.lookup(enterprise)(type, field);
}

interface Page {
  status: number;
  text: string;
}
async function comeBack(query: Record<string, string>, language = 'ru'): Promise<Page> {
  const url = `${running.app.url}/oauth/amocrm/callback?${new URLSearchParams(query).toString()}`;
  const answer = await fetch(url, { headers: { 'accept-language': language } });
  expect(answer.headers.get('cache-control')).toBe('no-store');
  return { status: answer.status, text: await answer.text() };
}
const exchanges = () => amo.exchanges.filter(({ path }) => path === '/oauth2/access_token').length;

describe('amoCRM', () => {
  it('gives its pair for the code a person brings back, which is stored sealed, and a page loaded again spends nothing', async () => {
    const query = { code: amo.tokens.code(), state: stateOf('0367'), referer: new URL(amo.url).host };
    const before = exchanges();
    const pages = await Promise.all([comeBack(query), comeBack(query, 'en-GB,en;q=0.9')]);
    expect(pages.map(({ status }) => status)).toEqual([200, 200]);
    expect(pages[0]?.text).toContain('Доступ получен');
    expect(pages[1]?.text).toContain('Access is granted');
    expect((await comeBack(query)).status).toBe(200);
    expect(exchanges() - before).toBe(1);
    const field = await sealed('0367', 'amocrm');
    const pair = amo.tokens.issued.at(-1);
    expect([field('access_token'), field('refresh_token')]).toEqual([pair?.access_token, pair?.refresh_token]);
    const { rows } = await running.db.pool.query("SELECT integrations_config->'amocrm' AS stored FROM enterprises");
    expect(JSON.stringify(rows)).not.toMatch(/access_token|refresh_token/);
  });

  it.each([
    ['no state', () => ''],
    ['a state somebody made up', () => `${Buffer.from('0367').toString('base64url')}.000000000000.AAAA`],
    [
      'a state of another enterprise',
      () => stateOf('0368').replace(/^[^.]+/, Buffer.from('0367').toString('base64url')),
    ],
    ['a state of half an hour ago', () => stateOf('0367', -30 * 60_000 - 1)],
  ])('is not asked for anything with %s', async (_what, state) => {
    const before = exchanges();
    const page = await comeBack({ code: amo.tokens.code(), state: state() });
    expect(page).toMatchObject({ status: 403, text: expect.stringContaining('Ссылка устарела') as string });
    expect(exchanges()).toBe(before);
  });

  it('may be told no, which changes nothing', async () => {
    const page = await comeBack({ error: 'access_denied', state: stateOf('0367') }, 'en');
    expect(page).toMatchObject({ status: 403, text: expect.stringContaining('Access was denied') as string });
  });

  it('of an enterprise without the integration is said to be off', async () =>
    expect(await comeBack({ code: amo.tokens.code(), state: stateOf('0368') })).toMatchObject({ status: 409 }));

  it('refuses a code that is spent, and the page says for whom it was, but no secret', async () => {
    const code = amo.tokens.code();
    await comeBack({ code, state: stateOf('0367') });
    const page = await comeBack({ code, state: stateOf('0367'), referer: 'other.example.invalid' });
    expect(page.status).toBe(502);
    expect(page.text).toContain('other.example.invalid');
    for (const secret of [code, INTEGRATION.clientSecret]) expect(page.text).not.toContain(secret);
  });

  it('that is away for a moment is asked once more when the page is loaded again', async () => {
    const query = { code: amo.tokens.code(), state: stateOf('0367') };
    amo.faults.next(1, { kind: 'close-before' }, '/oauth2/');
    expect((await comeBack(query)).status).toBe(503);
    expect((await comeBack(query)).status).toBe(200);
  });
});

async function post(path: string, fields: Record<string, string>): Promise<Page> {
  const answer = await fetch(`${running.app.url}${path}`, { method: 'POST', body: new URLSearchParams(fields) });
  return { status: answer.status, text: await answer.text() };
}
const asked = (crm: Bitrix24StandIn) => crm.exchanges.filter(({ path }) => path.includes('app.info')).length;

describe('Bitrix24', () => {
  it('tells its tokens when it installs the application: they are checked at the portal, sealed, and clicks are let in by them', async () => {
    const told = portal.tokens.installed();
    expect(await post('/bitrix24/install', told)).toMatchObject({ status: 200 });
    const field = await sealed('0367', 'bitrix24');
    for (const name of ['access_token', 'refresh_token', 'application_token'])
      expect(field(name)).toBe(told[`auth[${name}]`]);
    expect(portal.state.handlers).toEqual([
      { event: 'ONEXTERNALCALLSTART', handler: `${PUBLIC_URL}/bitrix24/event/0367` },
      { event: 'ONEXTERNALCALLBACKSTART', handler: `${PUBLIC_URL}/bitrix24/event/0367` },
      { event: 'ONAPPINSTALL', handler: `${PUBLIC_URL}/bitrix24/install/0367` },
    ]);
    const click = {
      event: 'ONEXTERNALCALLSTART',
      'data[PHONE_NUMBER]': '+375290000001',
      'data[USER_ID]': '11',
      'auth[application_token]': APPLICATION_TOKEN,
    };
    await until('the settings are followed', async () => (await post('/bitrix24/event/0367', click)).status !== 403);
  });

  it('opens a page instead, where the application has one, and hears that the installation is over', async () => {
    const told = portal.tokens.installed();
    const fields = {
      AUTH_ID: told['auth[access_token]'] ?? '',
      REFRESH_ID: told['auth[refresh_token]'] ?? '',
      member_id: told['auth[member_id]'] ?? '',
    };
    const page = await post(`/bitrix24/install/0367?DOMAIN=${new URL(portal.url).host}&PROTOCOL=1`, fields);
    expect(page).toMatchObject({ status: 200, text: expect.stringContaining('BX24.installFinish()') as string });
    expect((await sealed('0367', 'bitrix24'))('refresh_token')).toBe(fields.REFRESH_ID);
  });

  it.each([
    ['tokens the portal does not know', { 'auth[access_token]': 'made-up' }],
    ['no tokens', { 'auth[refresh_token]': '' }],
  ])('is not believed with %s, and nothing is kept', async (_what, changes) => {
    const before = (await sealed('0367', 'bitrix24'))('refresh_token');
    const forged = { ...portal.tokens.installed(), 'auth[application_token]': 'of-a-stranger', ...changes };
    // Only so many a second are looked at.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await post('/bitrix24/install/0367', forged)).toMatchObject({ status: 403 });
    const field = await sealed('0367', 'bitrix24');
    expect([field('refresh_token'), field('application_token')]).toEqual([before, APPLICATION_TOKEN]);
  });

  it('has to say whose it is where two enterprises have one portal, and is nobody when it is another application', async () => {
    expect(await post('/bitrix24/install', shared.tokens.installed())).toMatchObject({ status: 403 });
    expect(asked(shared)).toBe(0);
    expect(await post('/bitrix24/install/0368', shared.tokens.installed())).toMatchObject({ status: 200 });
    // The portal named in the settings of 0369 is asked, whatever the post says of itself.
    expect(await post('/bitrix24/install/0369', portal.tokens.installed())).toMatchObject({ status: 403 });
    expect((await sealed('0369', 'bitrix24'))('access_token')).toBe(null);
  });

  it.each([
    ['/bitrix24/install', { event: 'ONAPPINSTALL', 'auth[domain]': 'strange.example.invalid' }, 403],
    ['/bitrix24/install/9999', { event: 'ONAPPINSTALL' }, 403],
    ['/bitrix24/install/0367', { event: 'ONCRMLEADADD' }, 400],
  ])('%s with %j is %i', async (path, fields, status) => expect(await post(path, fields)).toMatchObject({ status }));
});

it('no secret stands in the log', () => {
  const log = running.log.join('');
  const told = portal.tokens.installed();
  const secrets = [
    ...amo.tokens.issued.flatMap((pair) => Object.values(pair)),
    INTEGRATION.clientSecret,
    APPLICATION_TOKEN,
  ];
  for (const secret of [...secrets, 'refresh-token-0', 'access-token-0', told['auth[application_token]'] ?? ''])
    expect(log).not.toContain(secret);
});
