import { expect, test } from 'vitest';
import { readHead } from '../../src/recordings/header.js';
import { startAsterisk, type Asterisk } from '../pbx/asterisk.js';
import { describeWith } from '../pbx/available.js';
import { startPhoneAgent } from '../pbx/sip-agent/on-pbx.js';
import { startSshHost, type SshHost } from '../pbx/sshd.js';
import { startAmoCrmStandIn } from '../standins/amocrm/server.js';
import { startBitrix24StandIn } from '../standins/bitrix24/server.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import { startTelegramStandIn } from '../standins/telegram/server.js';
import { linkUp, startTestApp, type TestApp } from '../support/test-app.js';
import { freePort } from '../support/free-port.js';
import { until } from '../support/until.js';

const SECRET = 'secret-of-the-webhook-0001';
const CODES = { '6': '150', '7': '151', '8': '152' };
/** 8,000 samples of two bytes, as Asterisk's `wav`. */
const BYTES_PER_SECOND = 16_000;

/** Incoming calls are recorded on the client's channel, outgoing ones on the caller's; who is sent on is recorded under his own id. */
const recorded = (folder: string) => `
[from-trunk](+)
exten => 0001480,1,MixMonitor(${folder}/\${UNIQUEID}.wav)
 same => n,Dial(PJSIP/151,20,tT)
exten => 0001481,1,Dial(PJSIP/151,20,tT)

[internal](+)
exten => _7XXXXXXXXXX,1,Set(__TRANSFER_CONTEXT=recorded)
 same => n,MixMonitor(${folder}/\${UNIQUEID}.wav)
 same => n,Dial(PJSIP/\${EXTEN}@trunk,20)

[recorded]
exten => _15X,1,MixMonitor(${folder}/\${UNIQUEID}.wav)
 same => n,Dial(PJSIP/\${EXTEN},20)
`;

describeWith(['asterisk-16', 'asterisk-22'], 'a recorded call', () => {
  test.concurrent.each([16, 22] as const)(
    'is heard from every CRM, whole and in part, though it was handed on (Asterisk %i, files by SFTP)',
    { timeout: 120_000 },
    async (version) => {
      await using host = await startSshHost({ version });
      await using asterisk = await startAsterisk({ version, extraDialplan: recorded(host.folderInside) });
      const crms = await startCrms();
      await using running = await startDaemon(asterisk, host, crms);
      await linkUp(running);
      const phones = { default: { then: 'answer', ringMs: 200 } } as const;
      await using _v = await startPhoneAgent(asterisk, '150', undefined, { speaks: true });
      await using ann = await startPhoneAgent(asterisk, '151', phones, { speaks: true });
      await using _b = await startPhoneAgent(asterisk, '152', phones, { speaks: true });
      await using client = await startPhoneAgent(asterisk, 'trunk', phones, { speaks: true });

      // A plain call; one without a recording; one handed on with a consultation, one blindly; an outgoing one sent on blindly.
      const plain = await client.call('0001480', { from: '+375290000001' }).reached('talking');
      const silent = await client.call('0001481', { from: '+375290000002' }).reached('talking');
      const handed = await client.call('0001480', { from: '+375290000003' }).reached('talking');
      const taken = await (await ann.incoming(({ who }) => who.from.includes('375290000003'))).reached('talking');
      const sent = await client.call('0001480', { from: '+375290000005' }).reached('talking');
      const passed = await (await ann.incoming(({ who }) => who.from.includes('375290000005'))).reached('talking');
      const asked = await ann.call('152').reached('talking');
      const out = await _v.call('70290000004').reached('talking');
      await pause(1_500);
      await taken.referInto(asked);
      await out.refer('152');
      await passed.refer('152');
      await pause(2_500);
      await Promise.all([plain, silent, handed, sent].map((call) => call.hangUp()));
      for (const call of client.calls) if (call.state === 'talking') await call.hangUp();

      const finished = await until('five calls to end', () => {
        const calls = running.events.flatMap((event) => (event.kind === 'call.finished' ? [event.call] : []));
        const outside = calls.filter(({ direction }) => direction !== 'internal');
        return outside.length === 5 && outside;
      });
      await until(
        'RetailCRM and amoCRM to have them',
        () => crms.retailcrm.state.calls.length === 5 && crms.amocrm.state.notes.length === 5,
      );
      await until(
        'Bitrix24 to have the recordings',
        () => crms.bitrix24.state.calls.filter((call) => call.recordUrl).length === 4,
      );

      await until('Telegram to show them', () =>
        finished.every(({ external }) => telegramLinks(crms, external).length === 1),
      );

      for (const { externalId, external, talkMs } of finished) {
        const one = crms.retailcrm.state.calls.filter((call) => call.externalId === externalId);
        expect(one).toHaveLength(1);
        const link = one[0]?.recordUrl;
        const told = {
          amocrm: crms.amocrm.state.notes.find(({ params }) => params['uniq'] === externalId)?.params['link'],
          bitrix24: crms.bitrix24.state.calls.find((call) => call.externalId === externalId)?.recordUrl,
          telegram: telegramLinks(crms, external)[0],
        };
        if (external === '+375290000002') {
          expect([link, told.amocrm, told.bitrix24 ?? undefined]).toEqual([undefined, undefined, undefined]);
          continue;
        }
        expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/recordings\/file\/[\w-]{32}\.wav$/);
        expect(told).toEqual({ amocrm: link, bitrix24: link, telegram: link });
        await heard(String(link), talkMs);
      }
      expect(running.log.filter((line) => /recordings\/file\/[\w-]/.test(line))).toEqual([]);
      const logs = await running.db.pool.query(
        `SELECT count(*)::int AS n FROM integration_logs WHERE request_data::text ~ 'recordings(/|%2F|\\\\/)file(/|%2F|\\\\/)[A-Za-z0-9_-]{16}'`,
      );
      expect(logs.rows).toEqual([{ n: 0 }]);
      const parts = await running.db.pool.query(`SELECT parts FROM recordings WHERE state = 'ready' ORDER BY parts`);
      expect(parts.rows).toEqual([1, 1, 1, 2].map((count) => ({ parts: count })));
      for (const crm of Object.values(crms))
        expect(crm.exchanges.filter(({ status }) => status !== null && status >= 400)).toEqual([]);
      await running.stop();
      for (const crm of Object.values(crms)) await crm.stop();
    },
  );
});

