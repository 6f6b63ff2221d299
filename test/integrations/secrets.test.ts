import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportEnterprises } from '../../src/integrations/export-enterprises.js';
import { rotateSecrets } from '../../src/integrations/rotate-secrets.js';
import { saveIntegration } from '../../src/integrations/save-integration.js';
import { inTransaction } from '../../src/integrations/store.js';
import type { Pool } from '../../src/integrations/store.js';
import { takeOverSecrets } from '../../src/integrations/take-over-secrets.js';
import { createSecretBox, keyIdOf } from '../../src/platform/secret-box.js';
import { keyFileIn, newKey, readOrMakeKeys, writeKeys } from '../../src/platform/secret-key.js';
import { withDb } from '../support/db.js';
import { directoryOn, FIRST, importText, settingsDeps } from './settings-ground.js';

const HIDDEN = ['ami-hidden', 'redirect-hidden', 'key-hidden', 'uon-hidden'];

async function everythingStored(pool: Pool): Promise<string> {
  const { rows } = await pool.query(
    `SELECT e::text AS row FROM enterprises e UNION ALL SELECT s::text FROM integration_secrets s`,
  );
  return JSON.stringify(rows);
}

describe('secrets of an import', () => {
  it('are sealed, never left in a row in clear, and in clear again in the directory', async () => {
    await withDb(async ({ pool }) => {
      await importText(pool, FIRST);
      const stored = await everythingStored(pool);
      for (const secret of HIDDEN) {
        expect(stored).not.toContain(secret);
        expect(stored).not.toContain(Buffer.from(secret).toString('hex'));
      }
      const directory = directoryOn(pool);
      await directory.refresh();
      expect(directory.byNumber('0367')).toMatchObject({
        pbx: { secret: 'ami-hidden' },
        smartRedirect: { mode: 'owner', secret: 'redirect-hidden' },
        integrations: {
          retailcrm: { api_key: 'key-hidden', shelf: 3 },
          uon: { api_key: 'uon-hidden', subdomain: 'tour' },
        },
      });
    });
  });

  it('stay when a later import does not name them, or names the mask of an export', async () => {
    await withDb(async ({ pool }) => {
      await importText(pool, FIRST);
      const masked = await exportEnterprises(pool, settingsDeps(), false);
      for (const secret of [...HIDDEN, 'unit-token-0001', '0123456789abcdef']) expect(masked).not.toContain(secret);
      await importText(pool, masked);
      await importText(pool, 'enterprises: [{ number: "0367", pbx: { host: 127.0.0.1, username: crm } }]');
      const whole = await exportEnterprises(pool, settingsDeps(), true);
      for (const secret of ['ami-hidden', 'key-hidden', 'uon-hidden', 'unit-token-0001'])
        expect(whole).toContain(secret);
    });
  });

  it('travel in an export with secrets to an installation with another key', async () => {
    await withDb(async (one) => {
      await importText(one.pool, FIRST);
      const text = await exportEnterprises(one.pool, settingsDeps(), true);
      await withDb(async (other) => {
        const deps = settingsDeps(() => [Buffer.alloc(32, 9)]);
        await importText(other.pool, text, deps);
        expect(await exportEnterprises(other.pool, deps, true)).toBe(text);
      });
    });
  });

  it('do not open in another place, after a change, or with another key', async () => {
    await withDb(async ({ pool }) => {
      await importText(pool, FIRST);
      await pool.query(`UPDATE integration_secrets SET field = 'moved' WHERE integration_type = 'uon'`);
      await pool.query(
        `UPDATE integration_secrets SET sealed = set_byte(sealed, 30, get_byte(sealed, 30) # 1) WHERE integration_type = 'pbx'`,
      );
      const directory = directoryOn(pool);
      await directory.refresh();
      const found = directory.byNumber('0367');
      expect(found?.integrations['uon']).toEqual({ enabled: true, subdomain: 'tour' });
      expect(found?.pbx?.secret).toBe('');
      expect(found?.integrations['retailcrm']).toHaveProperty('api_key', 'key-hidden');
      const stranger = directoryOn(
        pool,
        settingsDeps(() => [Buffer.alloc(32, 5)]),
      );
      await stranger.refresh();
      expect(stranger.byNumber('0367')?.integrations['retailcrm']).not.toHaveProperty('api_key');
    });
  });
});

