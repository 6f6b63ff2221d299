import { request as httpRequest } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startRetailCrmStandIn } from './server.js';
import type { RetailCrmStandIn, RetailCrmStandInOptions } from './server.js';

let crm: RetailCrmStandIn;
beforeEach(async () => {
  crm = await startRetailCrmStandIn();
});
afterEach(() => crm.stop());

async function restart(options: RetailCrmStandInOptions): Promise<void> {
  await crm.stop();
  crm = await startRetailCrmStandIn(options);
}

interface Told {
  status: number;
  body: string;
  json: Record<string, unknown>;
}

async function ask(method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<Told> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      `${crm.url}${path}`,
      { method, agent: false, headers: { 'x-api-key': 'key-1', ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const json = text.startsWith('{') && text.endsWith('}') ? (JSON.parse(text) as Record<string, unknown>) : {};
          resolve({ status: response.statusCode ?? 0, body: text, json });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const EVENT = { phone: '375290000001', type: 'in', codes: ['151'], callExternalId: 'c-1' };
const CALL = {
  date: '2026-11-20 12:00:00',
  type: 'in',
  phone: '375290000001',
  code: '151',
  result: 'answered',
  externalId: 'c-1',
};
const event = (changes: Record<string, unknown> = {}) =>
  ask(
    'POST',
    '/api/v5/telephony/call/event',
    new URLSearchParams({ event: JSON.stringify({ ...EVENT, ...changes }) }).toString(),
    FORM,
  );
const upload = (calls: unknown) =>
  ask('POST', '/api/v5/telephony/calls/upload', new URLSearchParams({ calls: JSON.stringify(calls) }).toString(), FORM);

describe('before anything else', () => {
  it('the key is looked at, even for a method that does not exist', async () => {
    expect(await ask('GET', '/api/v5/nothing', undefined, { 'x-api-key': '' })).toMatchObject({
      status: 400,
      json: { errorMsg: '"apiKey" is missing.' },
    });
    expect(await ask('GET', '/api/v5/nothing', undefined, { 'x-api-key': 'no' })).toMatchObject({
      status: 403,
      json: { errorMsg: 'Wrong "apiKey" value.' },
    });
    expect(await ask('GET', '/api/v5/nothing')).toMatchObject({
      status: 404,
      json: { errorMsg: 'API method not found' },
    });
    expect(await ask('GET', '/api/v5/credentials')).toMatchObject({ status: 404 });
    expect(await ask('GET', '/api/v5/telephony/call/event')).toMatchObject({
      status: 405,
      json: { errorMsg: 'Method Not Allowed' },
    });
  });

  it('a key may come as a parameter, and one without the right is refused', async () => {
    await restart({ keys: { reader: ['telephony_read'] } });
    expect(
      (await ask('GET', '/api/v5/telephony/manager?phone=1&apiKey=reader', undefined, { 'x-api-key': 'reader' }))
        .status,
    ).toBe(200);
    expect(await ask('POST', '/api/v5/telephony/call/event', '', { ...FORM, 'x-api-key': 'reader' })).toMatchObject({
      status: 403,
      json: { errorMsg: 'Access denied.' },
    });
  });

  it('a path outside the API is a web page', async () => {
    const answer = await ask('GET', '/');
    expect(answer.status).toBe(404);
    expect(answer.body.startsWith('<')).toBe(true);
  });
});

describe('an event is refused', () => {
  it('as a JSON body: its parameter is missing', async () => {
    const answer = await ask('POST', '/api/v5/telephony/call/event', JSON.stringify({ event: EVENT }), {
      'content-type': 'application/json',
    });
    expect(answer).toMatchObject({ status: 400, json: { success: false, errorMsg: "Parameter 'event' is missing" } });
  });

  it.each([
    ['without a phone', { phone: undefined }, 'phone'],
    ['with words for a phone', { phone: 'anonymous' }, 'phone'],
    ['with an unknown type', { type: 'ringing' }, 'type'],
    ['without anybody to show it to', { codes: [] }, 'codes'],
    ['with numbers for codes', { codes: [151] }, 'codes.0'],
    ['with the spelling of the history', { type: 'hangup', hangupStatus: 'no answer' }, 'hangupStatus'],
    ['with a status and no hangup', { hangupStatus: 'busy' }, 'hangupStatus'],
    ['with a shop that is not there', { site: 'shop-9' }, 'site'],
    ['with a field of our own', { extra: 1 }, 'event'],
  ])('%s', async (_what, changes, field) => {
    const answer = await event(changes);
    expect(answer).toMatchObject({ status: 400, json: { errorMsg: 'Errors in the entity format' } });
    expect(Object.keys(answer.json['errors'] as object)).toEqual([field]);
    expect(crm.state.cards).toEqual([]);
  });
});

describe('cards', () => {
  it('are shown to known codes, closed by a hangup of the same call, and kept', async () => {
    expect((await event({ codes: ['151', '999'] })).json).toEqual({ success: true, notExistCodes: ['999'] });
    await event({ codes: ['151'] });
    expect(crm.state.openCards()).toMatchObject([{ code: '151', callExternalId: 'c-1', type: 'in' }]);
    await event({ type: 'hangup', hangupStatus: 'answered', callExternalId: 'c-2' });
    expect(crm.state.openCards()).toHaveLength(1);
    await event({ type: 'hangup', hangupStatus: 'no answered' });
    expect(crm.state.openCards()).toEqual([]);
    expect(crm.state.cards).toMatchObject([{ hangupStatus: 'no answered' }]);
    expect(crm.state.strayHangups).toEqual([{ code: '151', callExternalId: 'c-2' }]);
  });
});

describe('history', () => {
  it('keeps a call once, and says which it had', async () => {
    expect((await upload([CALL])).json).toEqual({ success: true, processedCallsCount: 1 });
    expect((await upload([CALL, { ...CALL, externalId: 'c-2' }])).json).toEqual({
      success: true,
      processedCallsCount: 1,
      duplicateCalls: ['c-1'],
    });
    expect(crm.state.calls.map((call) => call.externalId)).toEqual(['c-1', 'c-2']);
  });

  it('takes no more than 50 at once', async () => {
    const many = Array.from({ length: 51 }, (_, index) => ({ ...CALL, externalId: `c-${index}` }));
    expect((await upload(many)).status).toBe(400);
    expect((await upload(many.slice(1))).json).toMatchObject({ processedCallsCount: 50 });
  });

  it.each([
    [{ date: '2026-11-20T12:00:00' }, 'date'],
    [{ date: '2026-02-30 12:00:00' }, 'date'],
    [{ result: 'no answered' }, 'result'],
    [{ duration: 1.5 }, 'duration'],
    [{ duration: '65' }, 'duration'],
    [{ durationWaiting: -1 }, 'durationWaiting'],
    [{ code: undefined }, 'code'],
    [{ phone: '' }, 'phone'],
    [{ type: 'internal' }, 'type'],
    [{ recordUrl: '/var/spool/1.wav' }, 'recordUrl'],
  ])('refuses %j', async (changes, field) => {
    const answer = await upload([{ ...CALL, ...changes }]);
    expect(answer.status).toBe(400);
    expect(Object.keys(answer.json['errors'] as object)).toEqual([`0.${field}`]);
    expect(crm.state.calls).toEqual([]);
  });
});

describe('limits', () => {
  it('telephony and the rest are counted apart, and what is over is 503', async () => {
    await restart({ telephonyPerSecond: 3, otherPerSecond: 2 });
    const statuses = async (count: number, path: string) =>
      (await Promise.all(Array.from({ length: count }, () => ask('GET', path)))).map(({ status }) => status).sort();
    expect(await statuses(4, '/api/v5/telephony/manager?phone=1')).toEqual([200, 200, 200, 503]);
    expect(await statuses(3, '/api/v5/users')).toEqual([200, 200, 503]);
  });

  it('pages are of 20, 50 or 100', async () => {
    expect((await ask('GET', '/api/v5/users?limit=30')).status).toBe(400);
    expect((await ask('GET', '/api/v5/users?limit=50')).json).toMatchObject({
      pagination: { limit: 50, totalPageCount: 1 },
    });
  });
});

describe('a module', () => {
  const module = {
    code: 'pbx-demo',
    integrationCode: 'pbx',
    active: true,
    name: 'PBX',
    baseUrl: 'https://pbx.example.invalid',
  };
  const edit = (changes: Record<string, unknown>) =>
    ask(
      'POST',
      '/api/v5/integration-modules/pbx-demo/edit',
      new URLSearchParams({ integrationModule: JSON.stringify({ ...module, ...changes }) }).toString(),
      FORM,
    );

  it('is created by an edit, and its codes replace what was known', async () => {
    expect((await ask('GET', '/api/v5/integration-modules/pbx-demo')).status).toBe(404);
    const telephony = {
      additionalCodes: [
        { userId: 7, code: '177' },
        { userId: 99, code: '199' },
      ],
    };
    expect((await edit({ integrations: { telephony } })).json).toEqual({
      success: true,
      info: { notExistUsersIds: [99] },
    });
    expect((await ask('GET', '/api/v5/integration-modules/pbx-demo')).json).toMatchObject({
      integrationModule: { code: 'pbx-demo' },
    });
    expect((await event({ codes: ['151', '177'] })).json).toMatchObject({ notExistCodes: ['151'] });
  });

  it.each([
    { integrationCode: 'other' },
    { baseUrl: undefined },
    { logo: 'https://pbx.example.invalid/logo.png' },
    { actions: {} },
    { makeCallUrl: 'https://pbx.example.invalid/' },
  ])('%j is refused', async (changes) => expect((await edit(changes)).status).toBe(400));
});

describe('faults', () => {
  it('last for the requests they were made for, and only on the path they name', async () => {
    crm.faults.next(2, { kind: 'status', status: 500 }, '/users');
    expect((await event()).status).toBe(200);
    expect((await ask('GET', '/api/v5/users')).status).toBe(500);
    expect((await ask('GET', '/api/v5/users')).status).toBe(500);
    expect((await ask('GET', '/api/v5/users')).status).toBe(200);
  });

  it.each([
    ['close-before', 0],
    ['close-after', 1],
  ] as const)('%s leaves %i records', async (kind, records) => {
    crm.faults.next(1, { kind });
    await expect(upload([CALL])).rejects.toThrow();
    expect(crm.state.calls).toHaveLength(records);
    expect(crm.exchanges).toMatchObject([{ fault: kind, applied: records === 1, status: null }]);
  });

  it('every request is kept in order and told to whoever listens', async () => {
    const told: string[] = [];
    const silence = crm.onRequest((exchange) => told.push(`${exchange.nth} ${exchange.effect}`));
    await event();
    await upload([CALL]);
    silence();
    await event();
    expect(told).toEqual([
      '1 card of 375290000001 shown to 151',
      '2 in call of 375290000001 with 151 in history: answered, talk 0 s, wait 0 s',
    ]);
    expect(crm.exchanges.map(({ nth }) => nth)).toEqual([1, 2, 3]);
  });
});
