import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LeakyBucket } from '../../../src/cli/demo/standins/bitrix24/limits.js';
import { startBitrix24StandIn } from './server.js';
import type { Bitrix24StandIn, Bitrix24StandInOptions } from './server.js';

const NO_LIMIT = { perSecond: 0, most: 0 };
let crm: Bitrix24StandIn;

async function restart(options: Bitrix24StandInOptions = {}): Promise<void> {
  await crm?.stop();
  crm = await startBitrix24StandIn({ bucket: NO_LIMIT, ...options });
}
beforeEach(() => restart());
afterEach(() => crm.stop());

interface Reply {
  status: number;
  json: { result?: unknown; error?: string; error_description?: string; time?: Record<string, unknown> } & Record<
    string,
    unknown
  >;
}

async function call(method: string, params: object = {}, at = '/rest/1/secret/'): Promise<Reply> {
  const response = await fetch(`${crm.url}${at}${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(params),
  });
  return { status: response.status, json: (await response.json()) as Reply['json'] };
}
const refusal = ({ status, json }: Reply) => [status, json.error, json.error_description];
const CALL = { USER_ID: 11, PHONE_NUMBER: '+375290000001', TYPE: 2, EXTERNAL_CALL_ID: 'c-1' };
async function register(changes: object = {}): Promise<string> {
  const { json } = await call('telephony.externalcall.register.json', { ...CALL, ...changes });
  return (json.result as { CALL_ID: string }).CALL_ID;
}
const finish = (CALL_ID: string, changes: object = {}) =>
  call('telephony.externalCall.finish', { CALL_ID, USER_ID: 11, DURATION: 5, ...changes });

describe('the key comes first', () => {
  it.each([
    ['/rest/1/unknown/', 403, 'INVALID_CREDENTIALS'],
    ['/rest/2/secret/', 403, 'INVALID_CREDENTIALS'],
    ['/rest/', 401, 'NO_AUTH_FOUND'],
  ])('%s is refused with %i, before the method is looked at', async (at, status, error) =>
    expect(refusal(await call('no.such.method', {}, at)).slice(0, 2)).toEqual([status, error]),
  );

  it('then the right, the kind of key, the method and its parameters', async () => {
    await restart({ webhooks: { '1/secret': ['crm'] } });
    expect(refusal(await call('telephony.externalCall.register'))[1]).toBe('insufficient_scope');
    await restart();
    crm.moods.webhooksDenied = true;
    for (const method of ['register', 'finish'])
      expect(refusal(await call(`telephony.externalCall.${method}`)).slice(0, 2)).toEqual([403, 'WRONG_AUTH_TYPE']);
    expect((await call('telephony.externalCall.show', { CALL_ID: 'x' })).json.result).toBe(false);
    expect(refusal(await call('telephony.nothing')).slice(0, 2)).toEqual([404, 'ERROR_METHOD_NOT_FOUND']);
    expect(refusal(await call('telephony.externalCall.hide', { CALLID: 'x' }))[1]).toBe('INVALID_ARGUMENT');
  });

  it('an application’s token expires, is renewed once by its refresh token, and the old ones are void', async () => {
    const { clientId, clientSecret, refreshToken } = crm.tokens.application;
    const renew = async (refresh: string) => {
      const query = new URLSearchParams({
        grant_type: 'refresh_token',
        client_id: clientId,
        client_secret: clientSecret,
        refresh_token: refresh,
      });
      return (await (await fetch(`${crm.url}/oauth/token/?${query.toString()}`)).json()) as Record<string, string>;
    };
    const profile = (auth: string) => call('profile', { auth }, '/rest/');
    expect((await profile('access-token-0000')).json.result).toMatchObject({ ID: '1', ADMIN: true });
    crm.tokens.expire();
    expect(refusal(await profile('access-token-0000')).slice(0, 2)).toEqual([401, 'expired_token']);
    expect(await renew(refreshToken)).toMatchObject({
      access_token: 'access-token-0001',
      client_endpoint: `${crm.url}/rest/`,
    });
    expect(await renew(refreshToken)).toMatchObject({ error: 'invalid_grant' });
    expect((await profile('access-token-0001')).status).toBe(200);
    expect(refusal(await profile('nonsense')).slice(0, 2)).toEqual([401, 'NO_AUTH_FOUND']);
  });
});

describe('register', () => {
  it.each([
    [{ USER_ID: undefined }, 'USER_ID or USER_PHONE_INNER should be set'],
    [{ USER_ID: undefined, USER_PHONE_INNER: '999' }, 'USER_ID or USER_PHONE_INNER should be set'],
    [{ USER_ID: 99 }, 'User is not found or is not active'],
    [{ TYPE: 6 }, 'Unknown TYPE'],
    [{ PHONE_NUMBER: '' }, 'Unsupported phone number format'],
    [{ PHONE_NUMBER: 'hello' }, 'Unsupported phone number format'],
    [{ CALL_START_DATE: '2026-11-20 12:00:00' }, 'CALL_START_DATE should be in the ISO-8601 format'],
  ])('refuses %j', async (changes, text) =>
    expect(refusal(await call('telephony.externalCall.register', { ...CALL, ...changes }))).toEqual([
      400,
      'ERROR_CORE',
      text,
    ]),
  );

  it('gives the same id to the same call, by five keys, while it is not finished and younger than half an hour', async () => {
    const id = await register();
    expect(id).toMatch(/^externalCall\.[0-9a-f]{32}\.\d+$/);
    expect(await register({ CRM_CREATE: 1, SHOW: 0 })).toBe(id);
    for (const changes of [
      { PHONE_NUMBER: '+375290000002' },
      { TYPE: 1 },
      { USER_ID: 12 },
      { LINE_NUMBER: '3' },
      { EXTERNAL_CALL_ID: 'c-2' },
    ])
      expect(await register(changes)).not.toBe(id);
    await finish(id);
    expect(await register()).not.toBe(id);
    const old = {
      EXTERNAL_CALL_ID: 'c-3',
      CALL_START_DATE: new Date(Date.now() - 31 * 60_000).toISOString().replace(/\.\d+Z/, 'Z'),
    };
    expect(await register(old)).not.toBe(await register(old));
  });

  it('shows its card to its user unless told not to, and takes an inner number for him', async () => {
    await register({ USER_ID: undefined, USER_PHONE_INNER: '152' });
    await register({ EXTERNAL_CALL_ID: 'c-2', SHOW: 0 });
    expect(crm.state.openCards()).toMatchObject([{ userId: 12, externalId: 'c-1' }]);
  });

  it('makes a lead for nobody else, and none of a colleague’s number', async () => {
    const { json } = await call('telephony.externalCall.register', { ...CALL, CRM_CREATE: 1 });
    expect(json.result).toMatchObject({ CRM_ENTITY_TYPE: 'LEAD', CRM_CREATED_ENTITIES: [{ ENTITY_TYPE: 'LEAD' }] });
    await register({ PHONE_NUMBER: '153', EXTERNAL_CALL_ID: 'c-2', CRM_CREATE: 1 });
    expect(crm.state.open).toMatchObject([{ internal: false }, { internal: true, client: null }]);
    expect(crm.state.clients).toHaveLength(1);
  });
});

describe('a call', () => {
  it('is shown to many and hidden from some, a call nobody knows to nobody', async () => {
    const CALL_ID = await register({ SHOW: 0 });
    expect((await call('telephony.externalCall.show', { CALL_ID, USER_ID: [11, 12, '13'] })).json.result).toBe(true);
    expect((await call('telephony.externalCall.hide', { CALL_ID, USER_ID: 12 })).json.result).toBe(true);
    expect(crm.state.openCards().map(({ userId }) => userId)).toEqual([11, 13]);
    expect((await call('telephony.externalCall.hide', { CALL_ID: 'other', USER_ID: 11 })).json.result).toBe(false);
  });

  it('is finished once, with numbers and texts as the portal mixes them, and its cards close', async () => {
    const id = await register({ LINE_NUMBER: '3' });
    const { json } = await finish(id, { STATUS_CODE: '200', ADD_TO_CHAT: 0 });
    expect(json.result).toMatchObject({
      CALL_ID: id,
      EXTERNAL_CALL_ID: 'c-1',
      PORTAL_USER_ID: 11,
      PORTAL_NUMBER: '3',
      INCOMING: '2',
      CALL_DURATION: 5,
      CALL_START_DATE: {},
      CALL_STATUS: 1,
      CALL_FAILED_CODE: '200',
      COMMENT: null,
      ID: 1,
    });
    expect(json.time).toMatchObject({ processing: 0, operating: expect.closeTo(0.1) as number });
    expect(json.time?.['operating_reset_at']).toBeTypeOf('number');
    expect(crm.state.openCards()).toEqual([]);
    expect(refusal(await finish(id))).toEqual([
      400,
      'ERROR_CORE',
      'Call is not found (call should be registered prior to finishing',
    ]);
    expect(crm.state.calls).toHaveLength(1);
  });

  it.each([
    [{ CALL_ID: 5 }, 'INVALID_ARGUMENT'],
    [{ USER_ID: undefined }, 'ERROR_CORE'],
    [{ USER_ID: 99 }, 'ERROR_CORE'],
    [{ STATUS_CODE: '299' }, 'INVALID_ARGUMENT'],
    [{ DURATION: 1.5 }, 'INVALID_ARGUMENT'],
  ])('is not finished with %j', async (changes, error) => {
    const id = await register();
    expect(refusal(await finish(id, changes))[1]).toBe(error);
    expect(crm.state.calls).toEqual([]);
  });

  it('takes its recording only after it is finished, only wav and mp3, and a new one for the old', async () => {
    const CALL_ID = await register();
    const attach = (params: object) => call('telephony.externalCall.attachRecord', { CALL_ID, ...params });
    const RECORD_URL = 'https://pbx.example.invalid/1.mp3';
    expect(refusal(await attach({ RECORD_URL }))).toEqual([
      400,
      '',
      expect.stringContaining('not finished yet') as string,
    ]);
    await finish(CALL_ID);
    expect(refusal(await attach({}))[2]).toContain('Required parameters are not set');
    expect(refusal(await attach({ RECORD_URL: 'https://pbx.example.invalid/1.ogg' }))[2]).toContain(
      'Wrong file extension',
    );
    expect(refusal(await attach({ FILENAME: '1.mp3', FILE_CONTENT: '?' }))[2]).toContain('Base64');
    expect((await attach({ FILENAME: '1.mp3' })).json.result).toMatchObject({ fieldName: 'file' });
    expect((await attach({ RECORD_URL })).json.result).toEqual({ FILE_ID: 9001 });
    expect((await attach({ RECORD_URL: 'https://pbx.example.invalid/2.wav' })).json.result).toEqual({ FILE_ID: 9001 });
    expect(crm.state.calls).toMatchObject([{ recordUrl: 'https://pbx.example.invalid/2.wav' }]);
  });

  it('stands in the statistics, all text, found by either id; a filter nobody knows finds all', async () => {
    await finish(await register());
    const id = await register({ EXTERNAL_CALL_ID: 'c-2' });
    await finish(id);
    const look = async (FILTER: object) => (await call('voximplant.statistic.get', { FILTER })).json;
    expect((await look({ CALL_ID: id })).result).toMatchObject([
      { ID: '2', CALL_ID: id, PORTAL_USER_ID: '11', CALL_DURATION: '5', CALL_TYPE: '2', RECORD_FILE_ID: null },
    ]);
    expect((await look({ EXTERNAL_CALL_ID: ['c-1', 'c-2'] }))['total']).toBe(2);
    expect((await look({ NONSENSE: 'x' }))['total']).toBe(2);
    crm.moods.statistics = false;
    expect(refusal(await call('voximplant.statistic.get'))).toEqual([403, 'ACCESS_DENIED', 'Access denied!']);
  });
});

describe('a batch', () => {
  const batch = (cmd: object, more: object = {}) => call('batch', { cmd, ...more });

  it('does its commands in order, hands results on, and answers with 200 and empty maps as lists', async () => {
    const { status, json } = await batch({
      r: 'telephony.externalCall.register?USER_ID=11&PHONE_NUMBER=%2B375290000001&TYPE=2&SHOW=0',
      s: 'telephony.externalCall.show?CALL_ID=%24result%5Br%5D%5BCALL_ID%5D&USER_ID%5B0%5D=11&USER_ID%5B1%5D=12',
    });
    expect(status).toBe(200);
    expect(json.result).toMatchObject({ result: { s: true }, result_error: [], result_total: [], result_next: [] });
    expect(crm.state.openCards()).toHaveLength(2);
  });

  it('goes on after a refusal, or stops where it is told to', async () => {
    const cmd = { a: 'telephony.externalCall.finish?CALL_ID=x&USER_ID=11', b: 'profile' };
    const goneOn = (await batch(cmd)).json.result;
    expect(goneOn).toMatchObject({ result: { b: { ID: '1' } }, result_error: { a: { error: 'ERROR_CORE' } } });
    expect((await batch(cmd, { halt: 1 })).json.result).toMatchObject({ result: [] });
  });

  it('takes fifty commands, and no batch', async () => {
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`c${index}`, 'profile']));
    expect(refusal(await batch(many))[1]).toBe('ERROR_BATCH_LENGTH_EXCEEDED');
    expect((await batch({ a: 'batch?cmd[x]=profile' })).json.result).toMatchObject({
      result_error: { a: { error: 'ERROR_BATCH_METHOD_NOT_ALLOWED' } },
    });
  });
});

describe('limits', () => {
  it('fifty requests at once, a batch counting as one, and what is over is 503', async () => {
    await restart({ bucket: { perSecond: 0.001, most: 50 } });
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`c${index}`, 'profile']));
    expect((await call('batch', { cmd: many })).status).toBe(200);
    const replies = await Promise.all(Array.from({ length: 60 }, () => call('profile')));
    const refused = replies.filter(({ status }) => status === 503);
    expect(refused).toHaveLength(11);
    expect(refused[0]?.json.error).toBe('QUERY_LIMIT_EXCEEDED');
    expect(crm.bucket.overflowed).toBe(11);
  });

  it('two of which leak out in a second', () => {
    const bucket = new LeakyBucket({ perSecond: 2, most: 50 });
    const taken = (at: number, count: number) =>
      Array.from({ length: count }, () => bucket.take(at)).filter(Boolean).length;
    expect(taken(1_000, 60)).toBe(50);
    expect(taken(1_400, 5)).toBe(0);
    expect(taken(1_500, 5)).toBe(1);
    expect(taken(11_500, 60)).toBe(20);
  });

  it('the time of each method by itself, in a batch as well, until the portal says', async () => {
    await restart({ operatingLimit: 1, methodSeconds: 0.6 });
    await call('user.get');
    await call('user.get');
    const blocked = await call('user.get');
    expect(refusal(blocked).slice(0, 2)).toEqual([429, 'OPERATION_TIME_LIMIT']);
    expect(Number(blocked.json.time?.['operating_reset_at'])).toBeGreaterThan(Date.now() / 1000);
    expect((await call('profile')).status).toBe(200);
    expect((await call('batch', { cmd: { u: 'user.get', p: 'profile' } })).json.result).toMatchObject({
      result: { p: { ID: '1' } },
      result_error: { u: { error: 'OPERATION_TIME_LIMIT' } },
    });
  });
});