describe('saving one integration', () => {
  it('keeps every key it does not name, counts a version, and refuses a writer that saw an older one', async () => {
    await withDb(async ({ pool }) => {
      await importText(pool, FIRST);
      const save = (settings: Record<string, unknown>, expectedVersion?: number) =>
        inTransaction(pool, (tx) =>
          saveIntegration(tx, settingsDeps(), {
            enterprise: '0367',
            type: 'retailcrm',
            settings,
            ...(expectedVersion === undefined ? {} : { expectedVersion }),
          }),
        );
      expect(await save({ api_key: 'second-hidden', site: 'shop' }, 1)).toBe(2);
      await expect(save({ site: 'other' }, 1)).rejects.toMatchObject({ code: 'CONFIG_CHANGED' });
      expect(await everythingStored(pool)).not.toContain('second-hidden');
      const directory = directoryOn(pool);
      await directory.refresh();
      expect(directory.byNumber('0367')?.integrations['retailcrm']).toEqual({
        enabled: true,
        api_url: 'http://127.0.0.1:9001',
        api_key: 'second-hidden',
        shelf: 3,
        site: 'shop',
      });
    });
  });

  it('of an enterprise that is not there is refused', async () => {
    await withDb(async ({ pool }) => {
      const save = inTransaction(pool, (tx) =>
        saveIntegration(tx, settingsDeps(), { enterprise: '9999', type: 'retailcrm', settings: {} }),
      );
      await expect(save).rejects.toMatchObject({ code: 'ENTERPRISE_UNKNOWN' });
    });
  });
});

describe('a secret an old service reads in the JSON', () => {
  const PLAIN = { retailcrm: { enabled: true, api_key: 'plain-hidden', last_sync: '2025-11-03' } };

  it('is used as it is, changed in its place, and moved by take-over alone', async () => {
    await withDb(async ({ pool }) => {
      await pool.query(
        `INSERT INTO enterprises (number, name, name2, secret, integrations_config) VALUES ('0416', 'Old', 't', 'c', $1)`,
        [JSON.stringify(PLAIN)],
      );
      const directory = directoryOn(pool);
      const key = async () => {
        await directory.refresh();
        return directory.byNumber('0416')?.integrations['retailcrm']?.['api_key'];
      };
      const stored = async () =>
        (await pool.query<{ c: Record<string, unknown> }>(`SELECT integrations_config AS c FROM enterprises`)).rows[0]
          ?.c;
      expect(await key()).toBe('plain-hidden');

      await inTransaction(pool, (tx) =>
        saveIntegration(tx, settingsDeps(), {
          enterprise: '0416',
          type: 'retailcrm',
          settings: { api_key: 'newer-hidden' },
        }),
      );
      expect(await key()).toBe('newer-hidden');
      expect(await stored()).toHaveProperty('retailcrm.api_key', 'newer-hidden');

      const moved = await inTransaction(pool, (tx) => takeOverSecrets(tx, settingsDeps()));
      expect(moved).toEqual(['0416/retailcrm/api_key']);
      expect(await stored()).toEqual({ retailcrm: { enabled: true, last_sync: '2025-11-03' } });
      expect(await key()).toBe('newer-hidden');

      await pool.query(`UPDATE enterprises SET integrations_config = $1`, [JSON.stringify(PLAIN)]);
      expect(await key()).toBe('plain-hidden');
    });
  });
});

