import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { callerOf, oldSession } from '../admin/admin-client.js';
import { madeCall } from '../recovery/made-calls.js';
import { startAmoCrmStandIn } from '../standins/amocrm/server.js';
import { startBitrix24StandIn } from '../standins/bitrix24/server.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import { startTelegramStandIn } from '../standins/telegram/server.js';
import { freePort } from '../support/free-port.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';
import { wave } from './ground.js';

const SECRET = 'secret-of-the-webhook-0001';
const CODES = { '7': '151' };
const AWAY = { kind: 'status', status: 503 } as const;

test('a recording found when CRMs had been told there is none reaches each that takes it, once, and says where it cannot', async () => {
  const monitor = await mkdtemp(join(tmpdir(), 'trunkline-late-'));
  const retailcrm = await startRetailCrmStandIn({ users: [{ id: 7, firstName: 'Ann', code: '151' }] });
  const bitrix24 = await startBitrix24StandIn({
    webhooks: { [`1/${SECRET}`]: null },
    users: [{ id: 7, name: 'Ann', inner: '151' }],
  });
  const amocrm = await startAmoCrmStandIn({ tokens: { 'token-1': {} }, users: [{ id: 7, name: 'Ann' }] });
  const telegram = await startTelegramStandIn();
  const crms = [retailcrm, bitrix24, amocrm, telegram];
  const port = await freePort();
  await using app = await startTestApp({
    config: {
      http: { host: '127.0.0.1', port },
      publicUrl: `http://127.0.0.1:${port}`,
      recordings: { firstLookMs: 50, stableMs: 100, absentMs: 400, pollMs: 50 },
    },
    enterprises: [
      {
        ...{ number: '0367', name: 'Example Ltd', token: 'unit-token-0001', sources: ['webhook'] },
        recordings: { root: monitor, file: '{uniqueid}.wav', linkDays: 1 },
        integrations: {
          retailcrm: { enabled: true, api_url: retailcrm.url, api_key: 'key-1', user_extensions: CODES },
          bitrix24: { enabled: true, webhook_url: `${bitrix24.url}/rest/1/${SECRET}/`, user_extensions: CODES },
          amocrm: { enabled: true, base_url: amocrm.url, access_token: 'token-1', user_extensions: CODES },
          telegram: { enabled: true, api_url: telegram.url, bot_token: '1:abc', chat_id: '-100' },
        },
      },
      { number: '0368', name: 'Another Ltd', token: 'unit-token-0002', sources: ['webhook'] },
    ],
  });
  const stateOf = async (uid: string) =>
    (await app.db.pool.query<{ state: string }>('SELECT state FROM recordings WHERE unique_id = $1', [uid])).rows[0]
      ?.state;

  // Told everywhere that there is none; then it is there.
  const first = await posted(app);
  await until('it to be taken for absent', async () => (await stateOf(first)) === 'absent');
  await atRest(app);
  expect([retailcrm.state.calls.length, amocrm.state.notes.length, bitrix24.state.calls.length]).toEqual([1, 1, 1]);
  expect(retailcrm.state.calls[0]?.recordUrl).toBeUndefined();
  await writeFile(join(monitor, `${first}.wav`), wave(2));
  await until('it to be there', async () => (await stateOf(first)) === 'ready');
  await atRest(app);
  const uploads = uploadsOf(retailcrm, first);
  expect(uploads.map(({ recordUrl }) => recordUrl !== undefined)).toEqual([false, true]);
  const link = uploads[1]?.recordUrl ?? '';
  expect((await fetch(link)).status).toBe(200);
  expect(bitrix24.state.calls.map(({ recordUrl }) => recordUrl)).toEqual([link]);
  expect(telegram.state.in('-100').map(({ links }) => links)).toEqual([[link]]);
  expect([retailcrm.state.calls.length, amocrm.state.notes.length]).toEqual([1, 1]);
  expect(amocrm.state.notes.map(({ params }) => params['link'])).toEqual([link]);
  expect(await whyOf(app, first)).toEqual([
    { type: 'amocrm', state: 'done', why: null },
    { type: 'bitrix24', state: 'done', why: null },
    { type: 'retailcrm', state: 'done', why: null },
    { type: 'telegram', state: 'skipped', why: expect.stringMatching(/shows the address already/) as string },
  ]);

  // Where the record could not be sent meanwhile, it is sent with the recording, and nothing follows.
  for (const crm of [retailcrm, amocrm]) crm.faults.always(AWAY);
  const second = await posted(app);
  await until('it to be taken for absent', async () => (await stateOf(second)) === 'absent');
  await until('both to have refused the record', async () => (await refusedOf(app, second)) === 2);
  await writeFile(join(monitor, `${second}.wav`), wave(2));
  await until('it to be there', async () => (await stateOf(second)) === 'ready');
  for (const crm of [retailcrm, amocrm]) crm.faults.clear();
  await atRest(app);
  expect(uploadsOf(retailcrm, second).filter(({ accepted }) => accepted)).toMatchObject([
    { recordUrl: expect.stringMatching(/recordings/) as string },
  ]);
  expect(amocrm.state.notes.map(({ params }) => params['link'] !== undefined)).toEqual([true, true]);
  expect(amocrm.exchanges.filter(({ method }) => method === 'PATCH')).toHaveLength(1);
  expect(await whyOf(app, second)).toMatchObject([
    { type: 'amocrm', why: expect.stringMatching(/has the address/) as string },
    { type: 'bitrix24', state: 'done' },
    { type: 'retailcrm', why: expect.stringMatching(/has the address/) as string },
    { type: 'telegram', state: 'skipped' },
  ]);

  // Its link ends with its days; the page of whoever may see the enterprise goes on playing it.
  await app.db.pool.query(`UPDATE recordings SET ended_at = now() - interval '2 days'`);
  const heardBy = async (session: string | null) =>
    (await callerOf(app.app.url, session).fetch(link, { headers: { range: 'bytes=0-9' } })).status;
  expect(await heardBy(null)).toBe(410);
  expect(await heardBy('a-guessed-session')).toBe(410);
  expect(await heardBy(await oldSession(app.db, '0368'))).toBe(410);
  expect(await heardBy(await oldSession(app.db, '0367'))).toBe(206);
  await app.stop();
  await Promise.all(crms.map((crm) => crm.stop()));
  await rm(monitor, { recursive: true });
});

