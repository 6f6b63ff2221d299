import { afterAll, beforeAll, expect, it } from 'vitest';
import { keepSecrets } from '../../src/integrations/keep-secrets.js';
import { saveIntegration } from '../../src/integrations/save-integration.js';
import { inTransaction } from '../../src/integrations/store.js';
import { createTestDb } from '../support/db.js';
import type { TestDb } from '../support/db.js';
import { directoryOn, importText, settingsDeps } from './settings-ground.js';

let db: TestDb;
beforeAll(async () => {
  db = await createTestDb();
});
afterAll(() => db.drop());

const text = `
enterprises:
  - number: "0367"
    token: unit-token-0001
    integrations:
      amocrm: { enabled: true, base_url: "http://127.0.0.1:9003", access_token: token-1, refresh_token: refresh-1 }
`;

it('sealed, for every daemon to read, and without the version an open form saves against', async () => {
  const deps = settingsDeps();
  await importText(db.pool, text, deps);
  const save = (expectedVersion: number) =>
    inTransaction(db.pool, (tx) =>
      saveIntegration(tx, deps, { enterprise: '0367', type: 'amocrm', settings: {}, expectedVersion }),
    );
  const { rows } = await db.pool.query<{ v: number | null }>(
    `SELECT (trunkline->'versions'->>'amocrm')::int AS v FROM enterprises`,
  );
  const seen = rows[0]?.v ?? 0;
  const pair = { access_token: 'token-2', refresh_token: 'refresh-2' };
  await keepSecrets(db.pool, deps, { enterprise: '0367', type: 'amocrm' }, pair);

  const directory = directoryOn(db.pool, deps);
  await directory.refresh();
  expect(directory.byNumber('0367')?.integrations['amocrm']).toMatchObject(pair);
  const stored = await db.pool.query<{ text: string }>('SELECT integrations_config::text AS text FROM enterprises');
  expect(stored.rows[0]?.text).not.toContain('token-2');
  expect(await save(seen)).toBe(seen + 1);
});

it('not where there is no such enterprise', async () => {
  await expect(
    keepSecrets(db.pool, settingsDeps(), { enterprise: '9999', type: 'amocrm' }, { access_token: 'x' }),
  ).rejects.toMatchObject({ code: 'ENTERPRISE_UNKNOWN' });
});
