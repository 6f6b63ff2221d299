import { afterAll, beforeAll, expect, it } from 'vitest';
import { createOnceWith } from '../../src/integrations/create-once.js';
import { createTestDb } from '../support/db.js';
import type { TestDb } from '../support/db.js';

let db: TestDb;
beforeAll(async () => {
  db = await createTestDb();
});
afterAll(() => db.drop());

const once = (enterprise = '0367') => createOnceWith(db.pool, { enterprise, type: 'amocrm', account: 'a' });
const never = () => Promise.reject(new Error('made again'));
let keys = 0;
const freshKey = () => `contact/+3752900000${String((keys += 1)).padStart(2, '0')}`;

it('three calls in the same moment make one contact, and then all have its id', async () => {
  const key = freshKey();
  let made = 0;
  let finish = (_id: string) => {};
  const first = once()(key, () => {
    made += 1;
    return new Promise<string>((resolve) => (finish = resolve));
  });
  await expect.poll(() => made).toBe(1);
  expect(await Promise.all([once()(key, never), once()(key, never)])).toEqual([{ kind: 'busy' }, { kind: 'busy' }]);
  finish('55');
  expect(await first).toEqual({ kind: 'there', id: '55' });
  expect(await once()(key, never)).toEqual({ kind: 'there', id: '55' });
});

it('each enterprise makes its own', async () => {
  const key = freshKey();
  expect(await once('0367')(key, () => Promise.resolve('1'))).toMatchObject({ id: '1' });
  expect(await once('0368')(key, () => Promise.resolve('2'))).toMatchObject({ id: '2' });
});

it('a refusal leaves nothing: the next one makes it afresh', async () => {
  const key = freshKey();
  const failure = { kind: 'retry', why: 'busy', code: 'HTTP_503' } as const;
  expect(await once()(key, () => Promise.resolve(failure))).toEqual({ kind: 'failed', failure });
  expect(await once()(key, (mayExist) => Promise.resolve(String(mayExist)))).toEqual({ kind: 'there', id: 'false' });
});

it.each([
  ['an answer that was cut off', () => Promise.resolve({ kind: 'unknown', why: 'cut', code: 'RESET' } as const)],
  ['an exception', () => Promise.reject(new Error('ours'))],
])('after %s the next one is told to look first, until it is settled', async (_what, make) => {
  const key = freshKey();
  await once()(key, make).catch(() => undefined);
  const refused = { kind: 'retry', why: 'busy', code: 'HTTP_503' } as const;
  const told: boolean[] = [];
  await once()(key, (mayExist) => (told.push(mayExist), Promise.resolve(refused)));
  await once()(key, (mayExist) => (told.push(mayExist), Promise.resolve('7')));
  expect(told).toEqual([true, true]);
});

it('whoever was killed at it is waited for a minute; then the next one looks first', async () => {
  const key = freshKey();
  await db.pool.query(
    `INSERT INTO crm_created (enterprise_number, integration_type, account, key) VALUES ('0367', 'amocrm', 'a', $1)`,
    [key],
  );
  expect(await once()(key, never)).toEqual({ kind: 'busy' });
  await db.pool.query(`UPDATE crm_created SET claimed_at = now() - interval '61 seconds' WHERE key = $1`, [key]);
  expect(await once()(key, (mayExist) => Promise.resolve(String(mayExist)))).toEqual({ kind: 'there', id: 'true' });
});
