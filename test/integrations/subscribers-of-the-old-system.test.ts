import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDb } from '../support/db.js';
import type { TestDb } from '../support/db.js';
import { directoryOn, importText } from './settings-ground.js';

let db: TestDb;
beforeAll(async () => {
  db = await createTestDb();
  await importText(
    db.pool,
    `
enterprises:
  - number: "0367"
    token: unit-token-0001
    integrations: { telegram: { enabled: true, bot_token: "1:abc", chat_id: "-100" } }
  - number: "0368"
    token: unit-token-0002
    integrations: { telegram: { enabled: true, bot_token: "2:abc", chat_id: "-200" } }
`,
  );
});
afterAll(() => db.drop());

async function subscribers(): Promise<unknown[]> {
  const directory = directoryOn(db.pool);
  await directory.refresh();
  return ['0367', '0368'].map((number) => directory.byNumber(number)?.integrations['telegram']?.['subscribers']);
}

it('nobody, where the old system keeps no such table', async () =>
  expect(await subscribers()).toEqual([undefined, undefined]));

it('those of the same bot, whatever else the table holds', async () => {
  await db.pool.query('CREATE TABLE telegram_users (id serial, tg_id bigint, email text, bot_token text)');
  await db.pool.query(
    `INSERT INTO telegram_users (tg_id, bot_token) VALUES (55, '1:abc'), (56, '1:abc'), (55, '1:abc'), (57, '3:abc'), (NULL, '1:abc'), (58, NULL)`,
  );
  expect(await subscribers()).toEqual([['55', '56'], undefined]);
});
