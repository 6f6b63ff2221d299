import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const TOKEN = 'unit-token-0001';
const HOUR = 3_600;

let crm: Awaited<ReturnType<typeof startRetailCrmStandIn>>;
let app: TestApp;
/** Every call of this file began an hour ago or more, each in a second of its own. */
let second = Math.floor(Date.now() / 1_000) - 6 * HOUR;

beforeAll(async () => {
  crm = await startRetailCrmStandIn();
  app = await startTestApp({
    enterprises: [
      retailCrmEnterprise({ amiPort: null, crmUrl: crm.url }),
      retailCrmEnterprise({
        number: '0416',
        token: 'off-token',
        amiPort: null,
        crmUrl: crm.url,
        more: { mode: 'off' },
      }),
    ],
  });
});

afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await crm.stop();
});

async function download(body: unknown, headers: Record<string, string> = {}, path = '/download') {
  const answer = await fetch(`${app.app.url}${path}`, {
    method: 'POST',
    headers: { Token: TOKEN, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, text, body: text.startsWith('{') ? (JSON.parse(text) as Told) : null };
}

interface Told {
  status: string;
  stored: number;
  refused: number;
  items: { index: number; status: string; error?: string }[];
}

/** As a clock in Minsk shows it. */
const local = (at: number) => new Date(at * 1_000 + 3 * HOUR * 1_000).toISOString().slice(0, 19).replace('T', ' ');

interface Made {
  uid: string;
  id: string;
  events: Record<string, unknown>[];
}

/** A client who rang 20 s and talked 30 s with 151. */
function answeredCall(phone: string, dated = true): Made {
  const at = (second += 120);
  const uid = `${at}.${at % 1_000}`;
  const staff = `${at + 1}.${(at % 1_000) + 1}`;
  const BridgeUniqueid = `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`;
  const when = (after: number) => (dated ? { DateTime: local(at + after) } : {});
  const call = { UniqueId: uid, Phone: phone, CallType: 0, Trunk: '0001363' };
  const ended = { DateReceived: local(at), StartTime: local(at), EndTime: local(at + 50) };
  const side = { CallerIDNum: phone, ConnectedLineNum: '151' };
  const events = [
    { event: 'start', ...call, ...when(0) },
    { event: 'dial', ...call, Extensions: ['150', '151'], ...when(1) },
    { event: 'bridge', UniqueId: staff, Channel: 'SIP/151-0000000a', BridgeUniqueid, CallerIDNum: '151', ...when(20) },
    { event: 'bridge', UniqueId: uid, Channel: 'SIP/0001363-00000009', BridgeUniqueid, ...side, ...when(20) },
    { event: 'bridge_leave', UniqueId: staff, Channel: 'SIP/151-0000000a', BridgeUniqueid, ...when(50) },
    { event: 'bridge_leave', UniqueId: uid, Channel: 'SIP/0001363-00000009', BridgeUniqueid, ...side, ...when(50) },
    { event: 'hangup', ...call, Extensions: ['151'], ...ended, CallStatus: '2', ...when(50) },
  ];
  return { uid, id: `0367-${uid}`, events };
}

const recordsOf = ({ id }: Made) => crm.state.calls.filter((call) => call.externalId?.startsWith(id));
const recorded = (made: Made) => until(`the record of ${made.id}`, () => recordsOf(made)[0]);

async function atRest(): Promise<void> {
  await until('an empty inbox', async () => {
    const { rows } = await app.db.pool.query<{ n: number }>('SELECT count(*)::int AS n FROM recovery_inbox');
    return rows[0]?.n === 0;
  });
  await until('all delivered', async () => {
    const { rows } = await app.db.pool.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM deliveries WHERE state IN ('pending', 'started')",
    );
    return rows[0]?.n === 0;
  });
}

describe('events posted to /download', () => {
  test('become one record a call, with who answered and for how long, and no card; posted again they change nothing', async () => {
    const [one, two] = [answeredCall('375290000001'), answeredCall('375290000002')];
    const events = [...two.events, ...one.events];
    const first = await download(events);
    expect([first.status, first.body?.stored, first.body?.refused]).toEqual([200, 14, 0]);
    for (const made of [one, two]) {
      const record = await recorded(made);
      expect(record).toMatchObject({ result: 'answered', code: '151', type: 'in' });
      expect(record.duration).toBe(30);
    }
    expect((await download(events)).status).toBe(200);
    expect((await download(one.events.slice(-1))).status).toBe(200);
    await atRest();
    expect([recordsOf(one).length, recordsOf(two).length]).toEqual([1, 1]);
    expect(crm.state.cards).toEqual([]);
    const { rows } = await app.db.pool.query<{ event_type: string }>(
      'SELECT DISTINCT event_type FROM integration_logs WHERE call_id IN (SELECT id FROM calls WHERE unique_id = $1)',
      [one.uid],
    );
    expect(rows).toEqual([{ event_type: 'download' }]);
  });

  test('may come in several posts: a call is told when its end was', async () => {
    const made = answeredCall('375290000021');
    await download(made.events.slice(0, 4));
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(recordsOf(made)).toEqual([]);
    await download(made.events.slice(4));
    expect(await recorded(made)).toMatchObject({ result: 'answered', code: '151', duration: 30 });
    await atRest();
    expect(recordsOf(made)).toHaveLength(1);
  });

  test('may come as one object, or one a line, and a bad one is named and costs no other', async () => {
    const [one, two, three] = [
      answeredCall('375290000003'),
      answeredCall('375290000004'),
      answeredCall('375290000005'),
    ];
    expect((await download(one.events.at(-1))).body).toMatchObject({ status: 'ok', stored: 1, refused: 0 });
    const lines = two.events.map((event) => JSON.stringify(event));
    const ndjson = [
      ...lines.slice(0, 3),
      '{"event":"hangup","UniqueId":',
      '{"event":"nap","UniqueId":"1.1"}',
      ...lines.slice(3),
    ];
    const told = await download(ndjson.join('\r\n'));
    expect(told.status).toBe(200);
    expect(told.body).toMatchObject({ stored: 7, refused: 2 });
    expect(told.body?.items.filter(({ status }) => status === 'refused').map(({ index }) => index)).toEqual([3, 4]);
    const array = await download(
      `[${three.events.map((event) => JSON.stringify(event)).join(',\n')}, 7, {"event": 5}]`,
    );
    expect(array.body).toMatchObject({ stored: 7, refused: 2 });
    expect((await recorded(one)).result).toBe('answered');
    expect((await recorded(two)).duration).toBe(30);
    expect((await recorded(three)).duration).toBe(30);
    await atRest();
    expect(crm.state.cards).toEqual([]);
  });

  test('need no times of their own: the hang-up dates the call, and its seconds are approximate', async () => {
    const made = answeredCall('375290000006', false);
    await download(made.events);
    expect(await recorded(made)).toMatchObject({ result: 'answered', code: '151' });
    const { rows } = await app.db.pool.query<{
      approximate: boolean;
      recovered: boolean;
      started: number;
      ended: number;
    }>(
      `SELECT approximate, recovered, extract(epoch FROM started_at)::float8 AS started, extract(epoch FROM ended_at)::float8 AS ended
         FROM calls WHERE unique_id = $1`,
      [made.uid],
    );
    const began = Number(made.uid.split('.')[0]);
    expect(rows).toEqual([{ approximate: true, recovered: true, started: began, ended: began + 50 }]);
  });

  test('of a call that was told live make no second record', async () => {
    const at = Math.floor(Date.now() / 1_000) - 2;
    const live = { UniqueId: `${at}.1`, Phone: '375290000007', CallType: 0, Trunk: '0001363' };
    const post = (event: string, more: object) =>
      fetch(`${app.app.url}/${event}`, {
        method: 'POST',
        headers: { Token: TOKEN },
        body: JSON.stringify({ ...live, ...more }),
      });
    await post('start', {});
    await post('dial', { Extensions: ['150'] });
    await post('hangup', { Extensions: [''], CallStatus: '0' });
    const made = { uid: live.UniqueId, id: `0367-${live.UniqueId}`, events: [] };
    await recorded(made);
    const again = { ...live, event: 'hangup', Extensions: ['150'], CallStatus: '0', DateTime: local(at + 1) };
    expect((await download([again])).body).toMatchObject({ stored: 1 });
    await atRest();
    expect(recordsOf(made).length).toBe(1);
  });

  test('of a call the live path still waits for tell it that it is over, and open no card', async () => {
    const at = Math.floor(Date.now() / 1_000) - 60;
    const live = { UniqueId: `${at}.2`, Phone: '375290000008', CallType: 0, Trunk: '0001363' };
    await fetch(`${app.app.url}/start`, { method: 'POST', headers: { Token: TOKEN }, body: JSON.stringify(live) });
    const cards = crm.state.cards.length;
    const ended = { event: 'hangup', Extensions: [''], CallStatus: '0', DateTime: local(at + 20) };
    await download([
      { ...live, event: 'start', DateTime: local(at) },
      { ...live, ...ended },
    ]);
    const made = { uid: live.UniqueId, id: `0367-${live.UniqueId}`, events: [] };
    await recorded(made);
    await atRest();
    expect(recordsOf(made).length).toBe(1);
    expect(crm.state.cards.length).toBe(cards);
  });

  test('with a unique id that another call had, long before, are a call of their own', async () => {
    const made = answeredCall('375290000012');
    const later = made.events.map((event) => ({ ...event, DateTime: local(second + 3 * HOUR) }));
    await download(made.events);
    await recorded(made);
    await download(later);
    await until('the second record', () => recordsOf(made).length === 2);
    expect(new Set(recordsOf(made).map(({ externalId }) => externalId)).size).toBe(2);
  });

  test('are refused without a token that is known, over 10 MB, and where there is none', async () => {
    const { events } = answeredCall('375290000010');
    expect((await download(events, { Token: 'nobody' })).status).toBe(403);
    expect((await download('', {})).status).toBe(400);
    expect((await download('no event at all', {})).status).toBe(400);
    expect((await download([{ event: 'hangup' }], {})).status).toBe(400);
    const large =
      `[${JSON.stringify({ ...events[0], More: 'x'.repeat(60_000) })},`.repeat(1) + `${'{"a":1},'.repeat(1_400_000)}1]`;
    expect((await download(large)).status).toBe(413);
    const off = await download(events, { Token: 'off-token' });
    expect([off.status, off.body?.stored]).toEqual([200, 0]);
    const curl = { 'User-Agent': 'curl/7.88.1' };
    const again = answeredCall('375290000011');
    expect((await download(again.events, curl, '/api/callevent/download')).text).toBe('OK');
    expect((await download(again.events, curl)).body?.status).toBe('ok');
    await recorded(again);
  });
});
