import { expect, test } from 'vitest';
import { createTestDb, withDb } from '../support/db.js';

test('each test database is a migrated clone that sees nothing of another', async () => {
  const one = await createTestDb();
  try {
    await one.pool.query(`INSERT INTO leases (kind, key, holder, expires_at) VALUES ('pbx', 'a', 'me', now())`);
    await withDb(async (other) => {
      const { rows } = await other.pool.query('SELECT 1 FROM leases');
      expect(rows).toHaveLength(0);
    });
  } finally {
    await one.drop();
  }
});
