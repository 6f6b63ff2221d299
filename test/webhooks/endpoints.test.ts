import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { FLEET_EVENTS } from '../../src/webhooks/parse.js';
import { createTestDb } from '../support/db.js';
import type { TestDb } from '../support/db.js';
import { TOKEN, inbox, openStand } from './stand.js';
import type { Stand } from './stand.js';

const JSON_OK = '{"status":"ok"}';
const start = { Token: TOKEN, UniqueId: '1700000000.6', Phone: '375290000001', CallType: 0, Trunk: '0001363' };
const { Token: _, ...startWithoutToken } = start;

let db: TestDb;
let stand: Stand;

beforeAll(async () => {
  db = await createTestDb();
  stand = await openStand({
    url: db.url,
    trustProxy: true,
    senders: {
      [TOKEN]: {},
      '375290000001': { number: '0001', pbxKey: 'webhook/0001' },
      'off-token': { number: '0002', mode: 'off' },
      'shadow-token': { number: '0003', mode: 'shadow' },
      'ami-only-token': { number: '0004', sources: ['ami'] },
      'net-token': { number: '0005', webhookFrom: ['192.0.2.0/24', '2001:db8::1'] },
      'here-token': { number: '0006', webhookFrom: ['127.0.0.0/8'] },
    },
  });
});

afterEach(async () => {
  await db.pool.query('TRUNCATE webhook_inbox');
});

afterAll(async () => {
  await stand.stop();
  await db.drop();
});

describe('a post of the fleet', () => {
  test.each(
    FLEET_EVENTS.flatMap((event) => [[`/${event}`, event] as const, [`/api/callevent/${event}`, event] as const]),
  )('to %s is stored before the answer, which is exactly 200 and JSON', async (path, event) => {
    const before = Date.now();
    const answer = await stand.post(path, { ...start, More: { kept: [1] } }, { Token: TOKEN });
    expect([answer.status, answer.body]).toEqual([200, JSON_OK]);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    const [row, ...more] = await inbox(db.pool);
    expect(more).toEqual([]);
    expect(row).toMatchObject({
      pbx: '127.0.0.1:5038',
      enterprise_number: '0999',
      event_type: event,
      unique_id: '1700000000.6',
      raw_data: { ...startWithoutToken, More: { kept: [1] } },
      origin: null,
    });
    expect(row?.raw_data).not.toHaveProperty('Token');
    expect(row?.arrived_at.getTime()).toBeGreaterThanOrEqual(before);
    expect(stand.stored).toContain('127.0.0.1:5038');
  });

  test.each(['/start/', '//start', '/api/callevent/start/', '/api//callevent/start'])(
    'to %s is not redirected',
    async (path) => {
      expect(await stand.post(path, start)).toMatchObject({ status: 200, body: JSON_OK });
      expect(await inbox(db.pool)).toHaveLength(1);
    },
  );

  test('to a path that is none is 404', async () => {
    expect((await stand.post('/started', start)).status).toBe(404);
  });

  test.each([
    'application/json; charset=utf-8',
    'application/x-www-form-urlencoded',
    'text/plain',
    'application/octet-stream',
    'nonsense',
    '',
  ])('is read as JSON whatever its content type (%j)', async (type) => {
    expect((await stand.post('/start', start, { 'Content-type': type })).status).toBe(200);
    expect(await inbox(db.pool)).toHaveLength(1);
  });

  test('every post of every recorded scenario is taken, in order', async () => {
    const posts = readFileSync(new URL('scenario.ndjson', import.meta.url), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { path: string; body: Record<string, unknown> });
    for (const { path, body } of posts) expect((await stand.post(path, body)).status).toBe(200);
    const rows = await inbox(db.pool);
    expect(rows.map((row) => [`/${row.event_type}`, row.unique_id])).toEqual(
      posts.map(({ path, body }) => [path, body['UniqueId']]),
    );
    expect(JSON.stringify(rows)).not.toContain(TOKEN);
  });
});