/** As a player asks for it: its begin, then from the middle on. */
async function heard(link: string, talkMs: number): Promise<void> {
  const whole = await fetch(link);
  expect(whole.status).toBe(200);
  expect(whole.headers.get('accept-ranges')).toBe('bytes');
  expect(whole.headers.get('content-type')).toBe('audio/wav');
  expect(whole.headers.get('content-disposition')).toMatch(/filename="\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_\d{11,12}\.wav"/);
  const bytes = Buffer.from(await whole.arrayBuffer());
  expect(bytes).toHaveLength(Number(whole.headers.get('content-length')));
  const head = readHead(bytes, '.wav');
  expect(head.kind === 'wave' && head.dataBytes + head.dataAt).toBe(bytes.length);
  // From the answer on, or from the ring: what a PBX records.
  expect(bytes.length / BYTES_PER_SECOND).toBeGreaterThan(talkMs / 1_000 - 1);
  expect(bytes.length / BYTES_PER_SECOND).toBeLessThan(talkMs / 1_000 + 2);
  const middle = Math.floor(bytes.length / 2);
  const part = await fetch(link, { headers: { range: `bytes=${middle}-` } });
  expect(part.status).toBe(206);
  expect(part.headers.get('content-range')).toBe(`bytes ${middle}-${bytes.length - 1}/${bytes.length}`);
  expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(middle))).toBe(true);
}

type Crms = Awaited<ReturnType<typeof startCrms>>;

async function startCrms() {
  const retailcrm = await startRetailCrmStandIn({
    users: Object.entries(CODES).map(([id, code]) => ({ id: Number(id), firstName: `N${code}`, code })),
  });
  const bitrix24 = await startBitrix24StandIn({
    webhooks: { [`1/${SECRET}`]: null },
    users: Object.entries(CODES).map(([id, inner]) => ({ id: Number(id), name: `N${inner}`, inner })),
  });
  const amocrm = await startAmoCrmStandIn({
    tokens: { 'token-1': {} },
    users: Object.keys(CODES).map((id) => ({ id: Number(id), name: `N${id}` })),
  });
  for (const n of [1, 2, 3, 4, 5]) amocrm.state.contact({ phones: [phoneOf(n)], responsibleUserId: 6 });
  return { retailcrm, bitrix24, amocrm, telegram: await startTelegramStandIn() };
}

const phoneOf = (n: number) => (n === 4 ? '+70290000004' : `+37529000000${n}`);

async function startDaemon(asterisk: Asterisk, host: SshHost, crms: Crms): Promise<TestApp> {
  const port = await freePort();
  return startTestApp({
    config: {
      http: { host: '127.0.0.1', port },
      publicUrl: `http://127.0.0.1:${port}`,
      recordings: { firstLookMs: 200, stableMs: 500, absentMs: 4_000, unsaidMs: 1_500, pollMs: 200 },
    },
    enterprises: [
      {
        number: '0367',
        name: 'Example Ltd',
        token: 'unit-token-0001',
        sources: ['ami'],
        pbx: { host: '127.0.0.1', port: asterisk.amiPort, ...asterisk.users.safe, inboundContexts: ['from-trunk'] },
        ssh: { host: host.host, port: host.port, username: host.users.files, password: host.password },
        recordings: { from: 'sftp', root: '/', pbxRoot: host.folderInside },
        integrations: {
          retailcrm: { enabled: true, api_url: crms.retailcrm.url, api_key: 'key-1', user_extensions: CODES },
          bitrix24: {
            enabled: true,
            webhook_url: `${crms.bitrix24.url}/rest/1/${SECRET}/`,
            user_extensions: CODES,
          },
          amocrm: { enabled: true, base_url: crms.amocrm.url, access_token: 'token-1', user_extensions: CODES },
          telegram: { enabled: true, api_url: crms.telegram.url, bot_token: '1:abc', chat_id: '-100' },
        },
      },
    ],
  });
}

function telegramLinks({ telegram }: Crms, external: string | null): string[] {
  const digits = (external ?? '').replace(/\D/g, '').slice(-7);
  return telegram.state.in('-100').find(({ text }) => text.replace(/\D/g, '').includes(digits))?.links ?? [];
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
