import { request as httpRequest } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { INTEGRATION, startAmoCrmStandIn } from './server.js';
import type { AmoCrmStandIn, AmoCrmStandInOptions } from './server.js';

let crm: AmoCrmStandIn;
beforeEach(async () => {
  crm = await startAmoCrmStandIn({ perSecond: 0 });
});
afterEach(() => crm.stop());

async function restart(options: AmoCrmStandInOptions): Promise<void> {
  await crm.stop();
  crm = await startAmoCrmStandIn({ perSecond: 0, ...options });
}

interface Told {
  status: number;
  body: string;
  json: Record<string, unknown>;
}

async function ask(method: string, path: string, body?: unknown, token = 'token-1'): Promise<Told> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const outgoing = httpRequest(`${crm.url}${path}`, { method, agent: false, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const json = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
        resolve({ status: response.statusCode ?? 0, body: text, json });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const PHONE = '+375290000001';
const CALL = {
  direction: 'inbound',
  uniq: 'c-1',
  duration: 65,
  source: 'PBX',
  phone: PHONE,
  call_status: 4,
  responsible_user_id: 11,
  request_id: 'c-1',
};
const call = (changes: Record<string, unknown> = {}) => ask('POST', '/api/v4/calls', [{ ...CALL, ...changes }]);

describe('before anything else', () => {
  it('the token is looked at, even for a path that does not exist', async () => {
    expect(await ask('GET', '/api/v4/nothing', undefined, 'no')).toMatchObject({
      status: 401,
      json: { title: 'Unauthorized', type: 'https://httpstatus.es/401', detail: 'Invalid user name or password' },
    });
    expect(await ask('GET', '/api/v4/nothing')).toMatchObject({
      status: 404,
      json: { detail: expect.stringContaining('Cannot GET https://') as string },
    });
    expect(await ask('GET', '/api/v4/calls')).toMatchObject({ status: 405, json: { title: 'Method Not Allowed' } });
    expect((await ask('GET', '/')).body.startsWith('<')).toBe(true);
  });

  it('a token without the right is refused, users being an administrator’s', async () => {
    await restart({ tokens: { 'token-1': { admin: false, forbidden: ['contacts'] } } });
    expect((await ask('GET', '/api/v4/users')).status).toBe(403);
    expect((await ask('GET', '/api/v4/contacts')).status).toBe(403);
    expect((await ask('GET', '/api/v4/account')).status).toBe(200);
  });
});

describe('a call is refused', () => {
  it.each([
    ['alone, without its list', CALL],
    ['as text', 'call'],
    ['as an empty list', []],
  ])('%s', async (_what, body) => {
    expect(await ask('POST', '/api/v4/calls', body)).toMatchObject({ status: 400, json: { title: 'Bad Request' } });
  });

  it.each([
    [{ direction: 'in' }, 'direction'],
    [{ duration: '65' }, 'duration'],
    [{ duration: 1.5 }, 'duration'],
    [{ source: undefined }, 'source'],
    [{ phone: '' }, 'phone'],
    [{ call_status: 8 }, 'call_status'],
    [{ created_by: '11' }, 'created_by'],
    [{ responsible_user_id: 99 }, 'responsible_user_id'],
    [{ link: '/var/spool/1.wav' }, 'link'],
    [{ created_at: '2026-11-20' }, 'created_at'],
    [{ request_id: undefined }, 'request_id'],
    [{ extra: 1 }, 'extra'],
  ])('with %j', async (changes, path) => {
    crm.state.contact({ phones: [PHONE] });
    const answer = await call(changes);
    expect(answer).toMatchObject({
      status: 400,
      json: { detail: 'Request validation failed', 'validation-errors': [{ errors: [{ path }] }] },
    });
    expect(crm.state.notes).toEqual([]);
  });

  it('with more than 250 others', async () => {
    const many = Array.from({ length: 251 }, () => CALL);
    expect(await ask('POST', '/api/v4/calls', many)).toMatchObject({
      status: 422,
      json: { detail: 'Limit 250 per page' },
    });
  });

  it('when the number is nobody’s, with 400 and no validation errors', async () => {
    const { status, json } = await call();
    expect(status).toBe(400);
    expect(json).toEqual({
      _total_items: 0,
      errors: [
        {
          title: 'Entity not found',
          type: 'https://httpstatus.es/404',
          status: 404,
          detail: 'Entity not found',
          request_id: 'c-1',
        },
      ],
    });
  });
});

describe('a call is put', () => {
  const places = () => crm.state.notes.map(({ kind, entityId }) => `${kind} ${entityId}`);

  it('to the only open lead, the only customer, else the contact; matched by ten digits', async () => {
    const contact = crm.state.contact({ phones: ['8 (529) 000-00-01'] });
    await call();
    const lead = crm.state.lead({ contactIds: [contact.id] });
    await call();
    crm.state.lead({ contactIds: [contact.id] });
    await call();
    for (const one of crm.state.leads) crm.state.close(one);
    crm.state.customers.push({ id: 7, contactIds: [contact.id] });
    await call();
    expect(places()).toEqual([`contacts ${contact.id}`, `leads ${lead.id}`, `contacts ${contact.id}`, 'customers 7']);
  });

  it('to a company where no contact has the number', async () => {
    const company = crm.state.company({ phones: [PHONE] });
    expect((await call()).json).toMatchObject({ _embedded: { calls: [{ entity_id: company.id, request_id: 'c-1' }] } });
  });

  it('twice, when it is sent twice, and can be read as notes only', async () => {
    const { id } = crm.state.contact({ phones: [PHONE] });
    await call();
    await call({ direction: 'outbound' });
    const path = `/api/v4/contacts/${id}/notes`;
    const { json } = await ask('GET', `${path}?filter[note_type][]=call_in&filter[note_type][]=call_out`);
    expect(json).toMatchObject({
      _embedded: {
        notes: [{ note_type: 'call_in', params: { uniq: 'c-1', duration: 65 } }, { note_type: 'call_out' }],
      },
    });
    expect((await ask('GET', `${path}?filter[note_type][]=common`)).status).toBe(204);
  });

  it('beside others that are nobody’s', async () => {
    crm.state.contact({ phones: [PHONE] });
    const calls = [CALL, { ...CALL, phone: '+375290000002', request_id: 'c-2' }];
    expect((await ask('POST', '/api/v4/calls', calls)).json).toMatchObject({
      errors: [{ title: 'Entity not found', request_id: 'c-2' }],
      _embedded: { calls: [{ request_id: 'c-1' }] },
    });
  });
});

describe('the note of a call', () => {
  const PARAMS = { uniq: 'c-1', duration: 65, source: 'PBX', phone: PHONE, call_status: 4 };
  const LINK = 'https://pbx.example.invalid/1.wav';
  const changed = async (changes: object, path?: string) => {
    const { id } = crm.state.contact({ phones: [PHONE] });
    await call();
    const [note] = crm.state.notes;
    const body = { entity_id: id, note_type: 'call_in', params: { ...PARAMS, link: LINK }, ...changes };
    return ask('PATCH', path ?? `/api/v4/contacts/notes/${note?.id}`, body);
  };

  it('is changed by its id, and keeps nothing but what is sent', async () => {
    const { status, json } = await changed({ params: { duration: 65, source: 'PBX', link: LINK } });
    const [note] = crm.state.notes;
    expect({ status, json }).toMatchObject({ status: 200, json: { id: note?.id, entity_id: note?.entityId } });
    expect(note?.params).toEqual({ duration: 65, source: 'PBX', link: LINK });
  });

  it.each([
    [{ note_type: 'call_out' }, 'note_type'],
    [{ note_type: 'common' }, 'note_type'],
    [{ note_type: undefined }, 'note_type'],
    [{ entity_id: undefined }, 'entity_id'],
    [{ entity_id: 1 }, 'entity_id'],
    [{ params: undefined }, 'params'],
    [{ params: { ...PARAMS, link: '/var/spool/1.wav' } }, 'params.link'],
    [{ params: { ...PARAMS, duration: '65' } }, 'params.duration'],
    [{ params: { ...PARAMS, source: undefined } }, 'params.source'],
    [{ params: { ...PARAMS, call_status: 8 } }, 'params.call_status'],
    [{ params: { ...PARAMS, extra: 1 } }, 'params.extra'],
    [{ text: 'x' }, 'text'],
  ])('is not with %j', async (changes, path) => {
    expect(await changed(changes)).toMatchObject({
      status: 400,
      json: { detail: 'Request validation failed', 'validation-errors': [{ errors: [{ path }] }] },
    });
    expect(crm.state.notes).toMatchObject([{ params: { uniq: 'c-1' } }]);
    expect(crm.state.notes[0]?.params['link']).toBeUndefined();
  });

  it('is not with an empty body, or with a list', async () => {
    crm.state.contact({ phones: [PHONE] });
    await call();
    const path = `/api/v4/contacts/notes/${crm.state.notes[0]?.id}`;
    for (const body of [undefined, {}, []])
      expect(await ask('PATCH', path, body)).toMatchObject({
        status: 400,
        json: { 'validation-errors': [{ request_id: '0' }] },
      });
  });

  it('is not there under another id or as a note of another kind of card', async () => {
    expect((await changed({}, '/api/v4/contacts/notes/99')).status).toBe(404);
    expect((await changed({}, `/api/v4/leads/notes/${crm.state.notes[0]?.id}`)).status).toBe(404);
    expect((await ask('POST', `/api/v4/contacts/notes/${crm.state.notes[0]?.id}`, {})).status).toBe(405);
  });

  it('is its card’s to allow', async () => {
    await restart({ tokens: { 'token-1': { forbidden: ['contacts'] } } });
    expect((await changed({})).status).toBe(403);
  });
});

describe('cards', () => {
  it('are found by any filled field, with their leads when asked', async () => {
    const { id } = crm.state.contact({ phones: ['+7 900 000-00-01'] });
    const lead = crm.state.lead({ contactIds: [id] });
    crm.state.contact({ name: 'order 79000000001', phones: [] });
    const { json } = await ask('GET', '/api/v4/contacts?query=79000000001&with=leads');
    expect(json).toMatchObject({ _embedded: { contacts: [{ id, _embedded: { leads: [{ id: lead.id }] } }, {}] } });
    expect((await ask('GET', '/api/v4/contacts?query=79000000009')).status).toBe(204);
    expect((await ask('GET', '/api/v4/contacts?limit=251')).status).toBe(422);
  });

  it('are made of arrays with known fields', async () => {
    const phone = { field_code: 'PHONE', values: [{ value: PHONE, enum_code: 'WORK' }] };
    const made = await ask('POST', '/api/v4/contacts', [{ name: 'A', custom_fields_values: [phone], request_id: 'r' }]);
    expect(made.json).toMatchObject({ _embedded: { contacts: [{ request_id: 'r' }] } });
    expect((await ask('POST', '/api/v4/contacts', { name: 'A' })).status).toBe(400);
    const odd = { field_code: 'PHONE', values: [{ value: PHONE, enum_code: 'CELL' }] };
    expect((await ask('POST', '/api/v4/contacts', [{ custom_fields_values: [odd] }])).status).toBe(400);
  });
});

describe('“unsorted”', () => {
  const metadata = {
    is_call_event_needed: true,
    uniq: 'c-1',
    duration: 0,
    service_code: 'pbx',
    phone: PHONE,
    called_at: 1_795_165_200,
    from: 'PBX',
  };
  const contacts = [{ name: PHONE, custom_fields_values: [{ field_code: 'PHONE', values: [{ value: PHONE }] }] }];
  const unsorted = {
    source_name: 'PBX',
    source_uid: 'pbx',
    metadata,
    _embedded: { leads: [{ name: 'Call' }], contacts },
  };
  const put = (more: Record<string, unknown> = {}) =>
    ask('POST', '/api/v4/leads/unsorted/sip', [{ ...unsorted, metadata: { ...metadata, ...more } }]);

  it('keeps a call once, hides its client until somebody takes him, and never tells whether a call was wanted', async () => {
    expect((await put()).json).toMatchObject({ _embedded: { unsorted: [{ request_id: '0' }] } });
    expect((await put()).status).toBe(400);
    expect((await ask('GET', `/api/v4/contacts?query=375290000001`)).status).toBe(204);
    const { json } = await ask('GET', '/api/v4/leads/unsorted?filter[category][]=sip');
    const [entry] = (json['_embedded'] as { unsorted: { uid: string; metadata: object }[] }).unsorted;
    expect(entry?.metadata).toMatchObject({ uniq: 'c-1' });
    expect(entry?.metadata).not.toHaveProperty('is_call_event_needed');
    crm.state.accept(entry?.uid ?? '');
    expect((await ask('GET', `/api/v4/contacts?query=375290000001`)).status).toBe(200);
    expect((await call()).status).toBe(200);
  });

  it('refuses what lacks something, and everything when it is off', async () => {
    expect((await put({ service_code: undefined })).status).toBe(400);
    expect((await put({ called_at: 'now' })).status).toBe(400);
    await restart({ unsortedOn: false });
    expect((await put()).status).toBe(403);
    expect((await ask('GET', '/api/v4/account')).json).toMatchObject({ is_unsorted_on: false });
  });
});

describe('pop-ups', () => {
  it('are shown to the users named, and refused for anything odd', async () => {
    const show = (event: object) => ask('POST', '/api/v2/events/', { add: [event] });
    const event = { type: 'phone_call', phone_number: PHONE, users: [11, 12] };
    expect((await show(event)).status).toBe(200);
    expect((await show({ ...event, users: ['11'] })).status).toBe(400);
    expect((await show({ ...event, type: 'call' })).status).toBe(400);
    expect((await ask('POST', '/api/v2/events/', [event])).status).toBe(400);
    expect(crm.state.notices).toMatchObject([{ phone: PHONE, users: [11, 12] }]);
  });
});

describe('tokens', () => {
  const { clientId: client_id, clientSecret: client_secret, redirectUri: redirect_uri } = INTEGRATION;
  const exchange = (grant: object) =>
    ask('POST', '/oauth2/access_token', { client_id, client_secret, redirect_uri, ...grant }, '');

  it('of a pair are exchanged once; the old access token works to its end', async () => {
    const first = crm.tokens.pair(Date.now());
    const refresh = { grant_type: 'refresh_token', refresh_token: first.refresh_token };
    const { json } = await exchange(refresh);
    expect(json).toMatchObject({ token_type: 'Bearer', expires_in: 86_400 });
    expect((await exchange(refresh)).json).toMatchObject({ status: 401, hint: 'Token has been revoked' });
    for (const token of [first.access_token, json['access_token'] as string])
      expect((await ask('GET', '/api/v4/account', undefined, token)).status).toBe(200);
    crm.tokens.end(first.access_token);
    expect((await ask('GET', '/api/v4/account', undefined, first.access_token)).status).toBe(401);
  });

  it('are given for a code, once, to the integration it was made for', async () => {
    const code = { grant_type: 'authorization_code', code: crm.tokens.code() };
    expect((await exchange({ ...code, redirect_uri: 'https://other.example.invalid/' })).status).toBe(400);
    expect((await exchange({ ...code, client_secret: 'no' })).status).toBe(401);
    expect((await exchange(code)).status).toBe(200);
    expect((await exchange(code)).status).toBe(400);
  });
});

describe('limits', () => {
  it('seven in any second, then 429 with its time, and a page of nginx for who goes on', async () => {
    await restart({ perSecond: 7, blockAfter: 3, retryAfter: 300 });
    const all = await Promise.all(Array.from({ length: 12 }, () => ask('GET', '/api/v4/account')));
    const statuses = all.map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array<number>(7).fill(200), 403, 403, 429, 429, 429]);
    expect(all.find(({ status }) => status === 429)?.json).toMatchObject({ retry_after: 300 });
    expect(all.find(({ status }) => status === 403)?.body.startsWith('<')).toBe(true);
    expect(crm.refused()).toEqual({ busy: 3, blocked: 2 });
  });
});