/** An answered call of a minute ago, posted by its host now; answers its unique id. */
async function posted({ app }: TestApp): Promise<string> {
  const call = madeCall(Math.floor(Date.now() / 1_000) - 51);
  for (const { event, body } of call.events) {
    const path = event === 'bridge' ? 'bridge' : event;
    const answer = await fetch(`${app.url}/${path}`, {
      method: 'POST',
      headers: { Token: 'unit-token-0001', 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(200);
  }
  return call.uid;
}

/** Records of a call that were tried and wait to be tried again. */
async function refusedOf({ db }: TestApp, uid: string): Promise<number> {
  const { rows } = await db.pool.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM deliveries d JOIN calls c ON c.id = d.call_id
      WHERE c.unique_id = $1 AND d.integration_type IN ('retailcrm', 'amocrm') AND d.state = 'pending' AND d.attempts > 0`,
    [uid],
  );
  return rows[0]?.n ?? 0;
}

async function atRest({ db }: TestApp): Promise<void> {
  await until(
    'everything to be delivered',
    async () => {
      const { rows } = await db.pool.query<{ n: number }>(
        `SELECT (SELECT count(*) FROM deliveries WHERE state IN ('pending', 'started'))::int
              + (SELECT count(*) FROM calls WHERE state IS NOT NULL)::int AS n`,
      );
      return rows[0]?.n === 0;
    },
    30_000,
  );
}

interface Upload {
  recordUrl?: string;
  accepted: boolean;
}

function uploadsOf({ exchanges }: Awaited<ReturnType<typeof startRetailCrmStandIn>>, uid: string): Upload[] {
  return exchanges
    .filter(({ path, body }) => path.endsWith('/calls/upload') && decodeURIComponent(body).includes(uid))
    .map(({ body, status }) => {
      const [call] = JSON.parse(new URLSearchParams(body).get('calls') ?? '[]') as { recordUrl?: string }[];
      return { ...call, accepted: status === 200 };
    });
}

/** What became of telling each CRM of it. */
async function whyOf({ db }: TestApp, uid: string) {
  const { rows } = await db.pool.query<{ type: string; state: string; why: string | null }>(
    `SELECT d.integration_type AS type, d.state, d.last_error AS why FROM deliveries d JOIN calls c ON c.id = d.call_id
      WHERE c.unique_id = $1 AND d.event->>'kind' = 'recording.ready' ORDER BY 1`,
    [uid],
  );
  return rows;
}
