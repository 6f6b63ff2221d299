import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clickLink } from '../../src/click/link.js';
import { until } from '../support/until.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

const STRONG = '0123456789abcdef0123456789abcdef';
const RETAIL = 'fedcba98765432100123456789abcdef';
const TOKEN = 'bitrixbitrixtokentokentoken12345';

/** The daemon with two enterprises, whose PBX answers nobody: whoever is let in is told that. */
let running: TestApp;
const nobody = createServer((socket) => socket.destroy());
beforeAll(async () => {
  await new Promise<void>((resolve) => nobody.listen(0, '127.0.0.1', resolve));
  const pbx = { host: '127.0.0.1', port: (nobody.address() as AddressInfo).port, username: 'crm', secret: 'x' };
  const integrations = {
    retailcrm: {
      enabled: true,
      api_url: 'http://127.0.0.1:9',
      api_key: 'key-1',
      client_id: RETAIL,
      user_extensions: { '7': '151' },
    },
    bitrix24: { enabled: true, application_token: TOKEN, user_extensions: { '27': '151' } },
  };
  running = await startTestApp({
    enterprises: [
      { number: '0367', name: 'Example Ltd', token: 'unit-token-0001', clientId: STRONG, pbx, integrations },
      {
        number: '0368',
        name: 'Short Ltd',
        token: 'unit-token-0002',
        clientId: '0368',
        pbx: { ...pbx, host: 'localhost' },
      },
      {
        number: '0369',
        name: 'Off Ltd',
        token: 'unit-token-0003',
        clientId: `aa${STRONG}`,
        mode: 'shadow',
        pbx: { ...pbx, host: '127.0.0.2' },
      },
    ],
  });
});
afterAll(async () => {
  await running[Symbol.asyncDispose]();
  nobody.close();
});

interface Told {
  status: number;
  body: Record<string, unknown>;
}
async function ask(path: string, fields: Record<string, string>, method: 'GET' | 'POST' = 'GET'): Promise<Told> {
  const form = new URLSearchParams(fields);
  const url = `${running.app.url}${path}`;
  const answer = await (method === 'GET' ? fetch(`${url}?${form.toString()}`) : fetch(url, { method, body: form }));
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}
const phone = '+375290000001';
const code = '151';
const AWAY = { status: 503, body: { success: false, message: expect.stringContaining('PBX') as string } };

describe('the fleet’s own address', () => {
  it('answers as the old one did', async () => {
    expect(await ask('/api/makecallexternal', { code, phone, clientId: 'wrong' })).toEqual({
      status: 401,
      body: { detail: 'Invalid clientId' },
    });
    expect(await ask('/api/makecallexternal', { code, phone, clientId: STRONG })).toMatchObject({
      status: 503,
      body: {
        success: false,
        enterprise: 'Example Ltd',
        enterprise_number: '0367',
        from_ext: code,
        to_phone: phone,
        host_ip: '127.0.0.1',
        response_time_ms: expect.any(Number) as number,
      },
    });
  });
  it('refuses an id that could be guessed, and says what helps', async () =>
    expect(await ask('/api/makecallexternal', { code, phone, clientId: '0368' })).toEqual({
      status: 403,
      body: { success: false, message: expect.stringContaining('register') as string },
    }));
  it('calls for no enterprise that is only watched', async () =>
    expect(await ask('/api/makecallexternal', { code, phone, clientId: `aa${STRONG}` })).toMatchObject({
      status: 403,
    }));
  it.each([{ code: '15' }, { phone: '+12025550123' }, { phone: '' }, { code: '' }])('%j is refused', async (changes) =>
    expect(await ask('/api/makecallexternal', { code, phone, clientId: STRONG, ...changes })).toMatchObject({
      status: 400,
      body: { success: false },
    }),
  );
});

