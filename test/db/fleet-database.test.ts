import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { expect, test } from 'vitest';
import { migrate } from '../../src/db/migrate.js';
import { createPool } from '../../src/db/pool.js';
import { dumpSchema } from '../support/catalog.js';
import { asAdmin, urlOf, withDb } from '../support/db.js';
import { oldStatements, runOldStatements } from './fleet/statements.js';

interface Fleet {
  /** As the old system's role, which owns its tables and has the search path every role has. */
  old: pg.Client;
  oldUrl: string;
  adminUrl: string;
}

/** A database of the old system, with its sample rows, and the role its services log in with. */
async function withFleet(generation: 'a' | 'b', work: (fleet: Fleet) => Promise<void>): Promise<void> {
  const role = { user: `old_${randomBytes(4).toString('hex')}`, password: 'old-password' };
  await asAdmin((admin) => admin.query(`CREATE ROLE ${role.user} LOGIN PASSWORD '${role.password}'`));
  try {
    await withDb(
      async ({ name, url, pool }) => {
        await pool.query(`ALTER DATABASE ${name} OWNER TO ${role.user}`);
        const old = new pg.Client({ connectionString: urlOf(name, role) });
        await old.connect();
        try {
          await old.query(await readFile(new URL(`./fleet/fleet-schema-${generation}.sql`, import.meta.url), 'utf8'));
          await work({ old, oldUrl: urlOf(name, role), adminUrl: url });
        } finally {
          await old.end();
        }
      },
      { empty: true },
    );
  } finally {
    await asAdmin((admin) => admin.query(`DROP ROLE ${role.user}`));
  }
}

/** One digest for each table of the old system, over every column but the one that was added. */
async function digests(db: pg.Client): Promise<Record<string, string>> {
  const { rows } = await db.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1`,
  );
  const found: Record<string, string> = {};
  for (const { name } of rows) {
    const answer = await db.query<{ digest: string }>(
      `SELECT count(*) || ' rows, ' || md5(coalesce(string_agg(line, ',' ORDER BY line), '')) AS digest
       FROM (SELECT md5((to_jsonb(t) - 'trunkline')::text) AS line FROM public.${pg.escapeIdentifier(name)} t) lines`,
    );
    found[name] = answer.rows[0]?.digest ?? '';
  }
  return found;
}

for (const generation of ['a', 'b'] as const) {
  test(`beside a database of generation ${generation}: no row, table, index or trigger of theirs changes, and their statements go on`, async () => {
    await withFleet(generation, async ({ old, oldUrl }) => {
      const statements = await oldStatements(generation);
      expect(statements.length).toBeGreaterThan(50);
      expect(await runOldStatements(old, statements)).toEqual([]);
      const [rows, catalog] = [await digests(old), await dumpSchema(old, 'public')];
      expect(rows['calls']).toMatch(/^[1-9]/);

      const first = await migrate(oldUrl);
      expect(first.schema).toBe('trunkline');
      expect(await digests(old)).toEqual(rows);
      const after = await dumpSchema(old, 'public');
      expect(after).toContain('  trunkline jsonb,\n');
      expect(after.replace('  trunkline jsonb,\n', '')).toBe(catalog);

      const ours = await dumpSchema(old, 'trunkline');
      const moved = await old.query('SELECT * FROM trunkline.trunkline_migrations');
      expect(await migrate(oldUrl)).toEqual({ schema: 'trunkline', applied: [] });
      expect(await dumpSchema(old, 'trunkline')).toBe(ours);
      expect((await old.query('SELECT * FROM trunkline.trunkline_migrations')).rows).toEqual(moved.rows);

      expect(await runOldStatements(old, statements)).toEqual([]);
      const { rows: reached } = await old.query(
        'SELECT (SELECT count(*) FROM trunkline.calls) + (SELECT count(*) FROM trunkline.call_events) + (SELECT count(*) FROM trunkline.integration_logs) AS count',
      );
      expect(reached[0]).toEqual({ count: '0' });
    });
  });

  test(`our connections see our tables before theirs in a database of generation ${generation}, and share the enterprises`, async () => {
    await withFleet(generation, async ({ oldUrl }) => {
      await migrate(oldUrl);
      const pool = createPool(oldUrl, { max: 1 });
      try {
        const { rows } = await pool.query(
          `SELECT to_regclass('calls')::oid = to_regclass('trunkline.calls')::oid AS calls,
             to_regclass('enterprises')::oid = to_regclass('public.enterprises')::oid AS enterprises,
             to_regclass('users')::oid = to_regclass('public.users')::oid AS users`,
        );
        expect(rows[0]).toEqual({ calls: true, enterprises: true, users: true });
        // Boolean in one generation, integer in the other: the one way to read it that suits both.
        const active = await pool.query(
          'SELECT number FROM enterprises WHERE active::integer = 1 AND is_enabled ORDER BY number',
        );
        expect(active.rows).toEqual([{ number: '0416' }, { number: '0422' }]);
        const taken = await pool.query('SELECT number FROM enterprises WHERE trunkline IS NOT NULL');
        expect(taken.rows).toEqual([]);
      } finally {
        await pool.end();
      }
    });
  });
}

test('a role that does not own the old tables moves in once the column was added for it', async () => {
  await withFleet('a', async ({ old, oldUrl, adminUrl }) => {
    const name = new URL(oldUrl).pathname.slice(1);
    const role = { user: `new_${randomBytes(4).toString('hex')}`, password: 'new-password' };
    await asAdmin((admin) => admin.query(`CREATE ROLE ${role.user} LOGIN PASSWORD '${role.password}'`));
    const admin = createPool(adminUrl, { max: 1 });
    try {
      await admin.query(
        `GRANT CREATE ON DATABASE ${name} TO ${role.user}; GRANT SELECT, UPDATE ON enterprises TO ${role.user}`,
      );
      await expect(migrate(urlOf(name, role))).rejects.toMatchObject({
        code: 'DB_MIGRATION_FAILED',
        message: expect.stringContaining('owner of table enterprises') as string,
      });
      await old.query('ALTER TABLE enterprises ADD COLUMN trunkline jsonb');
      expect((await migrate(urlOf(name, role))).schema).toBe('trunkline');
      expect(await runOldStatements(old, await oldStatements('a'))).toEqual([]);
    } finally {
      await admin.query(`DROP OWNED BY ${role.user}`);
      await admin.end();
      await asAdmin((superuser) => superuser.query(`DROP ROLE ${role.user}`));
    }
  });
});

test('once decided, the place stays, whatever stands in public later', async () => {
  await withDb(async ({ url, pool }) => {
    await pool.query('ALTER TABLE calls RENAME TO calls_elsewhere');
    expect((await migrate(url)).schema).toBe('public');
  });
});