describe('changing the key', () => {
  async function withKeyFile(work: (dataDir: string) => Promise<void>): Promise<void> {
    const dataDir = mkdtempSync(path.join(os.tmpdir(), 'trunkline-key-'));
    try {
      await work(dataDir);
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  }

  const boxIn = (dataDir: string) => createSecretBox(() => readOrMakeKeys(dataDir));

  it('seals every secret anew; a daemon that runs meanwhile reads and writes on', async () => {
    await withKeyFile((dataDir) =>
      withDb(async ({ pool }) => {
        const daemon = settingsDeps(() => readOrMakeKeys(dataDir));
        await importText(pool, FIRST, daemon);
        const before = readFileSync(keyFileIn(dataDir), 'utf8');
        const directory = directoryOn(pool, daemon);

        expect(await rotateSecrets({ pool, box: boxIn(dataDir), dataDir })).toBe(4);

        const after = readFileSync(keyFileIn(dataDir), 'utf8');
        expect(after.trim().split('\n')).toHaveLength(1);
        expect(after).not.toBe(before);
        expect(statSync(keyFileIn(dataDir)).mode & 0o777).toBe(0o600);
        await directory.refresh();
        expect(directory.byNumber('0367')?.pbx?.secret).toBe('ami-hidden');
        await inTransaction(pool, (tx) =>
          saveIntegration(tx, daemon, { enterprise: '0367', type: 'uon', settings: { api_key: 'later-hidden' } }),
        );
        const { rows } = await pool.query<{ key_id: string }>('SELECT DISTINCT key_id FROM integration_secrets');
        expect(rows).toEqual([{ key_id: boxIn(dataDir).currentKeyId() }]);
      }),
    );
  });

  it('goes on after a kill at any step, with every secret readable in between', async () => {
    await withKeyFile((dataDir) =>
      withDb(async ({ pool }) => {
        const daemon = settingsDeps(() => readOrMakeKeys(dataDir));
        await importText(pool, FIRST, daemon);
        // Killed after the new key was written and half of the rows were sealed with it.
        const [old] = readOrMakeKeys(dataDir);
        if (!old) throw new Error('a key was made');
        const fresh = newKey();
        writeKeys(dataDir, [fresh, old]);
        await importText(
          pool,
          'enterprises: [{ number: "0367", pbx: { host: 127.0.0.1, username: crm, secret: ami-hidden } }]',
          daemon,
        );
        const directory = directoryOn(pool, daemon);
        await directory.refresh();
        expect(directory.byNumber('0367')?.integrations['retailcrm']).toHaveProperty('api_key', 'key-hidden');

        expect(await rotateSecrets({ pool, box: boxIn(dataDir), dataDir })).toBe(3);
        expect(boxIn(dataDir).currentKeyId()).toBe(keyIdOf(fresh));
        expect(readOrMakeKeys(dataDir)).toHaveLength(1);
        await directory.refresh();
        expect(directory.byNumber('0367')?.integrations['retailcrm']).toHaveProperty('api_key', 'key-hidden');
      }),
    );
  });

  it('keeps all keys when a secret opens with none of them', async () => {
    await withKeyFile((dataDir) =>
      withDb(async ({ pool }) => {
        await importText(pool, FIRST);
        const rotation = rotateSecrets({ pool, box: boxIn(dataDir), dataDir });
        await expect(rotation).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' });
        expect(readOrMakeKeys(dataDir)).toHaveLength(2);
      }),
    );
  });

  it('with keys from the environment seals with the first and opens with all', async () => {
    await withDb(async ({ pool }) => {
      await importText(pool, FIRST);
      const keys = [Buffer.alloc(32, 2), Buffer.alloc(32, 1)];
      expect(await rotateSecrets({ pool, box: createSecretBox(() => keys), dataDir: null })).toBe(4);
      const directory = directoryOn(
        pool,
        settingsDeps(() => keys.slice(0, 1)),
      );
      await directory.refresh();
      expect(directory.byNumber('0367')?.pbx?.secret).toBe('ami-hidden');
    });
  });

  it('refuses a key file that holds no key rather than making one over it', async () => {
    await withKeyFile(async (dataDir) => {
      writeFileSync(keyFileIn(dataDir), 'not a key\n');
      expect(() => boxIn(dataDir)).toThrow(/32 bytes in base64/);
      writeFileSync(keyFileIn(dataDir), '');
      expect(() => boxIn(dataDir)).toThrow(/no key/);
      await Promise.resolve();
    });
  });
});
