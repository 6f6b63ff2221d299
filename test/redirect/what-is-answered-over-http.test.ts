import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import type { RetailCrmStandIn } from '../standins/retailcrm/server.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const INCOMING = '/api/smart-redirect/incoming-call';
const FLEET = '/api/callevent/getcustomerdata';
const NOTHING = '{"Name":"","DialPlan":null}';
const OWNED = '80290000001';
const SLOW = '80290000002';
const LINE = '0001363';

let crm: RetailCrmStandIn;
let running: TestApp;
let nth = 0;

const enterprise = (number: string, more: object) =>
  retailCrmEnterprise({ number, token: `unit-token-${number}`, amiPort: null, crmUrl: crm.url, more });

beforeAll(async () => {
  crm = await startRetailCrmStandIn({
    otherPerSecond: 0,
    telephonyPerSecond: 0,
    users: [{ id: 7, firstName: 'Vera', code: '151' }],
    customers: [
      { phone: '+375290000001', managerId: 7, firstName: 'Город, "Пример"', lastName: 'ООО' },
      { phone: '+375290000002', managerId: 7, firstName: 'Slow', lastName: 'Example' },
    ],
  });
  const smartRedirect = { mode: 'owner', fleetContexts: [`mngr31_${LINE}_1`], perSecond: 1_000 };
  running = await startTestApp({
    enterprises: [
      enterprise('0367', { smartRedirect }),
      enterprise('0400', { smartRedirect, mode: 'off' }),
      enterprise('0401', { smartRedirect, mode: 'shadow' }),
      enterprise('0402', { smartRedirect: { ...smartRedirect, mode: 'shadow' } }),
      enterprise('0403', {}),
      enterprise('0404', { smartRedirect: { ...smartRedirect, perSecond: 0.1 } }),
      enterprise('0405', { smartRedirect, webhookFrom: ['192.0.2.0/24'] }),
    ],
  });
  await running.db.pool.query(
    `INSERT INTO user_internal_phones (id, enterprise_number, phone_number) OVERRIDING SYSTEM VALUE
     SELECT 31 + row_number() OVER () - 1, number, '151' FROM (VALUES ('0367')) AS given (number)`,
  );
}, 60_000);

afterAll(async () => {
  await running[Symbol.asyncDispose]();
  await crm.stop();
});

interface Asking {
  token?: string | null;
  type?: string;
  accept?: string;
  body?: string;
  method?: string;
  url?: string;
}

