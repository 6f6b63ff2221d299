import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { startBitrix24StandIn } from '../standins/bitrix24/server.js';
import { startTestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const SECRET = 'secret-of-the-webhook-0001';
const TOKEN = 'bitrixbitrixtokentokentoken12345';

/** A portal registers the call and shows it before it asks for it. */
it.each([
  { refused: 'as the PBX is away', number: '+375290000001', status: 503 },
  { refused: 'for its number', number: '+12025550123', status: 400 },
])('a click that is refused $refused is taken off the screen of who clicked', async ({ number, status }) => {
  const crm = await startBitrix24StandIn({
    webhooks: { [`1/${SECRET}`]: null },
    users: [
      { id: 27, name: 'N151', inner: '151' },
      { id: 28, name: 'N152', inner: '152' },
    ],
  });
  const nobody = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => nobody.listen(0, '127.0.0.1', resolve));
  const { port } = nobody.address() as AddressInfo;
  try {
    await using running = await startTestApp({
      enterprises: [
        {
          number: '0367',
          name: 'Example Ltd',
          token: 'unit-token-0001',
          pbx: { host: '127.0.0.1', port, username: 'crm', secret: 'x' },
          integrations: {
            bitrix24: {
              enabled: true,
              webhook_url: `${crm.url}/rest/1/${SECRET}/`,
              application_token: TOKEN,
              user_extensions: { '27': '151', '28': '152' },
            },
          },
        },
      ],
    });
    const registered = await fetch(`${crm.url}/rest/1/${SECRET}/telephony.externalCall.register.json`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ USER_ID: 27, PHONE_NUMBER: number, TYPE: 1, SHOW: 1 }),
    });
    const { result } = (await registered.json()) as { result: { CALL_ID: string } };
    expect(crm.state.openCards()).toHaveLength(1);

    // The number that was clicked has an extension of its own, which is nobody's here.
    const answer = await fetch(`${running.app.url}/bitrix24/event/0367`, {
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
    expect(answer.status).toBe(status);
    await until('the card to be gone', () => crm.state.openCards().length === 0);
    expect(crm.state.calls).toMatchObject([{ callId: result.CALL_ID, duration: 0 }]);
  } finally {
    nobody.close();
    await crm.stop();
  }
});
