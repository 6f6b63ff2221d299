import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enterpriseEntryOf } from './enterprises.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { callerOf, oldSession, oldUser, outcomeOf } from './admin-client.js';

const PASSWORD = 'a long enough secret';

describe('who is let in', () => {
  let running: TestApp;
  beforeAll(async () => {
    running = await startTestApp({
      enterprises: [enterpriseEntryOf('0367'), enterpriseEntryOf('0368')],
      config: { adminPassword: PASSWORD },
    });
  });
  afterAll(async () => await running[Symbol.asyncDispose]());
  const caller = (token: string | null = null) => callerOf(running.app.url, token);
  const me = (token: string | null) => caller(token).api.auth.me.query();

  it('knows nobody without a cookie, or with one that is no session', async () => {
    expect(await me(null)).toBeNull();
    expect(await me('nobody-has-this-one')).toBeNull();
    expect(await me("' OR true --")).toBeNull();
  });

  it('takes the log-ins the existing system writes, each for what it is', async () => {
    const { db } = running;
    expect(await me(await oldSession(db, null))).toMatchObject({ kind: 'super', enterprise: null });
    expect(await me(await oldSession(db, ''))).toMatchObject({ kind: 'super', enterprise: null });
    expect(await me(await oldSession(db, '0367'))).toMatchObject({ kind: 'enterprise', enterprise: '0367' });
    expect(await me(await oldUser(db, '0368'))).toMatchObject({ kind: 'enterprise', enterprise: '0368' });
  });

  it.each([
    ['who is no administrator', { admin: false }],
    ['who is not active', { status: 'dismissed' }],
    ['whose session has run out', { expired: true }],
    ['whose session names another enterprise than he', { sessionOf: '0367' }],
  ])('takes no user %s', async (_who, user) => {
    expect(await me(await oldUser(running.db, '0368', user))).toBeNull();
  });

  it('takes no session of the old table after 24 hours', async () => {
    const token = await oldSession(running.db, null);
    await running.db.pool.query(
      `UPDATE sessions SET created_at = now() - interval '24 hours 1 second' WHERE session_token = $1`,
      [token],
    );
    expect(await me(token)).toBeNull();
  });

  it('takes no administrator of an enterprise that is switched off or is not there', async () => {
    const token = await oldUser(running.db, '0368');
    await running.db.pool.query(`UPDATE enterprises SET is_enabled = false WHERE number = '0368'`);
    expect(await me(token)).toBeNull();
    await running.db.pool.query(`UPDATE enterprises SET is_enabled = true WHERE number = '0368'`);
    expect(await me(await oldSession(running.db, '9999'))).toBeNull();
  });

  it('makes the first super-admin from the environment, whose token the database does not hold', async () => {
    const admin = caller();
    await admin.api.auth.logIn.mutate({ login: ' Admin ', password: PASSWORD });
    expect(await admin.api.auth.me.query()).toMatchObject({ kind: 'super', name: 'admin', own: true });
    const { rows } = await running.db.pool.query<{ row: string }>('SELECT s::text AS row FROM admin_sessions s');
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(admin.token());
  });

  it('gives the session by a cookie no script can read and other sites do not send', async () => {
    const answer = await fetch(`${running.app.url}/trpc/auth.logIn`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ login: 'admin', password: PASSWORD }),
    });
    const cookie = answer.headers.getSetCookie()[0] ?? '';
    expect(cookie).toMatch(/^session_token=tl-[\w-]{43}; /);
    expect(cookie).toMatch(/; HttpOnly/);
    expect(cookie).toMatch(/; SameSite=Lax/);
    expect(cookie).not.toMatch(/Secure/);
    expect(await answer.text()).not.toContain(/session_token=([^;]*)/.exec(cookie)?.[1]);
  });

  it('ends the session a log-in came with, and all of them everywhere', async () => {
    const one = caller();
    await one.api.auth.logIn.mutate({ login: 'admin', password: PASSWORD });
    const before = one.token();
    await one.api.auth.logIn.mutate({ login: 'admin', password: PASSWORD });
    expect(one.token()).not.toBe(before);
    expect(await me(before)).toBeNull();

    const other = caller();
    await other.api.auth.logIn.mutate({ login: 'admin', password: PASSWORD });
    const otherToken = other.token();
    await one.api.auth.logOutEverywhere.mutate();
    expect(one.token()).toBeNull();
    expect(await me(otherToken)).toBeNull();
  });

  it('ends a log-in of the existing system where it stands', async () => {
    const token = await oldUser(running.db, '0368');
    const user = caller(token);
    await user.api.auth.logOut.mutate();
    expect(await me(token)).toBeNull();
    const { rowCount } = await running.db.pool.query('SELECT FROM user_sessions WHERE session_token = $1', [token]);
    expect(rowCount).toBe(0);
  });

  it('changes a password only for who knows the old one, and then ends every session', async () => {
    const admin = caller();
    await admin.api.auth.logIn.mutate({ login: 'admin', password: PASSWORD });
    const change = (old: string, password: string) =>
      outcomeOf(admin.api.auth.changePassword.mutate({ old, password }));
    expect(await change('not the old one', 'another long secret')).toBe('UNPROCESSABLE_CONTENT');
    expect(await change(PASSWORD, 'short')).toBe('UNPROCESSABLE_CONTENT');
    const token = admin.token();
    expect(await change(PASSWORD, 'another long secret')).toBe('ok');
    expect(await me(token)).toBeNull();
    expect(await outcomeOf(admin.api.auth.logIn.mutate({ login: 'admin', password: PASSWORD }))).toBe('UNAUTHORIZED');
    expect(await outcomeOf(admin.api.auth.logIn.mutate({ login: 'admin', password: 'another long secret' }))).toBe(
      'ok',
    );
  });

  it('writes each log-in and log-out down, and no password anywhere', async () => {
    const { rows } = await running.db.pool.query<{ action: string }>('SELECT action, actor, detail FROM audit_log');
    expect(rows.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['auth.logIn', 'auth.logOut', 'auth.logOutEverywhere', 'auth.changePassword']),
    );
    const written = JSON.stringify(rows) + running.log.join('\n');
    for (const secret of [PASSWORD, 'another long secret', 'not the old one']) expect(written).not.toContain(secret);
  });
});
