/**
 * A journey past everything that holds a secret, with CRMs that repeat what they were given in their errors; then every answer, page,
 * figure, log line, command and table is searched for each secret, in each spelling.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appRouter } from '../../src/admin/router.js';
import { loadCaptures } from '../../src/cli/demo/captures.js';
import { createSimulatedPbx } from '../../src/cli/demo/simulated-pbx.js';
import { signatureOf } from '../../src/click/link.js';
import { Releasers } from '../../src/platform/releasers.js';
import { startHook } from '../alerts/alert-desk.js';
import type { Hook } from '../alerts/alert-desk.js';
import { cli } from '../cli/run-cli.js';
import { wave } from '../recordings/ground.js';
import { madeCall } from '../recovery/made-calls.js';
import { startAmoCrmStandIn } from '../standins/amocrm/server.js';
import { startBitrix24StandIn } from '../standins/bitrix24/server.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import { startTelegramStandIn } from '../standins/telegram/server.js';
import { freePort } from '../support/free-port.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';
import { buildPage } from '../ui/support/build-page.js';
import type { Crms } from '../ui/support/site.js';
import { callerOf, oldSession } from './admin-client.js';
import type { Caller } from './admin-client.js';
import { dumpOf } from './secrets/dump.js';
import { AMO_INTEGRATION, enterprisesOf, HELD, KEY } from './secrets/held.js';
import { secretsIn, spellingsOf } from './secrets/search.js';
import type { Told } from './secrets/search.js';

const of = { enterprise: '0367' } as const;
const TYPES = ['retailcrm', 'bitrix24', 'amocrm', 'telegram'] as const;

/** What each CRM knows of 0367, and may repeat. */
const GIVEN_TO: Record<keyof Crms, string[]> = {
  retailcrm: [HELD['RetailCRM key'], HELD['RetailCRM client id']],
  bitrix24: [HELD['Bitrix24 webhook']],
  amocrm: [HELD['amoCRM long-lived token']],
  telegram: [HELD['Telegram bot']],
};

/** Where a secret is told because it has to be, and nowhere else. */
const BY_DESIGN = [
  // A session is given once, as a cookie no script reads.
  /^session of .* in api auth\.logIn: set-cookie$/,
  // Columns and tables of the existing system, which reads them as they are.
  /^webhook token in dump enterprises\.name2$/,
  /^client id in dump enterprises\.secret$/,
  /^session of the system before in dump sessions\.session_token$/,
  // Whoever may see a call may hear it; and what CRMs were given has to be served, and told again when they did not hear.
  /^key of a recording in api calls\.get$/,
  /^key of a recording in dump recordings\.(token|link)$/,
  /^key of a recording in dump (call_events\.event|deliveries\.event|delivery_refs\.refs)$/,
];

/** Of queries that need more than an enterprise. */
const inputsOf = (callId: string, log: { type: string; at: string; id: string }): Record<string, object> => ({
  'redirect.tryOut': { phone: '+375290000001' },
  'stats.overTime': { from: '2026-01-02T00:00:00Z', until: '2026-01-03T00:00:00Z' },
  'stats.platform': { days: 1 },
  'calls.get': { id: callId },
  'logs.get': log,
  'deliveries.progress': { ids: ['1'] },
});

