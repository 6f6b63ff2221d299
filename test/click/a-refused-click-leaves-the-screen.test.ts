import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { claimClick } from '../../src/click/store.js';
import { startBitrix24StandIn } from '../standins/bitrix24/server.js';
import type { Bitrix24StandIn } from '../standins/bitrix24/server.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const SECRET = 'secret-of-the-webhook-0001';
const TOKEN = 'bitrixbitrixtokentokentoken12345';
const CLIENT = '+375290000001';

/** Where a PBX would be. */
const nobody = createServer((socket) => socket.destroy());
let crm: Bitrix24StandIn;
beforeAll(async () => {
  await new Promise<void>((resolve) => nobody.listen(0, '127.0.0.1', resolve));
});
afterAll(() => void nobody.close());
beforeEach(async () => {
  crm = await startBitrix24StandIn({
    webhooks: { [`1/${SECRET}`]: null },
    users: [
      { id: 27, name: 'N151', inner: '151' },
      { id: 28, name: 'N152', inner: '152' },
    ],
  });
});
afterEach(() => crm.stop());

const enterprise = () => ({
  number: '0367',
  name: 'Example Ltd',
  token: 'unit-token-0001',
  pbx: { host: '127.0.0.1', port: (nobody.address() as AddressInfo).port, username: 'crm', secret: 'x' },
  integrations: {
    bitrix24: {
      enabled: true,
      webhook_url: `${crm.url}/rest/1/${SECRET}/`,
      application_token: TOKEN,
      user_extensions: { '27': '151', '28': '152' },
    },
  },
});

/** A portal registers the call and shows it before it asks for it. */
async function click({ app }: TestApp, number = CLIENT): Promise<{ callId: string; status: number }> {
  const registered = await fetch(`${crm.url}/rest/1/${SECRET}/telephony.externalCall.register.json`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ USER_ID: 27, PHONE_NUMBER: number, TYPE: 1, SHOW: 1 }),
  });
  const { result } = (await registered.json()) as { result: { CALL_ID: string } };
  expect(crm.state.openCards()).toHaveLength(1);
  // The number that was clicked has an extension of its own, which is nobody's here.
  const answer = await fetch(`${app.url}/bitrix24/event/0367`, {
    method: 'POST',
    body: new URLSearchParams({
      event: 'ONEXTERNALCALLSTART',
      'data[PHONE_NUMBER]': number,
      'data[EXTENSION]': '152',
      'data[USER_ID]': '27',
      'data[CALL_ID]': result.CALL_ID,
      'auth[application_token]': TOKEN,
    }),
  });
  return { callId: result.CALL_ID, status: answer.status };
}

const gone = () => until('the card to be gone', () => crm.state.openCards().length === 0);

it.each([
  { refused: 'as the PBX is away', number: CLIENT, status: 503 },
  { refused: 'for its number', number: '+12025550123', status: 400 },
])('a click that is refused $refused is taken off the screen of who clicked', async ({ number, status }) => {
  await using running = await startTestApp({ enterprises: [enterprise()] });
  const clicked = await click(running, number);
  expect(clicked.status).toBe(status);
  await gone();
  expect(crm.state.calls).toMatchObject([{ callId: clicked.callId, duration: 0 }]);
});

it('a click that is refused counts against no limit', async () => {
  await using running = await startTestApp({ enterprises: [enterprise()] });
  for (let n = 0; n < 6; n += 1) {
    await click(running);
    await gone();
  }
  const ids = { id: randomUUID(), enterprise: '0367', pbx: 'p', uid: '1.click-1', extension: '151', phone: CLIENT };
  const asked = { ...ids, source: 'bitrix24', refs: {}, settleMs: 60_000 };
  expect(await claimClick(running.db.pool, asked, { extension: 1, enterprise: 1 })).toBe('new');
});

it('a portal that is away when a click is refused is told when it is back, by another daemon too', async () => {
  const first = await startTestApp({ enterprises: [enterprise()] });
  try {
    crm.faults.always({ kind: 'status', status: 503 }, 'telephony.externalCall.finish');
    await click(first);
    await until('the portal to be asked', () => crm.exchanges.some(({ path }) => path.includes('finish')));
    await first.stop();
    expect(crm.state.openCards()).toHaveLength(1);
    crm.faults.clear();
    await using second = await startTestApp({ db: first.db, enterprises: [enterprise()] });
    // It is told again after a minute.
    await second.db.pool.query('UPDATE click_calls SET settle_at = now()');
    await gone();
  } finally {
    await first[Symbol.asyncDispose]();
  }
});
