import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTelegramStandIn } from '../standins/telegram/server.js';
import type { TelegramStandIn } from '../standins/telegram/server.js';
import { startHook } from '../alerts/alert-desk.js';
import type { Hook } from '../alerts/alert-desk.js';
import { freePort } from '../support/free-port.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';
import { callerOf, oldSession, oldUser, outcomeOf } from './admin-client.js';
import type { Caller } from './admin-client.js';
import { enterpriseEntryOf } from './enterprises.js';

const TOKEN = '1234567890:token-that-nobody-may-see-again-9876';
const of = { enterprise: '0367' } as const;

describe('alerts', () => {
  let running: TestApp;
  let telegram: TelegramStandIn;
  let hook: Hook;
  let ann: Caller;
  let bob: Caller;
  let operator: Caller;
  beforeAll(async () => {
    [telegram, hook] = [await startTelegramStandIn({ bots: [TOKEN] }), await startHook()];
    const pbx = { host: '127.0.0.1', port: await freePort(), username: 'crm', secret: 'ami-secret-0001' };
    running = await startTestApp({
      enterprises: [enterpriseEntryOf('0367', { pbx }), enterpriseEntryOf('0368', { integrations: {} })],
    });
    const { app, db } = running;
    ann = callerOf(app.url, await oldUser(db, '0367'));
    bob = callerOf(app.url, await oldUser(db, '0368'));
    operator = callerOf(app.url, await oldSession(db, null));
  });
  afterAll(async () => {
    await running[Symbol.asyncDispose]();
    await telegram.stop();
    await hook.stop();
  });

  const save = (settings: object, secrets: object, version: number) =>
    ann.api.alerts.saveSettings.mutate({ ...of, version, settings: settings as never, secrets: secrets as never });
  const fieldsOf = async (call: Promise<unknown>) => {
    const error = await call.catch((thrown: unknown) => thrown);
    return (error as { data: { fields: { path: string }[] | null } }).data.fields?.map(({ path }) => path);
  };

  it('have settings that are checked, masked, kept with a version, and tell nothing of their secrets', async () => {
    expect(await ann.api.alerts.settings.query(of)).toMatchObject({
      version: 0,
      channels: [],
      settings: { reminderHours: 12 },
    });
    expect(await fieldsOf(ann.api.alerts.sendTest.mutate(of))).toEqual(['']);
    expect(await fieldsOf(save({ errorPercent: 0, telegramChat: 'no chat' }, {}, 0))).toEqual([
      'errorPercent',
      'telegramChat',
    ]);
    expect(await fieldsOf(save({}, { botToken: 'nonsense' }, 0))).toEqual(['botToken']);
    expect(await fieldsOf(save({}, { webhookUrl: 'http://10.0.0.1/x' }, 0))).toEqual(['webhookUrl']);
    expect(await fieldsOf(save({ telegramUrl: 'http://169.254.169.254' }, {}, 0))).toEqual(['telegramUrl']);
    const settings = { telegramChat: '-100', telegramUrl: telegram.url, language: 'en', linkMinutes: 0 };
    expect(await save(settings, { botToken: TOKEN, webhookUrl: hook.url }, 0)).toEqual({ version: 1 });
    expect(await outcomeOf(save({ errorPercent: 50 }, {}, 0))).toBe('CONFLICT');
    expect(await save({ errorPercent: 50 }, { botToken: '••••9876', webhookUrl: 'unchanged' }, 1)).toEqual({
      version: 2,
    });
    // Whoever may change the address does not get the token.
    expect(await fieldsOf(save({ telegramUrl: 'https://example.com' }, {}, 2))).toEqual(['botToken']);
    const form = await ann.api.alerts.settings.query(of);
    expect(form).toMatchObject({
      ...{ version: 2, channels: ['telegram', 'webhook'], webhookHost: new URL(hook.url).host },
      secrets: { botToken: '••••9876', webhookUrl: '••••' },
      settings: { errorPercent: 50, linkMinutes: 0 },
    });
    const { rows } = await running.db.pool.query(
      `SELECT detail FROM audit_log WHERE action LIKE 'alerts.%' ORDER BY id`,
    );
    expect(rows[1]).toEqual({ detail: { fields: ['errorPercent'] } });
    const stored = await running.db.pool.query('SELECT * FROM alert_settings');
    expect(JSON.stringify([form, rows, stored.rows, running.log])).not.toMatch(/nobody-may-see|key-in-the-path/);
  });

  it('are tried out on each channel, with what came of it', async () => {
    expect(await ann.api.alerts.sendTest.mutate(of)).toEqual({
      channels: [
        { channel: 'telegram', why: null },
        { channel: 'webhook', why: null },
      ],
    });
    expect([telegram.state.in('-100').at(-1)?.text, hook.posted.at(-1)?.test]).toEqual([
      'Trunkline: a test. Alerts will come here.',
      true,
    ]);
    hook.status = 410;
    const { channels } = await ann.api.alerts.sendTest.mutate(of);
    expect(channels[1]?.why).toContain('410');
    hook.status = 200;
  });

  it('of a PBX that does not answer arrive, are listed and counted, acknowledged and muted by whom they concern', async () => {
    await until(
      'the alert',
      () => telegram.state.in('-100').some(({ text }) => text.includes('no link to the PBX')),
      40_000,
    );
    const { rows } = await ann.api.alerts.list.query(of);
    expect(rows).toMatchObject([{ kind: 'pbx-link', endedAt: null, acknowledgedAt: null }]);
    expect(rows[0]?.subject).toMatch(/^127\.0\.0\.1:/);
    expect(await ann.api.alerts.count.query(of)).toEqual({ current: 1 });
    expect(await bob.api.alerts.count.query({ enterprise: '0368' })).toEqual({ current: 0 });
    expect((await operator.api.alerts.all.query({})).rows).toHaveLength(1);

    const id = rows[0]?.id ?? '';
    expect(await outcomeOf(bob.api.alerts.acknowledge.mutate({ enterprise: '0368', id }))).toBe('NOT_FOUND');
    expect(await outcomeOf(bob.api.alerts.mute.mutate({ enterprise: '0367', id, hours: 1 }))).toBe('FORBIDDEN');
    await ann.api.alerts.acknowledge.mutate({ ...of, id });
    await operator.api.alerts.mute.mutate({ ...of, id, hours: 2 });
    const [after] = (await ann.api.alerts.list.query(of)).rows;
    expect([after?.acknowledgedBy, after?.mutedUntil]).toEqual([expect.any(String), expect.any(String)]);
    const metrics = await fetch(`${running.app.url}/metrics`).then((answer) => answer.text());
    expect(metrics).toContain('trunkline_alerts_current{kind="pbx-link"} 1');
    expect(metrics).toMatch(/trunkline_alert_messages_total\{channel="telegram",outcome="sent"\} \d/);
  });

  it('of the platform are the operator’s', async () => {
    expect(await operator.api.alerts.savePlatformSettings.mutate({ version: 0, settings: { language: 'en' } })).toEqual(
      { version: 1 },
    );
    expect(await operator.api.alerts.platformSettings.query()).toMatchObject({
      version: 1,
      settings: { language: 'en' },
    });
    expect(await outcomeOf(ann.api.alerts.platformSettings.query())).toBe('FORBIDDEN');
  });
});