describe.each(['GET', 'POST'] as const)('RetailCRM by %s', (method) => {
  it.each([STRONG, RETAIL])('is known by its own id and by the enterprise’s', async (clientId) =>
    expect(await ask('/retailcrm/make-call', { code, phone, clientId }, method)).toEqual(AWAY),
  );
  it('may name the user instead of the extension', async () => {
    expect(await ask('/retailcrm/make-call', { userId: '7', phone, clientId: RETAIL }, method)).toEqual(AWAY);
    expect(await ask('/retailcrm/make-call', { userId: '8', phone, clientId: RETAIL }, method)).toMatchObject({
      status: 400,
    });
  });
  it.each(['', '0367', 'wrong', '0368'])('is nobody as %j', async (clientId) =>
    expect(await ask('/retailcrm/make-call', { code, phone, clientId }, method)).toMatchObject({ status: 403 }),
  );
});

it('who opens the integration in RetailCRM, which posts a form, gets to the page', async () => {
  const body = new URLSearchParams({ clientId: RETAIL });
  const answer = await fetch(`${running.app.url}/`, { method: 'POST', body, redirect: 'manual' });
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '/']);
});

describe('the status of a manager', () => {
  it('is kept', async () => {
    expect(await ask('/retailcrm/status', { clientId: RETAIL, userId: '7', code, status: 'dinner' })).toEqual({
      status: 200,
      body: { success: true },
    });
    await until('the row', async () => {
      const { rows } = await running.db.pool.query('SELECT extension, status FROM manager_status');
      return JSON.stringify(rows) === JSON.stringify([{ extension: '151', status: 'dinner' }]);
    });
  });
  it('is one of four, of somebody known', async () => {
    expect(await ask('/retailcrm/status', { clientId: RETAIL, code, status: 'asleep' })).toMatchObject({ status: 400 });
    expect(await ask('/retailcrm/status', { clientId: 'no', code, status: 'free' })).toMatchObject({ status: 403 });
  });
});

describe('Bitrix24', () => {
  const event = (changes: Record<string, string> = {}) => ({
    event: 'ONEXTERNALCALLSTART',
    'data[PHONE_NUMBER]': phone,
    'data[USER_ID]': '27',
    'data[CALL_ID]': 'externalCall.1',
    'auth[application_token]': TOKEN,
    ...changes,
  });
  it.each(['/bitrix24/event/0367', '/bitrix24/webhook/0367'])('is let in at %s', async (path) =>
    expect(await ask(path, event(), 'POST')).toEqual(AWAY),
  );
  it.each([
    [{ 'auth[application_token]': 'wrong' }, 403],
    [{ 'auth[application_token]': '' }, 403],
    [{ event: 'ONCRMLEADADD' }, 403],
    [{ 'data[USER_ID]': '99' }, 400],
  ])('%j is %i', async (changes, status) =>
    expect(await ask('/bitrix24/event/0367', event(changes), 'POST')).toMatchObject({ status }),
  );
  it('of another enterprise is nobody here', async () =>
    expect(await ask('/bitrix24/event/0368', event(), 'POST')).toMatchObject({ status: 403 }));
});

describe('a signed link', () => {
  const link = (number: string, clientId = STRONG) =>
    new URL(clickLink('http://x', clientId, number, code)).searchParams;
  it('is let in', async () =>
    expect(await ask('/amocrm/make-call', { ...Object.fromEntries(link('0367')), phone })).toEqual(AWAY));
  it('is worth nothing for somebody else, or signed with an id that could be guessed', async () => {
    const fields = Object.fromEntries(link('0367'));
    expect(await ask('/amocrm/make-call', { ...fields, code: '152', phone })).toMatchObject({ status: 403 });
    expect(await ask('/amocrm/make-call', { ...fields, enterprise: '0369', phone })).toMatchObject({ status: 403 });
    const weak = Object.fromEntries(link('0368', '0368'));
    expect(await ask('/amocrm/make-call', { ...weak, phone })).toMatchObject({ status: 403 });
  });
});

it('nothing was taken for a call, and no secret of an address stands in the log or in what was refused', async () => {
  const { rows } = await running.db.pool.query<{ refused: boolean }>('SELECT * FROM click_calls');
  expect(rows.filter(({ refused }) => !refused)).toEqual([]);
  const kept = running.log.join('') + JSON.stringify(rows);
  for (const secret of [STRONG, RETAIL, TOKEN]) expect(kept).not.toContain(secret);
});
