import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lastFailures } from '../../docs/examples/last-failures.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { callerOf, oldSession, oldUser } from './admin-client.js';
import { enterpriseEntryOf } from './enterprises.js';

const KEY = 'key-of-0367-abcdef';

describe('scripts', () => {
  let running: TestApp;
  let own: string;
  let root: string;
  beforeAll(async () => {
    running = await startTestApp({ enterprises: [enterpriseEntryOf('0367'), enterpriseEntryOf('0368')] });
    own = await oldUser(running.db, '0367');
    root = await oldSession(running.db, null);
    await running.db.pool.query(
      `INSERT INTO integration_logs (enterprise_number, integration_type, event_type, status, phone, request_data, error_message)
       SELECT '0367', CASE WHEN n % 2 = 0 THEN 'retailcrm' ELSE 'telegram' END, 'hangup', CASE WHEN n % 3 = 0 THEN 'error' ELSE 'success' END,
              '+37529000' || lpad(n::text, 4, '0'), jsonb_build_object('n', n), CASE WHEN n % 3 = 0 THEN 'HTTP_500' END
         FROM generate_series(1, 120) n`,
    );
  });
  afterAll(async () => await running[Symbol.asyncDispose]());
  const ask = async (token: string | null, path: string, body?: object) => {
    const init = body && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    };
    const answer = await callerOf(running.app.url, token).fetch(`${running.app.url}${path}`, init);
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const CONFIG = '/enterprise/0367/integrations/config';

  it('read settings with masked secrets and send them back as they were', async () => {
    const { status, body } = await ask(own, CONFIG);
    expect(status).toBe(200);
    expect(body).toMatchObject({ retailcrm: { enabled: true, api_url: 'http://127.0.0.1:9', api_key: '••••cdef' } });
    const changed = { retailcrm: { ...(body['retailcrm'] as object), api_key: 'unchanged', cards: 'never' } };
    expect(await ask(own, CONFIG, changed)).toEqual({ status: 200, body: { success: true } });
    expect((await ask(own, CONFIG)).body).toMatchObject({ retailcrm: { api_key: '••••cdef', cards: 'never' } });
    const { directory } = {
      directory: JSON.stringify((await running.db.pool.query('SELECT * FROM enterprises')).rows),
    };
    expect(directory).not.toContain(KEY);
  });

  it('change all or nothing, and hear which field is wrong', async () => {
    const wrong = { retailcrm: { cards: 'ring' }, telegram: { enabled: true, bot_token: 'nonsense' } };
    const { status, body } = await ask(own, CONFIG, wrong);
    expect(status).toBe(422);
    expect(JSON.stringify(body['fields'])).toContain('bot_token');
    expect((await ask(own, CONFIG)).body).toMatchObject({ retailcrm: { cards: 'never' } });
    expect((await ask(own, CONFIG, { retailcrm: 'text' })).status).toBe(400);
    expect((await ask(own, CONFIG, [])).status).toBe(400);
  });

  it('read at most a hundred rows, with what was asked', async () => {
    const { body } = await ask(own, '/enterprise/0367/integrations/logs');
    expect(body).toHaveLength(100);
    const errors = await ask(own, '/enterprise/0367/integrations/logs?status=error&type=retailcrm&limit=500');
    expect(errors.body).toHaveLength(20);
    expect((errors.body as unknown as object[])[0]).toMatchObject({
      enterprise_number: '0367',
      integration_type: 'retailcrm',
      event_type: 'hangup',
      request_data: { n: expect.any(Number) as number },
      error_message: 'HTTP_500',
    });
    expect((await ask(own, '/enterprise/0367/integrations/logs?limit=zero')).status).toBe(400);
  });

  it('read the figures of all, as super-admins', async () => {
    const { status, body } = await ask(root, '/admin/integrations/stats');
    expect(status).toBe(200);
    expect(body).toEqual({
      total_events: 120,
      success_rate: 66.7,
      integrations: { retailcrm: { events: 60, errors: 20 }, telegram: { events: 60, errors: 20 } },
    });
  });

  it('have the rights of the page', async () => {
    const other = await oldUser(running.db, '0368');
    for (const path of [CONFIG, '/enterprise/0367/integrations/logs']) {
      expect((await ask(null, path)).status).toBe(401);
      expect((await ask(other, path)).status).toBe(403);
      expect((await ask(root, path)).status).toBe(200);
    }
    expect((await ask(other, CONFIG, { retailcrm: { enabled: false } })).status).toBe(403);
    expect((await ask(own, '/admin/integrations/stats')).status).toBe(403);
    expect((await ask(null, '/admin/integrations/stats')).status).toBe(401);
  });

  it('ask as the documented example does', async () => {
    const failures = await lastFailures(running.app.url, own, '0367');
    expect(failures).toHaveLength(20);
    expect(failures.every((phone) => phone?.startsWith('+37529'))).toBe(true);
    const read = (path: string) => readFileSync(new URL(`../../docs/${path}`, import.meta.url), 'utf8');
    const shown = /```ts\n([^]*?)```/.exec(read('api.md'))?.[1];
    expect(shown).toBe(read('examples/last-failures.ts'));
  });
});