describe('the token', () => {
  test.each<[string, Record<string, string>, unknown]>([
    ['in the header', { Token: TOKEN }, startWithoutToken],
    ['in the body', {}, start],
    ['in both', { Token: TOKEN }, start],
    ['quoted in the header', { Token: `"${TOKEN}"` }, startWithoutToken],
    ['with a line end in the body', {}, { ...start, Token: `${TOKEN}\n` }],
    ['with a literal \\n in the header', { Token: `${TOKEN}\\n` }, startWithoutToken],
    ['with spaces, quotes and a line end in the body', {}, { ...start, Token: ` "${TOKEN}\n" \r\n` }],
    ['in the body, where the header is empty', { Token: '' }, start],
    ['in the body, where the header is wrong', { Token: 'old' }, start],
    ['under another case of its name', {}, { ...startWithoutToken, token: TOKEN }],
    ['with a raw line end in the text', {}, JSON.stringify(start).replace(TOKEN, `${TOKEN}\n`)],
    ['in doubled quotes', {}, JSON.stringify(start).replace(`"${TOKEN}"`, `""${TOKEN}""`)],
  ])('%s is known, and is not stored', async (_name, headers, body) => {
    expect((await stand.post('/start', body, headers)).status).toBe(200);
    const rows = await inbox(db.pool);
    expect(rows.map((row) => row.unique_id)).toEqual(['1700000000.6']);
    expect(JSON.stringify(rows)).not.toContain(TOKEN);
  });

  test('that is a number in the body is known, and a phone that equals it is kept', async () => {
    expect((await stand.post('/start', { ...start, Token: 375290000001 })).status).toBe(200);
    expect(await inbox(db.pool)).toMatchObject([
      { enterprise_number: '0001', pbx: 'webhook/0001', raw_data: { Phone: '375290000001' } },
    ]);
  });

  test('deep inside the body is not stored either', async () => {
    await stand.post('/start', { ...start, Inner: [{ TOKEN, kept: 1 }] });
    expect(JSON.stringify(await inbox(db.pool))).not.toContain(TOKEN);
  });

  test.each<[string, Record<string, string>, unknown]>([
    ['unknown', {}, { ...start, Token: 'who-knows' }],
    ['missing', {}, startWithoutToken],
    ['empty', { Token: '""' }, { ...start, Token: '' }],
    ['an object', {}, { ...start, Token: { a: 1 } }],
    ['the name of a property of every object', { Token: '__proto__' }, { ...start, Token: 'constructor' }],
  ])('%s is 403 and nothing is stored', async (_name, headers, body) => {
    const answer = await stand.post('/start', body, headers);
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'WEBHOOK_FORBIDDEN' });
    expect(await inbox(db.pool)).toEqual([]);
  });

  test('refused is counted every time and told in the log once, without the token', async () => {
    const address = '203.0.113.77';
    for (let n = 0; n < 20; n += 1) {
      await stand.post('/start', { ...start, Token: 'guess-4711' }, { 'X-Forwarded-For': address });
    }
    const told = stand
      .log()
      .split('\n')
      .filter((line) => line.includes(address));
    expect(told).toHaveLength(1);
    expect(stand.log()).not.toContain('guess-4711');
    expect(await stand.metrics.text()).toMatch(
      /trunkline_webhooks_total\{event="start",verdict="refused"\} (2\d|[3-9]\d)/,
    );
  });
});

describe('where a post may come from', () => {
  test.each([
    ['192.0.2.7', 200],
    ['2001:db8::1', 200],
    ['::ffff:192.0.2.7', 200],
    ['198.51.100.1', 403],
    ['1.1.1.1, 192.0.2.7', 200],
    ['192.0.2.7, 1.1.1.1', 403],
  ])('behind a trusted proxy, %s → %d', async (forwarded, status) => {
    const answer = await stand.post('/start', { ...start, Token: 'net-token' }, { 'X-Forwarded-For': forwarded });
    expect(answer.status).toBe(status);
    expect(await inbox(db.pool)).toHaveLength(status === 200 ? 1 : 0);
  });

  test('without a proxy setting the header of a stranger means nothing', async () => {
    const plain = await openStand({
      url: db.url,
      senders: { n: { webhookFrom: ['192.0.2.0/24'] }, h: { webhookFrom: ['127.0.0.0/8'] } },
    });
    try {
      const headers = { 'X-Forwarded-For': '192.0.2.7' };
      expect((await plain.post('/start', { ...start, Token: 'n' }, headers)).status).toBe(403);
      expect((await plain.post('/start', { ...start, Token: 'h' }, headers)).status).toBe(200);
    } finally {
      await plain.stop();
    }
  });
});