describe('after a journey past every secret', () => {
  const releasers = new Releasers();
  const told: Told[] = [];
  const secrets: Record<string, string> = { ...HELD };
  let running: TestApp;
  let crms: Crms;
  let hook: Hook;
  let monitor: string;
  let admin: Caller;
  let pbx: Awaited<ReturnType<typeof createSimulatedPbx>>;

  beforeAll(async () => {
    buildPage();
    monitor = await mkdtemp(join(tmpdir(), 'trunkline-secrets-'));
    releasers.push(() => rm(monitor, { recursive: true }));
    const application = {
      clientSecret: HELD['Bitrix24 application'],
      accessToken: HELD['Bitrix24 access token'],
      refreshToken: HELD['Bitrix24 refresh token'],
    };
    crms = {
      retailcrm: await startRetailCrmStandIn({ keys: { [HELD['RetailCRM key']]: null } }),
      bitrix24: await startBitrix24StandIn({ webhooks: { [`1/${HELD['Bitrix24 webhook']}`]: null }, application }),
      amocrm: await startAmoCrmStandIn({
        tokens: { [HELD['amoCRM long-lived token']]: {} },
        integration: AMO_INTEGRATION,
      }),
      telegram: await startTelegramStandIn({ bots: [HELD['Telegram bot'], HELD['alerting bot']] }),
    };
    for (const crm of Object.values(crms)) releasers.push(() => crm.stop());
    hook = await startHook();
    releasers.push(() => hook.stop());
    const account = { user: 'crm', secret: HELD['AMI secret'] };
    pbx = await createSimulatedPbx({ port: 0, captures: await loadCaptures(), ...account, speed: 20 });
    releasers.push(() => pbx.stop());
    const port = await freePort();
    running = await startTestApp({
      enterprises: enterprisesOf(crms, pbx.port, monitor),
      config: {
        ...{ http: { host: '127.0.0.1', port }, publicUrl: `http://127.0.0.1:${port}` },
        ...{ secretKeys: [KEY], metricsToken: HELD['token of metrics'] },
        adminPassword: HELD['password of the first operator'],
        recordings: { firstLookMs: 20, stableMs: 50, absentMs: 1_000, unsaidMs: 500, pollMs: 20 },
      },
    });
    releasers.push(async () => await running[Symbol.asyncDispose]());
    await pbx.connected();
    await journey();
  }, 240_000);
  afterAll(() => releasers.run());

  it('none of them is found, but where it has to be', () => {
    expect(secretsIn(told, secrets).filter((found) => !BY_DESIGN.some((place) => place.test(found)))).toEqual([]);
  });

  it('each that is named as told by design is', () => {
    const found = secretsIn(told, secrets);
    for (const place of BY_DESIGN) expect(found.filter((one) => place.test(one))).not.toEqual([]);
  });

  it('the search finds each in the export that shows them, and each spelling of each where it is planted', async () => {
    const shown = await cli(['export', '--with-secrets'], env());
    const exported = secretsIn([{ where: 'export', text: shown.stdout }], secrets);
    expect(exported).toContain('AMI secret in export');
    expect(exported).toContain('amoCRM renewed access token in export');
    expect(exported.length).toBeGreaterThan(15);
    for (const [name, secret] of Object.entries(secrets)) {
      expect(secret.length).toBeGreaterThan(10);
      const spelt = [...spellingsOf(secret), Buffer.from(`Basic x:${secret}`).toString('base64')];
      for (const text of spelt)
        expect(secretsIn([{ where: 'a plant', text: `before ${text} behind` }], secrets)).toContain(
          `${name} in a plant`,
        );
    }
  });

  const env = () => ({
    DATABASE_URL: running.db.url,
    TRUNKLINE_DATA_DIR: running.config.dataDir,
    TRUNKLINE_SECRET_KEY: HELD['key that seals'],
    TRUNKLINE_ALLOW_TARGETS: '127.0.0.1',
    TRUNKLINE_LOG_LEVEL: 'debug',
  });

  async function journey(): Promise<void> {
    await logIns();
    await accountsAreTested();
    await settingsAreSaved();
    await alertsAreTested();
    const seen = await liveLog();
    const uid = await aCallIsTold();
    tell('live log', await seen());
    await callbacksAsk();
    await everythingIsAsked(uid);
    await commandsRun(uid);
    await running.stop();
    tell('log', running.log.join('\n'));
    told.push(...(await dumpOf(running.db)));
    // What accounts renewed by themselves.
    const { issued } = crms.amocrm.tokens;
    const last = issued.at(-1);
    if (issued.length < 2 || !last) throw new Error('amoCRM was never asked for new tokens');
    Object.assign(secrets, {
      'amoCRM former access token': issued[0]?.access_token,
      'amoCRM former refresh token': issued[0]?.refresh_token,
      'amoCRM renewed access token': last.access_token,
      'amoCRM renewed refresh token': last.refresh_token,
      'signature of a click link': signatureOf(HELD['client id'], '0367', '151'),
    });
  }

  function tell(where: string, text: string): void {
    told.push({ where, text });
  }

  /** Answers that are still being read. */
  const reading: Promise<void>[] = [];

  function caller(token: string | null = null): Caller {
    return callerOf(running.app.url, token, (address, answer) => {
      const where = `api ${/\/trpc\/([\w.]+)/.exec(address)?.[1] ?? new URL(address).pathname.split('/').slice(0, 3).join('/')}`;
      for (const [name, value] of answer.headers) tell(`${where}: ${name}`, value);
      reading.push(answer.text().then((text) => tell(where, text)));
    });
  }

  async function logIns(): Promise<void> {
    admin = caller();
    await admin.api.auth.logIn.mutate({ login: 'admin', password: HELD['password of the first operator'] });
    secrets['session of the operator'] = admin.token() ?? '';
    const password = HELD['password of an administrator'];
    await admin.api.users.create.mutate({ ...of, login: 'ann', name: 'Ann', password });
    const ann = caller();
    await expect(
      ann.api.auth.logIn.mutate({ login: 'ann', password: HELD['password that is wrong'] }),
    ).rejects.toThrow();
    await ann.api.auth.logIn.mutate({ login: 'ann', password });
    secrets['session of an administrator'] = ann.token() ?? '';
    await expect(
      ann.api.auth.changePassword.mutate({ old: HELD['password that is wrong'], password: 'short' }),
    ).rejects.toThrow();
    await ann.api.integrations.list.query(of);
    secrets['session of the system before'] = await oldSession(running.db, null);
    await caller(secrets['session of the system before']).api.auth.me.query();
  }

  /** A CRM that is out of order and repeats all it was given. */
  function outOfOrder(type: keyof Crms, status: number, times: number, known = GIVEN_TO[type]): void {
    const text = `no such thing: ${known.join(' ')} ${known.map(encodeURIComponent).join(' ')}`;
    const body = JSON.stringify({ success: false, errorMsg: text, error: text, error_description: text, detail: text });
    crms[type].faults.next(times, { kind: 'status', status, body });
  }
  async function accountsAreTested(): Promise<void> {
    const ask = (enterprise: string, type: string) =>
      admin.api.integrations.testConnection.mutate({ enterprise, type } as never);
    const [pair] = crms.amocrm.tokens.issued;
    crms.amocrm.tokens.end(pair?.access_token ?? '');
    crms.bitrix24.tokens.expire();
    for (const type of ['bitrix24', 'amocrm'] as const) {
      expect((await ask('0368', type)).ok).toBe(true);
      const { access_token: access = '', refresh_token: refresh = '' } = crms.amocrm.tokens.issued.at(-1) ?? {};
      const given = {
        bitrix24: [HELD['Bitrix24 application'], HELD['Bitrix24 application token']],
        amocrm: [HELD['amoCRM client secret'], access, refresh],
      };
      outOfOrder(type, 400, 20, given[type]);
      expect((await ask('0368', type)).ok).toBe(false);
      crms[type].faults.clear();
    }
    for (const type of TYPES) {
      expect(await ask('0367', type)).toMatchObject({ ok: true });
      for (const status of [400, 401]) {
        outOfOrder(type, status, 20);
        expect(await ask('0367', type)).toMatchObject({ ok: false });
        await admin.api.integrations.loadUsers.mutate({ ...of, type }).catch(() => undefined);
        crms[type].faults.clear();
      }
    }
    for (const type of TYPES) outOfOrder(type, 400, 20);
    const found = await admin.api.doctor.run.query(of);
    expect(found.filter(({ id, level }) => id.startsWith('crm ') && level === 'error')).toHaveLength(TYPES.length);
    for (const type of TYPES) crms[type].faults.clear();
  }

  async function settingsAreSaved(): Promise<void> {
    const type = 'retailcrm';
    const { version } = await admin.api.integrations.get.query({ ...of, type });
    const save = (settings: object, at = version) =>
      admin.api.integrations.save.mutate({ ...of, type, version: at, settings: settings as never, enabled: true });
    const words = { api_key: HELD['RetailCRM key that is refused'], client_id: HELD['RetailCRM client id'] };
    const refused = { ...words, api_url: 'http://127.0.0.1:9' };
    await admin.api.integrations.testConnection.mutate({ ...of, type, settings: refused });
    await expect(save({ ...refused, timezone: HELD['RetailCRM key that is refused'] })).rejects.toThrow();
    await expect(save({ api_key: HELD['RetailCRM key'] }, 99)).rejects.toThrow();
    await save({ api_key: HELD['RetailCRM key'], client_id: 'unchanged' });
    const { entry, version: ofAll } = await admin.api.enterprises.get.query(of);
    const again = { ...entry, token: HELD['webhook token'], timezone: 'Mars' };
    await expect(admin.api.enterprises.save.mutate({ version: ofAll, entry: again as never })).rejects.toThrow();
    const right = { ...entry, pbx: { ...(entry['pbx'] as object), secret: HELD['AMI secret'] } };
    await admin.api.enterprises.save.mutate({ version: ofAll, entry: right as never });
    const third = await admin.api.enterprises.get.query({ enterprise: '0369' });
    const wrong = { ...(third.entry['pbx'] as object), port: pbx.port, secret: HELD['AMI secret that is refused'] };
    await admin.api.enterprises.save.mutate({
      version: third.version,
      entry: { ...third.entry, pbx: { ...wrong, host: 'localhost' } } as never,
    });
    await until('the PBX to refuse 0369', async () => {
      const { state } = (await admin.api.pbx.get.query({ enterprise: '0369' })) as { state?: { lastError: unknown } };
      return state?.lastError;
    });
    await admin.api.pbx.reconnect.mutate(of);
  }

  async function alertsAreTested(): Promise<void> {
    const settings = { telegramChat: '-100', telegramUrl: crms.telegram.url };
    const channels = { botToken: HELD['alerting bot'], webhookUrl: hook.url };
    await admin.api.alerts.saveSettings.mutate({ ...of, version: 0, settings, secrets: channels });
    await admin.api.alerts.sendTest.mutate(of);
    hook.status = 500;
    outOfOrder('telegram', 400, 1, [HELD['alerting bot']]);
    await admin.api.alerts.sendTest.mutate(of);
    hook.status = 200;
    crms.telegram.faults.clear();
  }

  /** Open until it is asked what came. */
  async function liveLog(): Promise<() => Promise<string>> {
    const ending = new AbortController();
    const address = `${running.app.url}/trpc/logs.live?input=${encodeURIComponent(JSON.stringify(of))}`;
    const answer = await callerOf(running.app.url, admin.token()).fetch(address, { signal: ending.signal });
    let text = '';
    const read = (async () => {
      for await (const part of answer.body ?? []) text += Buffer.from(part as Uint8Array).toString();
    })().catch(() => undefined);
    return async () => {
      await until('lines of the live log', () => text.includes('"retailcrm"'));
      ending.abort();
      await read;
      return text;
    };
  }

  /** Posted by its host, refused by CRMs once, with a recording. */
  async function aCallIsTold(): Promise<string> {
    const call = madeCall(Math.floor(Date.now() / 1_000) - 51);
    for (const type of TYPES) outOfOrder(type, 500, 1);
    for (const { event, body } of call.events) {
      const post = (token: string) =>
        caller().fetch(`${running.app.url}/${event}`, {
          method: 'POST',
          headers: { Token: token, 'content-type': 'application/json' },
          body: JSON.stringify({ Token: token, ...body }),
        });
      await post(HELD['password that is wrong']);
      expect((await post(HELD['webhook token'])).status).toBe(200);
    }
    await pbx.play('inbound-answered');
    await writeFile(join(monitor, `${call.uid}.wav`), wave(1));
    const done = `SELECT count(*)::int AS n FROM deliveries WHERE state = 'done' AND class = 'durable'`;
    await until(
      'every CRM to have been told of both',
      async () => ((await running.db.pool.query<{ n: number }>(done)).rows[0]?.n ?? 0) >= 8,
      30_000,
    );
    const { rows } = await running.db.pool.query<{ token: string; uid: string }>(
      `SELECT token, unique_id AS uid FROM recordings WHERE state = 'ready'`,
    );
    for (const { token } of rows) {
      secrets['key of a recording'] = token;
      for (const name of [`${token}.wav`, `${token}.mp3`, `${token}x.wav`])
        expect([200, 404]).toContain((await fetch(`${running.app.url}/recordings/file/${name}`)).status);
    }
    expect(rows.map(({ uid }) => uid)).toContain(call.uid);
    return call.uid;
  }

  /** CRMs that ask for calls, with the right words and with others. */
  async function callbacksAsk(): Promise<void> {
    const sig = signatureOf(HELD['client id'], '0367', '151');
    const q = (fields: Record<string, string>) =>
      new URLSearchParams({ code: '151', phone: '+375290000001', ...fields });
    const asked = [
      `/api/makecallexternal?${q({ clientId: HELD['client id'] })}`,
      `/retailcrm/make-call?${q({ clientId: HELD['RetailCRM client id'] })}`,
      `/retailcrm/status?${q({ clientId: HELD['RetailCRM client id'], status: 'busy' })}`,
      `/retailcrm/make-call?${q({ clientId: HELD['password that is wrong'] })}`,
      `/amocrm/make-call?${q({ enterprise: '0367', sig })}`,
      `/oauth/amocrm/callback?${q({ code: HELD['password that is wrong'], state: HELD['password that is wrong'] })}`,
    ];
    for (const address of asked) await caller().fetch(`${running.app.url}${address}`);
    const form = new URLSearchParams({ event: 'x', 'auth[application_token]': HELD['Bitrix24 application token'] });
    for (const path of ['webhook', 'event', 'install'])
      await caller().fetch(`${running.app.url}/bitrix24/${path}/0368`, { method: 'POST', body: form });
    const incoming = { Token: HELD['webhook token'], phone: '+375290000001', trunk: '0001363' };
    for (const path of ['/api/smart-redirect/incoming-call', '/api/callevent/getcustomerdata'])
      await caller().fetch(`${running.app.url}${path}`, {
        method: 'POST',
        headers: { Token: HELD['webhook token'], 'content-type': 'application/json' },
        body: JSON.stringify(incoming),
      });
  }

  /** Every question the page and scripts may ask, the page itself, figures. */
  async function everythingIsAsked(uid: string): Promise<void> {
    const { rows } = await running.db.pool.query<{ type: string; at: string; id: string }>(
      `SELECT integration_type AS type, id::text, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at
         FROM integration_logs WHERE enterprise_number = '0367' ORDER BY status = 'error' DESC LIMIT 40`,
    );
    const { url } = running.app;
    const queries = Object.entries(appRouter._def.procedures as unknown as Record<string, { _def: { type: string } }>)
      .filter(([, { _def }]) => _def.type === 'query')
      .map(([path]) => path);
    const ask = async (path: string, input: object) =>
      (await admin.fetch(`${url}/trpc/${path}?input=${encodeURIComponent(JSON.stringify(input))}`)).status;
    const statuses: Record<string, number> = {};
    const more = inputsOf(uid, rows[0] ?? { type: '', at: '', id: '' });
    for (const path of queries)
      for (const type of path.startsWith('integrations.') ? TYPES : [undefined])
        for (const enterprise of ['0367', '0368', '0369'])
          if (enterprise === '0367' || !(path in more))
            statuses[path] = await ask(path, { enterprise, type, ...more[path] });
    expect(Object.entries(statuses).filter(([, status]) => status !== 200)).toEqual([]);
    for (const row of rows) expect(await ask('logs.get', { ...of, ...row })).toBe(200);
    for (const file of ['config', 'logs']) await admin.fetch(`${url}/enterprise/0367/integrations/${file}`);
    await admin.fetch(`${url}/admin/integrations/stats`);
    const page = await (await admin.fetch(`${url}/e/0367/integrations`)).text();
    const files = [...page.matchAll(/(?:src|href)="([^"]*assets\/[^"]+)"/g)].map(([, file = '']) => file);
    expect(files.length).toBeGreaterThan(1);
    for (const file of files) expect((await admin.fetch(new URL(file, `${url}/`).href)).status).toBe(200);
    for (const path of ['/', '/healthz', '/readyz', '/metrics']) await admin.fetch(`${url}${path}`);
    const figures = await globalThis.fetch(`${url}/metrics`, {
      headers: { authorization: `Bearer ${HELD['token of metrics']}` },
    });
    expect(figures.status).toBe(200);
    tell('metrics', await figures.text());
    await Promise.all(reading);
  }

  async function commandsRun(uid: string): Promise<void> {
    const capture = join(import.meta.dirname, '../captures/22/inbound-answered.ami');
    const commands = [
      ...[
        ['export'],
        ['enterprise', 'list'],
        ['enterprise', 'list', '--json'],
        ['doctor', '0367'],
        ['doctor', '0369', '--json'],
      ],
      ...TYPES.map((type) => ['integrations', 'check', '0367', type]),
      ...['bitrix24', 'amocrm'].map((type) => ['integrations', 'authorise', '0368', type]),
      ...[
        ['integrations', 'register', '0367', 'retailcrm'],
        ['redirect', 'try', '0367', '+375290000001', '--json'],
      ],
      ...[
        ['redirect', 'shadow-report', '0367'],
        ['call', 'show', '0367', uid, '--all', '--json'],
      ],
      ...[
        ['call', 'show', '0367', uid, '--all'],
        ['deliveries', 'list', '--state', 'done', '--json'],
      ],
      ...[
        ['recover', '0367'],
        ['reconcile', '0367', 'today'],
        ['secrets', 'take-over'],
      ],
      ['replay', capture, '--enterprise', '0367', '--json'],
    ];
    for (const argv of commands) {
      for (const type of TYPES) outOfOrder(type, 400, argv[0] === 'integrations' && argv[3] === type ? 1 : 0);
      const { stdout, stderr } = await cli(argv, env());
      expect(stdout + stderr).not.toBe('');
      tell(`command ${argv.slice(0, 2).join(' ')}`, `${stdout}\n${stderr}`);
      for (const type of TYPES) crms[type].faults.clear();
    }
    const wrongKey = { ...env(), TRUNKLINE_SECRET_KEY: `${HELD['password that is wrong']}` };
    const { stderr } = await cli(['export'], wrongKey);
    tell('command with a wrong key', stderr);
  }
});
