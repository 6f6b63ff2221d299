import { describe, expect, it } from 'vitest';
import { withDb } from '../support/db.js';
import { directoryOn, FIRST, importText } from './settings-ground.js';

const onePbx = (number: string, pattern: string) =>
  `{ number: "${number}", token: t-${number}, pbx: { host: 127.0.0.1, username: crm, secret: s, extensionPattern: "${pattern}" } }`;

describe('an import', () => {
  it('updates by number, and what it does not name keeps its value', async () => {
    await withDb(async ({ pool }) => {
      expect(await importText(pool, FIRST)).toMatchObject({ created: ['0367'], updated: [] });
      await pool.query(`UPDATE enterprises SET trunkline = trunkline || '{"note": "ours"}'`);
      expect(await importText(pool, 'enterprises: [{ number: "0367", mode: shadow }]')).toMatchObject({
        updated: ['0367'],
      });
      const directory = directoryOn(pool);
      await directory.refresh();
      expect(directory.byNumber('0367')).toMatchObject({
        name: 'Example Ltd',
        token: 'unit-token-0001',
        clientId: '0123456789abcdef0123456789abcdef',
        mode: 'shadow',
        pbx: null,
        version: 2,
        integrations: { retailcrm: { api_key: 'key-hidden' } },
      });
      const { rows } = await pool.query(`SELECT trunkline->>'note' AS note FROM enterprises`);
      expect(rows).toEqual([{ note: 'ours' }]);
    });
  });

  it('is all or nothing', async () => {
    await withDb(async ({ pool }) => {
      await importText(pool, 'enterprises: [{ number: "1", token: taken }]');
      const failing = importText(pool, 'enterprises: [{ number: "2", token: free }, { number: "3", token: taken }]');
      await expect(failing).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('3 and 1') as string,
      });
      expect((await pool.query('SELECT number FROM enterprises')).rows).toEqual([{ number: '1' }]);
    });
  });

  it('refuses an enterprise whose selector meets one that is there already, and names both', async () => {
    await withDb(async ({ pool }) => {
      await importText(pool, `enterprises: [${onePbx('0367', '^1..$')}]`);
      const failing = importText(pool, `enterprises: [${onePbx('0422', '^15.$')}]`);
      await expect(failing).rejects.toMatchObject({
        code: 'CONFIG_OVERLAP',
        message: expect.stringMatching(/0422.*0367|0367.*0422/) as string,
      });
      expect((await pool.query('SELECT 1 FROM enterprises')).rowCount).toBe(1);
      await importText(pool, `enterprises: [${onePbx('0422', '^2..$')}]`);
      const directory = directoryOn(pool);
      await directory.refresh();
      expect(directory.onPbx('127.0.0.1:5038').map((enterprise) => enterprise.number)).toEqual(['0367', '0422']);
    });
  });

  it('makes a client id that cannot be guessed, once', async () => {
    await withDb(async ({ pool }) => {
      const clientId = async () => {
        await importText(pool, 'enterprises: [{ number: "1" }]');
        return (await pool.query<{ secret: string }>('SELECT secret FROM enterprises')).rows[0]?.secret;
      };
      const made = await clientId();
      expect(made).toMatch(/^[0-9a-f]{32}$/);
      expect(await clientId()).toBe(made);
    });
  });

  it('warns of a client id that can', async () => {
    await withDb(async ({ pool }) => {
      const { warnings } = await importText(pool, 'enterprises: [{ number: "1", clientId: short }]');
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toContain('clientId');
      expect(warnings[0]).not.toContain('short enough to be guessed: short');
    });
  });
});
