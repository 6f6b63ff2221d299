import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { isOwnOrigin } from '../../src/admin/origin.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { callerOf, oldSession } from './admin-client.js';
import { enterpriseEntryOf } from './enterprises.js';

const PUBLIC = 'https://pbx.example.invalid/telephony';
const STRANGERS = [
  'https://evil.example.invalid',
  'null',
  'http://pbx.example.invalid',
  'https://pbx.example.invalid.evil.example',
];

describe('no other site acts for us', () => {
  let running: TestApp;
  let token: string;
  beforeAll(async () => {
    running = await startTestApp({
      enterprises: [enterpriseEntryOf('0367')],
      config: { publicUrl: PUBLIC, adminPassword: 'a long enough secret' },
    });
    token = await oldSession(running.db, null);
  });
  afterAll(async () => await running[Symbol.asyncDispose]());

  const post = (path: string, headers: Record<string, string>, body: object = {}) =>
    fetch(`${running.app.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie: `session_token=${token}`, ...headers },
      body: JSON.stringify(body),
    });
  const mode = { enterprise: '0367', mode: 'shadow' };

  it('refuses a change that another site’s page sends with our cookie, by tRPC and by REST', async () => {
    for (const origin of STRANGERS) {
      expect((await post('/trpc/enterprises.setMode', { origin }, mode)).status, origin).toBe(403);
      expect((await post('/enterprise/0367/integrations/config', { origin }, {})).status, origin).toBe(403);
      expect((await post('/trpc/auth.logIn', { origin }, { login: 'a', password: 'b' })).status, origin).toBe(403);
    }
    for (const site of ['cross-site', 'same-site'])
      expect((await post('/trpc/enterprises.setMode', { 'sec-fetch-site': site }, mode)).status, site).toBe(403);
    const { rows } = await running.db.pool.query(`SELECT trunkline->>'mode' AS mode FROM enterprises`);
    expect(rows).toEqual([{ mode: 'on' }]);
  });

  it('takes one of our own page, at the public address or at the one it was asked at, and of a script', async () => {
    for (const headers of [
      { origin: new URL(PUBLIC).origin },
      { origin: running.app.url },
      { 'sec-fetch-site': 'same-origin' },
      {},
    ])
      expect((await post('/trpc/enterprises.setMode', headers as Record<string, string>, mode)).status).toBe(200);
  });

  it('changes nothing for a GET, nor for a form that needs no leave to be sent', async () => {
    const input = encodeURIComponent(JSON.stringify({ ...mode, mode: 'off' }));
    const headers = { cookie: `session_token=${token}` };
    const got = await fetch(`${running.app.url}/trpc/enterprises.setMode?input=${input}`, { headers });
    expect(got.status).toBe(405);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const body = JSON.stringify({ ...mode, mode: 'off' });
      const sent = await fetch(`${running.app.url}/trpc/enterprises.setMode`, {
        method: 'POST',
        headers: { ...headers, 'content-type': type },
        body,
      });
      expect(sent.status, type).toBeGreaterThanOrEqual(400);
    }
    const { rows } = await running.db.pool.query(`SELECT trunkline->>'mode' AS mode FROM enterprises`);
    expect(rows).toEqual([{ mode: 'shadow' }]);
  });

  /** What became of a socket: `open`, or the status it was refused with. */
  async function connect(
    headers: Record<string, string>,
    path = '/trpc',
  ): Promise<{ outcome: string; socket: WebSocket }> {
    const socket = new WebSocket(`${running.app.url.replace('http', 'ws')}${path}`, {
      headers: { cookie: `session_token=${token}`, ...headers },
    });
    const outcome = await new Promise<string>((resolve) => {
      socket.once('open', () => resolve('open'));
      socket.once('unexpected-response', (_request, response) => resolve(String(response.statusCode)));
      socket.once('error', () => undefined);
    });
    return { outcome, socket };
  }

  it('opens no socket for another site’s page', async () => {
    for (const origin of STRANGERS) expect((await connect({ origin })).outcome, origin).toBe('403');
    expect((await connect({}, '/elsewhere')).outcome).toBe('404');
    for (const [headers, path] of [
      [{ origin: new URL(PUBLIC).origin }, '/telephony/trpc'],
      [{ origin: running.app.url }, '/trpc'],
    ] as const) {
      const { outcome, socket } = await connect(headers, path);
      expect(outcome).toBe('open');
      socket.close();
    }
  });

  it('makes no change over a socket, and tells nobody anything without a session', async () => {
    const ask = async (cookie: string, method: string, path: string, input: object) => {
      const { socket } = await connect({ cookie });
      const answer = new Promise<string>((resolve) =>
        socket.once('message', (data: Buffer) => resolve(data.toString())),
      );
      socket.send(JSON.stringify({ id: 1, method, params: { path, input } }));
      const text = await answer;
      socket.terminate();
      return text;
    };
    const mine = `session_token=${token}`;
    expect(await ask(mine, 'mutation', 'enterprises.setMode', { ...mode, mode: 'off' })).toContain(
      'METHOD_NOT_SUPPORTED',
    );
    expect(await ask('', 'query', 'enterprises.list', {})).toContain('UNAUTHORIZED');
    expect(await ask('', 'subscription', 'logs.live', { enterprise: '0367' })).toContain('UNAUTHORIZED');
    expect(await ask(mine, 'query', 'auth.me', {})).toContain('"super"');
  });

  it('sets the cookie for https alone where the public address is https, and lets nothing be kept', async () => {
    const answer = await post('/telephony/trpc/auth.logIn', {}, { login: 'admin', password: 'a long enough secret' });
    expect(answer.status).toBe(200);
    expect(answer.headers.getSetCookie()[0]).toMatch(/; Secure/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('knows its own by scheme, host and port', () => {
    const own = (origin: string | undefined, host: string, site?: string) => isOwnOrigin({ origin, host, site }, null);
    expect(own('http://pbx:8000', 'pbx:8000')).toBe(true);
    expect(own('https://PBX:8000', 'pbx:8000')).toBe(true);
    for (const origin of ['http://pbx', 'http://pbx:8001', 'http://pbx.evil:8000', 'ftp://pbx:8000', 'pbx:8000', ''])
      expect(own(origin, 'pbx:8000'), origin).toBe(false);
    expect(own(undefined, 'pbx:8000', 'cross-site')).toBe(false);
  });

  it('answers a batch whose names are long', async () => {
    const caller = callerOf(running.app.url, token);
    const names = Array.from({ length: 12 }, () => 'integrations.list').join(',');
    const input = encodeURIComponent(
      JSON.stringify(Object.fromEntries(Array.from({ length: 12 }, (_, i) => [i, { enterprise: '0367' }]))),
    );
    const answer = await caller.fetch(`${running.app.url}/trpc/${names}?batch=1&input=${input}`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toHaveLength(12);
  });
});