async function ask(path: string, asking: Asking = {}) {
  const { token = 'unit-token-0367', type = 'application/json', accept, body, method = 'POST', url } = asking;
  const headers = { 'content-type': type, ...(token === null ? {} : { token }), ...(accept ? { accept } : {}) };
  const answer = await fetch(`${url ?? running.app.url}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
  });
  return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
}

/** Each a call of its own. */
const incoming = (phone: string, more: object = {}) =>
  JSON.stringify({ phone, unique_id: `1700000000.${(nth += 1)}`, channel: 'SIP/trunk-00000001', trunk: LINE, ...more });
const fromFleet = (phone: string, more: object = {}) =>
  JSON.stringify({ UniqueId: `1700000000.${(nth += 1)}`, Phone: phone, TrunkId: LINE, LoadDialPlan: 'true', ...more });
const form = (json: string) => new URLSearchParams(JSON.parse(json) as Record<string, string>).toString();

const NAME = 'Город Пример ООО';
const GOES = { action: 'redirected', manager: '151', target: 'SIP/151', name: NAME, reason: 'retailcrm names 151' };
const STAYS = { action: 'continue', manager: null, target: null, name: null };

describe('incoming-call answers', () => {
  it.each([
    ['JSON', {}, OWNED, GOES],
    ['a form', { type: 'application/x-www-form-urlencoded' }, OWNED, GOES],
    ['a form whose type says nothing', { type: 'x' }, OWNED, GOES],
    ['with quotes around the token', { token: '"unit-token-0367"' }, OWNED, GOES],
    ['for a client nobody owns', {}, '80290000009', { ...STAYS, reason: 'the mobile of a colleague calls' }],
    ['for a client the CRM does not know', {}, '80290000003', { ...STAYS, reason: 'nobody owns this client' }],
    ['for a caller who hides his number', {}, '', { ...STAYS, reason: 'the caller hides his number' }],
    [
      'for an enterprise in shadow',
      { token: 'unit-token-0401' },
      OWNED,
      { ...STAYS, reason: 'shadow; retailcrm names 151' },
    ],
    ['in mode shadow', { token: 'unit-token-0402' }, OWNED, { ...STAYS, reason: 'shadow; retailcrm names 151' }],
    [
      'for an enterprise that is off',
      { token: 'unit-token-0400' },
      OWNED,
      { ...STAYS, reason: 'the enterprise is off' },
    ],
    [
      'where nothing is set up',
      { token: 'unit-token-0403' },
      OWNED,
      { ...STAYS, reason: 'smart redirect is not set up' },
    ],
  ])('%s', async (_what, asking: Asking, phone, result) => {
    const body = incoming(phone);
    const answer = await ask(INCOMING, { ...asking, body: asking.type ? form(body) : body });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toEqual({ success: true, result });
  });

  it.each([
    ['an owner', OWNED, `SIP/151|${NAME}`],
    ['nobody', '80290000003', '|'],
  ])('one line of text with %s', async (_what, phone, text) => {
    const answer = await ask(INCOMING, { accept: 'text/plain', body: incoming(phone) });
    expect(answer).toEqual({ status: 200, type: 'text/plain; charset=utf-8', text });
  });

  it('the same call as before when it asks again, whatever became of the client meanwhile', async () => {
    const body = incoming(OWNED, { unique_id: '1700000001.1' });
    const [first, again] = [await ask(INCOMING, { body }), await ask(INCOMING, { body })];
    expect(again).toEqual(first);
    const { rows } = await running.db.pool.query("SELECT 1 FROM redirect_decisions WHERE unique_id = '1700000001.1'");
    expect(rows).toHaveLength(1);
  });
});

const JUNK: [string, Asking, number][] = [
  ['an unknown token', { token: 'no-such-token', body: '{}' }, 403],
  ['no token', { token: null, body: '{}' }, 403],
  ['a foreign address', { token: 'unit-token-0405', body: '{}' }, 403],
  ['bad JSON', { body: '{"phone":' }, 400],
  ['an array', { body: '[1]' }, 400],
  ['a text', { body: '"phone"' }, 400],
  ['no body', {}, 400],
  ['fields of the wrong kind', { body: '{"phone":{"a":1},"unique_id":["x"]}' }, 400],
  ['an id that is none', { body: '{"phone":"80290000001","unique_id":"../../x y"}' }, 400],
  ['too large a body', { body: `{"phone":"${'8'.repeat(20_000)}"}` }, 413],
];

describe('incoming-call refuses', () => {
  it.each(JUNK)('%s', async (_what, asking, status) => {
    const answer = await ask(INCOMING, asking);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toMatchObject({ success: false, message: expect.any(String) as string });
    expect(await ask(INCOMING, { ...asking, accept: 'text/plain' })).toMatchObject({ status, text: '|' });
  });

  it('whoever asks too often', async () => {
    const token = 'unit-token-0404';
    await ask(INCOMING, { token, body: incoming(OWNED) });
    const answer = await ask(INCOMING, { token, body: incoming(OWNED) });
    expect(answer).toMatchObject({ status: 429, text: expect.stringContaining('THROTTLED') as string });
    expect(await ask(FLEET, { token, body: fromFleet(OWNED) })).toMatchObject({ status: 200, text: NOTHING });
  });
});

describe('getcustomerdata answers 200 and what the fleet’s dialplan can read', () => {
  const named = (context: string | null) =>
    `{"Name":"${NAME}","DialPlan":${context === null ? 'null' : `"${context}"`}}`;
  it.each([
    ['an owner whose context is known', {}, fromFleet(OWNED), named(`mngr31_${LINE}_1`)],
    ['an owner on a line without his context', {}, fromFleet(OWNED, { TrunkId: '0001364' }), named(null)],
    ['a line that is no word', {}, fromFleet(OWNED, { TrunkId: '1,s,1)' }), named(null)],
    ['no line', {}, fromFleet(OWNED, { TrunkId: '' }), named(null)],
    ['only the name', {}, fromFleet(OWNED, { LoadDialPlan: 'false' }), named(null)],
    ['nobody', {}, fromFleet('80290000003'), NOTHING],
    ['shadow', { token: 'unit-token-0401' }, fromFleet(OWNED), NOTHING],
    ['mode shadow', { token: 'unit-token-0402' }, fromFleet(OWNED), NOTHING],
    ['off', { token: 'unit-token-0400' }, fromFleet(OWNED), NOTHING],
    ['nothing set up', { token: 'unit-token-0403' }, fromFleet(OWNED), NOTHING],
    [
      'a body with a line end and an id that is a number',
      {},
      fromFleet(OWNED)
        .replace('"Phone"', '\n"Phone"')
        .replace(/"(1700000000\.\d+)"/, '$1'),
      named(`mngr31_${LINE}_1`),
    ],
    ...JUNK.map(([what, asking]) => [what, asking, asking.body, NOTHING] as const),
    ['another method', { method: 'PUT' }, fromFleet(OWNED, { Phone: '' }), NOTHING],
    ['a GET', { method: 'GET' }, undefined, NOTHING],
  ] as const)('%s', async (_what, asking: Asking, body, text) => {
    expect(await ask(FLEET, { ...asking, ...(body === undefined ? {} : { body }) })).toEqual({
      status: 200,
      type: 'application/json; charset=utf-8',
      text,
    });
  });

  it('when the CRM is slow, by 0.9 s', async () => {
    crm.faults.next(1, { kind: 'delay', ms: 1_500 });
    expect(await ask(FLEET, { body: fromFleet(SLOW) })).toMatchObject({ status: 200, text: NOTHING });
  });

  it('when the database fails: the name is known all the same', async () => {
    await running.db.pool.query('ALTER TABLE user_internal_phones RENAME TO away');
    try {
      expect(await ask(FLEET, { body: fromFleet(OWNED) })).toMatchObject({ status: 200, text: named(null) });
    } finally {
      await running.db.pool.query('ALTER TABLE away RENAME TO user_internal_phones');
    }
  });

  it('and to what is not even HTTP, no word that could be taken for an answer', async () => {
    const { hostname, port } = new URL(running.app.url);
    const heard = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () =>
        socket.write(`POST ${FLEET} HTTP/1.1\r\nHost: x\r\nTok en: unit\r\nContent-Length: 2\r\n\r\n{}`),
      );
      let text = '';
      socket.on('data', (bytes) => (text += bytes.toString()));
      socket.on('error', reject);
      socket.on('close', () => resolve(text));
    });
    expect(heard).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n(.+\r\n)*\r\n$/);
  });
});

describe('while the daemon', () => {
  it('starts, nothing is known of anybody yet', async () => {
    await using starting = await startTestApp({
      enterprises: [],
      db: running.db,
      databaseUrl: 'postgres://nobody@127.0.0.1:1/nothing',
    });
    const { url } = starting.app;
    expect(await ask(INCOMING, { url, body: incoming(OWNED) })).toMatchObject({ status: 503 });
    expect(await ask(INCOMING, { url, body: incoming(OWNED), accept: 'text/plain' })).toMatchObject({ text: '|' });
    expect(await ask(FLEET, { url, body: fromFleet(OWNED) })).toMatchObject({ status: 200, text: NOTHING });
  });

  it('stops, who has asked is answered', async () => {
    await using stopping = await startTestApp({
      enterprises: [enterprise('0367', { smartRedirect: { mode: 'owner', fleetContexts: [`mngr31_${LINE}_1`] } })],
      db: running.db,
    });
    const { url } = stopping.app;
    const before = crm.exchanges.length;
    crm.faults.next(2, { kind: 'delay', ms: 400 }, '/telephony/manager');
    const asked = [ask(INCOMING, { url, body: incoming(SLOW) }), ask(FLEET, { url, body: fromFleet(OWNED) })];
    await until('both questions', () => crm.exchanges.length >= before + 2);
    await stopping.stop();
    const [told, fleet] = await Promise.all(asked);
    expect(JSON.parse(told?.text ?? '')).toMatchObject({ result: { action: 'redirected', manager: '151' } });
    expect(fleet).toMatchObject({ status: 200, text: expect.stringMatching(/^\{"Name":"Город/) as string });
    await expect(ask(FLEET, { url, body: fromFleet(OWNED) })).rejects.toThrow();
  });
});

it('every question that was decided is kept with its reason, and none is logged with a token', async () => {
  const { rows } = await running.db.pool.query<{ n: number; silent: number }>(
    `SELECT count(*)::int AS n, count(*) FILTER (WHERE coalesce(decision->>'reason', '') = '' OR decision->>'action' IS NULL)::int AS silent
       FROM redirect_decisions`,
  );
  expect(rows[0]).toMatchObject({ silent: 0 });
  expect(rows[0]?.n).toBeGreaterThan(15);
  expect(running.log.join('')).not.toMatch(/unit-token-/);
});