describe('what an enterprise has switched off', () => {
  test.each([
    ['off-token', 0],
    ['ami-only-token', 0],
    ['shadow-token', 1],
    ['here-token', 1],
  ])('%s: the PBX is answered 200 and %d posts are stored', async (token, count) => {
    expect(await stand.post('/start', { ...start, Token: token })).toMatchObject({ status: 200, body: JSON_OK });
    expect(await inbox(db.pool)).toHaveLength(count);
  });
});

describe('the answer to old dialplan hosts', () => {
  test.each<[string, string, Record<string, string>, string]>([
    ['curl under /api/callevent/', '/api/callevent/dial', { 'User-Agent': 'curl/7.74.0' }, 'OK'],
    ['a quoted token under /api/callevent/', '/api/callevent/dial', { Token: `"${TOKEN}"` }, 'OK'],
    ['curl at the root', '/dial', { 'User-Agent': 'curl/7.74.0' }, JSON_OK],
    ['a quoted token at the root', '/dial', { Token: `"${TOKEN}"` }, JSON_OK],
    [
      'the daemon under /api/callevent/',
      '/api/callevent/dial',
      { 'User-Agent': 'python-requests/2.31.0', Token: TOKEN },
      JSON_OK,
    ],
  ])('%s', async (_name, path, headers, body) => {
    expect(await stand.post(path, start, headers)).toMatchObject({ status: 200, body });
  });
});

describe('what cannot be read', () => {
  test.each<[string, unknown]>([
    ['no body', ''],
    ['no JSON', 'UniqueId=1.1&Phone=2'],
    ['half of it', '{"UniqueId":"1.1"'],
    ['HTML', '<html>'],
    ['bytes', Buffer.from([0xff, 0xfe, 0x00, 0x9f])],
    ['a list', [start]],
    ['null', 'null'],
    ['a text', '"text"'],
    ['a path for a unique id', { ...start, UniqueId: '../../x' }],
    ['a long unique id', { ...start, UniqueId: '1'.repeat(151) }],
    ['no unique id', { ...start, UniqueId: '' }],
    ['nesting without end', `{"UniqueId":"1.1","a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`],
  ])('%s is 400 and nothing is stored', async (_name, body) => {
    const answer = await stand.post('/dial', body, { Token: TOKEN });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ status: 'error', code: 'WEBHOOK_MALFORMED' });
    expect(await inbox(db.pool)).toEqual([]);
  });

  test('more than 64 KiB is 413, with a length announced or not, and just below is taken', async () => {
    const large = JSON.stringify({ ...start, filler: 'x'.repeat(65_536) });
    expect((await stand.post('/start', large)).status).toBe(413);
    const chunked = await fetch(`http://127.0.0.1:${stand.port}/start`, {
      method: 'POST',
      body: new Blob([large]).stream(),
      duplex: 'half',
    } as RequestInit);
    expect(chunked.status).toBe(413);
    await chunked.text();
    expect(await inbox(db.pool)).toEqual([]);
    expect((await stand.post('/start', JSON.stringify({ ...start, filler: 'x'.repeat(65_000) }))).status).toBe(200);
  });

  test('text that the database cannot hold is stored without what it cannot hold', async () => {
    const body = `{"Token":"${TOKEN}","UniqueId":"1.1","a":"x\\u0000y","b\\u0000":"\\ud800 \\ud83d\\ude00"}`;
    expect((await stand.post('/start', body)).status).toBe(200);
    expect(await inbox(db.pool)).toMatchObject([{ raw_data: { a: 'xy', b: '\uFFFD 😀' } }]);
  });

  test('a name that is no name for an object of ours is stored like any other', async () => {
    const body = `{"Token":"${TOKEN}","UniqueId":"1.1","__proto__":{"x":1},"constructor":2}`;
    expect((await stand.post('/start', body)).status).toBe(200);
    expect(JSON.stringify((await inbox(db.pool))[0]?.raw_data)).toContain('"__proto__":{"x":1}');
  });

  test('a unique id written as a number keeps its last zero', async () => {
    const body = `{"Token":"${TOKEN}","UniqueId":1700000000.10}`;
    expect((await stand.post('/start', body)).status).toBe(200);
    expect(await inbox(db.pool)).toMatchObject([{ unique_id: '1700000000.10' }]);
  });

  test('other methods are 404 and bytes that are no HTTP do no harm', async () => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      expect((await fetch(`http://127.0.0.1:${stand.port}/start`, { method })).status).toBe(404);
    }
    expect((await stand.post('/start', start)).status).toBe(200);
  });
});
