import { describe, expect, it } from 'vitest';
import { insertAccount } from '../../src/admin/accounts-store.js';
import { hashPassword, verifyPassword } from '../../src/admin/passwords.js';
import { createSessions } from '../../src/admin/sessions.js';
import type { Sessions } from '../../src/admin/sessions.js';
import { withDb } from '../support/db.js';

const PASSWORD = 'a long enough secret';

async function tryOnce(sessions: Sessions, login: string, password: string, address: string): Promise<string> {
  try {
    await sessions.logIn(login, password, { address, agent: 'test', token: null });
    return 'in';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

describe('wrong passwords are counted', () => {
  it('by account, though they come at once and from everywhere; then not even the right one is looked at', () =>
    withDb(async ({ pool }) => {
      const sessions = createSessions(pool);
      await insertAccount(pool, { login: 'ann', name: '', password: await hashPassword(PASSWORD), enterprise: null });
      expect(await tryOnce(sessions, 'ann', 'guess', '192.0.2.1')).toBe('UNAUTHORIZED');
      await pool.query(`UPDATE admin_tries SET tries = 8 WHERE key = 'account ann'`);
      const came = await Promise.all(
        Array.from({ length: 6 }, (_, i) => tryOnce(sessions, 'ann', `guess ${i}`, `192.0.2.${i}`)),
      );
      expect(came.filter((outcome) => outcome === 'UNAUTHORIZED')).toHaveLength(2);
      expect(came.filter((outcome) => outcome === 'THROTTLED')).toHaveLength(4);
      expect(await tryOnce(sessions, 'ann', PASSWORD, '192.0.2.200')).toBe('THROTTLED');
      await pool.query(`UPDATE admin_tries SET window_ends = now() - interval '1 second'`);
      expect(await tryOnce(sessions, 'ann', PASSWORD, '192.0.2.200')).toBe('in');
    }));

  it('by address over all accounts, known and not, and a success does not wipe the others out', () =>
    withDb(async ({ pool }) => {
      const sessions = createSessions(pool);
      await insertAccount(pool, { login: 'ann', name: '', password: await hashPassword(PASSWORD), enterprise: null });
      expect(await tryOnce(sessions, 'ann', PASSWORD, '2001:db8:1:2::1')).toBe('in');
      expect(await tryOnce(sessions, 'nobody', 'guess', '2001:db8:1:2::2')).toBe('UNAUTHORIZED');
      const { rows } = await pool.query<{ tries: number }>(`SELECT tries FROM admin_tries WHERE key LIKE 'address %'`);
      expect(rows).toEqual([{ tries: 1 }]);
      await pool.query(`UPDATE admin_tries SET tries = 28 WHERE key LIKE 'address %'`);
      const came = await Promise.all(
        Array.from({ length: 4 }, (_, i) => tryOnce(sessions, `nobody-${i}`, 'guess', `2001:db8:1:2::${i}`)),
      );
      expect(came.filter((outcome) => outcome === 'UNAUTHORIZED')).toHaveLength(2);
      expect(await tryOnce(sessions, 'ann', PASSWORD, '2001:db8:1:2::ffff')).toBe('THROTTLED');
      expect(await tryOnce(sessions, 'ann', PASSWORD, '2001:db8:1:3::1')).toBe('in');
    }));

  it('keeps passwords so that equal ones differ, and reads no hash it did not make', async () => {
    const [one, other] = await Promise.all([hashPassword(PASSWORD), hashPassword(PASSWORD)]);
    expect(one).not.toBe(other);
    expect(await verifyPassword(PASSWORD, one)).toBe(true);
    expect(await verifyPassword(`${PASSWORD} `, one)).toBe(false);
    for (const broken of ['', 'plain', 'scrypt$99$8$1$AAAA$AAAA', 'scrypt$x$y$z$AAAA$AAAA'])
      expect(await verifyPassword(PASSWORD, broken)).toBe(false);
  });
});
