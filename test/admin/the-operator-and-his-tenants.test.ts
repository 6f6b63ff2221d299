import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli } from '../cli/run-cli.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';
import { callerOf, oldSession, oldUser, outcomeOf } from './admin-client.js';
import type { Caller } from './admin-client.js';
import { enterpriseEntryOf } from './enterprises.js';

const SECRETS = ['ami-secret-of-0367', 'redirect-word-of-0367', 'a long enough secret', 'another long secret'];

describe('the operator and his tenants', () => {
  let running: TestApp;
  let root: Caller;
  let ann: Caller;
  beforeAll(async () => {
    const more = {
      pbx: { host: '127.0.0.1', port: 9, username: 'crm', secret: SECRETS[0] },
      smartRedirect: { mode: 'last', secret: SECRETS[1], localContexts: ['followme'] },
    };
    running = await startTestApp({ enterprises: [enterpriseEntryOf('0367', more), enterpriseEntryOf('0368')] });
    root = callerOf(running.app.url, await oldSession(running.db, null));
    ann = callerOf(running.app.url, await oldUser(running.db, '0367'));
  });
  afterAll(async () => await running[Symbol.asyncDispose]());

  it('each sees the enterprises that are his', async () => {
    expect((await root.api.enterprises.list.query()).map(({ number }) => number)).toEqual(['0367', '0368']);
    expect((await ann.api.enterprises.list.query()).map(({ number }) => number)).toEqual(['0367']);
  });

  it('the operator makes, edits and switches off an enterprise; two of them do not overwrite each other', async () => {
    const entry = { number: '0369', name: 'Third', token: 'unit-token-0369', timezone: 'Europe/Minsk' };
    expect(await root.api.enterprises.save.mutate({ version: null, entry })).toMatchObject({ number: '0369' });
    expect(await outcomeOf(root.api.enterprises.save.mutate({ version: null, entry }))).toBe('CONFLICT');
    const read = await root.api.enterprises.get.query({ enterprise: '0369' });
    const saved = { version: read.version, entry: { ...read.entry, name: 'Third Ltd' } as never };
    await root.api.enterprises.save.mutate(saved);
    expect(await outcomeOf(root.api.enterprises.save.mutate(saved))).toBe('CONFLICT');
    const { rows } = await running.db.pool.query(`SELECT name, name2 AS token FROM enterprises WHERE number = '0369'`);
    expect(rows).toEqual([{ name: 'Third Ltd', token: 'unit-token-0369' }]);
    await root.api.enterprises.setMode.mutate({ enterprise: '0369', mode: 'off' });
    expect((await root.api.enterprises.list.query()).find(({ number }) => number === '0369')?.mode).toBe('off');
    const wrong = { ...entry, number: '0370', token: 'unit-token-0367' };
    expect(await outcomeOf(root.api.enterprises.save.mutate({ version: null, entry: wrong }))).toBe(
      'UNPROCESSABLE_CONTENT',
    );
    const broken = { ...entry, number: '0370', timezone: 'Nowhere/Town' };
    expect(await outcomeOf(root.api.enterprises.save.mutate({ version: null, entry: broken }))).toBe(
      'UNPROCESSABLE_CONTENT',
    );
  });

  it('shows how the PBX is reached and how that goes, and connects anew', async () => {
    const shown = await until('the link to be tried', async () => {
      const pbx = await ann.api.pbx.get.query({ enterprise: '0367' });
      return pbx.state?.lastError ? pbx : null;
    });
    expect(shown.settings).toMatchObject({ host: '127.0.0.1', port: 9, username: 'crm', secret: '••••0367' });
    expect(shown.state).toMatchObject({ phase: 'away', lastError: { code: expect.stringMatching(/^AMI_/) as string } });
    expect(await ann.api.pbx.reconnect.mutate({ enterprise: '0367' })).toEqual({ asked: true });
    expect(await outcomeOf(root.api.pbx.reconnect.mutate({ enterprise: '0368' }))).toBe('PRECONDITION_FAILED');
    expect(await ann.api.pbx.liveCalls.query({ enterprise: '0367' })).toEqual([]);
  });

  it('lets a tenant set whom calls go to, and not into which contexts', async () => {
    const which = { enterprise: '0367' };
    const before = await ann.api.redirect.get.query(which);
    expect(before.settings).toMatchObject({ mode: 'last', localContexts: ['followme'] });
    const save = (settings: object, version = before.version) =>
      ann.api.redirect.save.mutate({ ...which, version, settings: settings as never });
    expect(await outcomeOf(save({ localContexts: ['toll-free-for-all'] }))).toBe('FORBIDDEN');
    expect(await outcomeOf(save({ secret: 'mine' }))).toBe('FORBIDDEN');
    expect(await outcomeOf(save({ mode: 'whoever' }))).toBe('UNPROCESSABLE_CONTENT');
    await save({ mode: 'shadow', deadlineMs: 1_500 });
    expect(await outcomeOf(save({ mode: 'off' }))).toBe('CONFLICT');
    const after = await ann.api.redirect.get.query(which);
    expect(after.settings).toMatchObject({ mode: 'shadow', deadlineMs: 1_500, localContexts: ['followme'] });
    const decision = await until('the settings to be followed', async () => {
      const tried = await ann.api.redirect.tryOut.query({ ...which, phone: '80290000001' });
      return tried.mode === 'shadow' ? tried : null;
    });
    expect(decision).toMatchObject({ phone: '+375290000001', chosen: null });
    expect(await ann.api.redirect.decisions.query(which)).toEqual({ rows: [], next: null });
    expect(await ann.api.redirect.report.query(which)).toMatchObject({ calls: 0 });
    expect(await outcomeOf(root.api.redirect.tryOut.query({ enterprise: '0368', phone: '1' }))).toBe(
      'PRECONDITION_FAILED',
    );
  });

  it('accounts: each enterprise its own, super-admins apart, nobody locks himself out', async () => {
    const account = { login: 'Ann@example.invalid', name: 'Ann', password: SECRETS[2] ?? '' };
    const made = await ann.api.users.create.mutate({ enterprise: '0367', ...account });
    expect(made).toMatchObject({ login: 'ann@example.invalid', enterprise: '0367' });
    expect(await outcomeOf(root.api.users.create.mutate({ enterprise: '0368', ...account }))).toBe(
      'UNPROCESSABLE_CONTENT',
    );
    const own = callerOf(running.app.url);
    expect(await own.api.auth.logIn.mutate(account)).toMatchObject({ kind: 'enterprise', enterprise: '0367' });
    const other = callerOf(running.app.url, await oldUser(running.db, '0368'));
    const theirs = { enterprise: '0368', id: made.id };
    expect(await outcomeOf(other.api.users.setPassword.mutate({ ...theirs, password: 'stolen, long enough' }))).toBe(
      'NOT_FOUND',
    );
    expect(await outcomeOf(other.api.users.remove.mutate(theirs))).toBe('NOT_FOUND');
    expect(await outcomeOf(root.api.operators.remove.mutate({ id: made.id }))).toBe('NOT_FOUND');
    const mine = { enterprise: '0367', id: made.id };
    expect(await outcomeOf(own.api.users.remove.mutate(mine))).toBe('BAD_REQUEST');
    await ann.api.users.update.mutate({ ...mine, name: 'Ann', disabled: true });
    expect(await own.api.auth.me.query()).toBeNull();
    expect(await outcomeOf(own.api.auth.logIn.mutate(account))).toBe('UNAUTHORIZED');
    const listed = await ann.api.users.list.query({ enterprise: '0367' });
    expect(listed.accounts).toMatchObject([{ login: 'ann@example.invalid', disabled: true }]);
    expect(JSON.stringify(listed)).not.toContain('scrypt');
    await ann.api.users.remove.mutate(mine);
    await root.api.operators.create.mutate({ login: 'boss', name: '', password: SECRETS[3] ?? '' });
    expect(await root.api.operators.list.query()).toMatchObject([{ login: 'boss', enterprise: null }]);
  });

  it('makes accounts from the command line, and a password that is shown once', async () => {
    const env = { DATABASE_URL: running.db.url, TRUNKLINE_DATA_DIR: running.config.dataDir };
    const made = await cli(['admin', 'create', 'Carl', '--enterprise', '0368'], env);
    expect(made.code).toBe(0);
    const password = /password: (\S+)/.exec(made.stdout)?.[1] ?? '';
    const carl = callerOf(running.app.url);
    expect(await carl.api.auth.logIn.mutate({ login: 'carl', password })).toMatchObject({ enterprise: '0368' });
    const again = await cli(['admin', 'password', 'carl'], env);
    expect(again.code).toBe(0);
    expect(await carl.api.auth.me.query()).toBeNull();
    expect(await outcomeOf(carl.api.auth.logIn.mutate({ login: 'carl', password }))).toBe('UNAUTHORIZED');
    expect((await cli(['admin', 'create', 'carl'], env)).code).toBe(1);
    expect((await cli(['admin', 'create', 'dan', '--enterprise', '9999'], env)).code).toBe(1);
    expect((await cli(['admin', 'password', 'nobody'], env)).code).toBe(1);
  });

  it('figures of today and over time', async () => {
    await running.db.pool.query(
      `INSERT INTO integration_logs (enterprise_number, integration_type, event_type, status, duration_ms)
       SELECT '0367', 'retailcrm', 'hangup', CASE WHEN n <= 90 THEN 'success' ELSE 'error' END, n FROM generate_series(1, 100) n`,
    );
    expect(await ann.api.stats.today.query({ enterprise: '0367' })).toEqual({
      ...{ inAnswered: 0, inMissed: 0, out: 0, live: 0, crmSuccess: 0.9 },
    });
    const [from, until] = [-3_600_000, 60_000].map((ms) => new Date(Date.now() + ms).toISOString()) as [string, string];
    const { integrations } = await ann.api.stats.overTime.query({ enterprise: '0367', from, until, step: 'day' });
    expect(integrations).toMatchObject([{ type: 'retailcrm', success: 90, error: 10, p50: 50, p95: 95, p99: 99 }]);
    const far = { enterprise: '0367', from: '2020-01-01T00:00:00Z', until };
    expect(await outcomeOf(ann.api.stats.overTime.query(far))).toBe('BAD_REQUEST');
  });

  it('who changed what, each his own, and no secret in it, in any answer or in the log', async () => {
    const { rows } = await ann.api.audit.list.query({ enterprise: '0367' });
    const actions = rows.map(({ action }) => action);
    for (const action of ['redirect.save', 'pbx.reconnect', 'users.create', 'users.update', 'users.remove'])
      expect(actions).toContain(action);
    expect(new Set(rows.map(({ enterprise }) => enterprise))).toEqual(new Set(['0367']));
    const all = await root.api.audit.all.query({ limit: 200 });
    expect(all.rows.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['enterprises.save', 'operators.create', 'admin create']),
    );
    const told = [
      all,
      await root.api.enterprises.get.query({ enterprise: '0367' }),
      await ann.api.redirect.get.query({ enterprise: '0367' }),
      await ann.api.pbx.get.query({ enterprise: '0367' }),
    ];
    const everything = JSON.stringify(told) + running.log.join('\n');
    for (const secret of SECRETS) expect(everything).not.toContain(secret);
  });
});
