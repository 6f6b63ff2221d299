import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { migrate } from '../../src/db/migrate.js';
import { dumpSchema } from '../support/catalog.js';
import { withDb } from '../support/db.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'migrations-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('the migrations make of an empty database what test/schema.sql says', async () => {
  await withDb(
    async ({ url, pool }) => {
      expect((await migrate(url)).schema).toBe('public');
      const made = await dumpSchema(pool, 'public');
      const checkedIn = await readFile(new URL('../schema.sql', import.meta.url), 'utf8');
      expect(
        made,
        'the schema changed: run `node --import tsx scripts/dump-schema.ts` and commit test/schema.sql',
      ).toBe(checkedIn);
    },
    { empty: true },
  );
});

test('a second run changes nothing', async () => {
  await withDb(async ({ url, pool }) => {
    const seen = async () => [
      await dumpSchema(pool, 'public'),
      (await pool.query('SELECT * FROM trunkline_migrations')).rows,
    ];
    const before = await seen();
    expect(await migrate(url)).toEqual({ schema: 'public', applied: [] });
    expect(await seen()).toEqual(before);
  });
});

test('processes that migrate at once take turns', async () => {
  await withDb(
    async ({ url }) => {
      const runs = await Promise.all([migrate(url), migrate(url), migrate(url)]);
      expect(runs.filter(({ applied }) => applied.length > 0)).toHaveLength(1);
    },
    { empty: true },
  );
});

test('a migration that was changed after it was applied is refused by name', async () => {
  await withDb(
    async ({ url }) => {
      await writeFile(join(folder, '0001-first.sql'), 'CREATE TABLE one (id integer);');
      await migrate(url, folder);
      await writeFile(join(folder, '0001-first.sql'), 'CREATE TABLE one (id bigint);');
      await expect(migrate(url, folder)).rejects.toMatchObject({
        code: 'DB_MIGRATION_FAILED',
        message: expect.stringContaining('0001-first.sql') as string,
      });
    },
    { empty: true },
  );
});

test('a migration that fails half way leaves nothing of itself, and goes on from there once it is right', async () => {
  await withDb(
    async ({ url, pool }) => {
      await writeFile(join(folder, '0001-first.sql'), 'CREATE TABLE one (id integer);');
      await writeFile(join(folder, '0002-second.sql'), 'CREATE TABLE two (id integer); CREATE TABLE two (id integer);');
      await expect(migrate(url, folder)).rejects.toMatchObject({ code: 'DB_MIGRATION_FAILED' });
      const { rows } = await pool.query(`SELECT to_regclass('one') AS one, to_regclass('two') AS two`);
      expect(rows[0]).toEqual({ one: 'one', two: null });
      await writeFile(join(folder, '0002-second.sql'), 'CREATE TABLE two (id integer);');
      expect((await migrate(url, folder)).applied).toEqual(['0002-second.sql']);
    },
    { empty: true },
  );
});

test('a database that a newer build has migrated is refused', async () => {
  await withDb(async ({ url, pool }) => {
    await pool.query(`INSERT INTO trunkline_migrations (number, name, checksum) VALUES (9000, '9000-later.sql', '')`);
    await expect(migrate(url)).rejects.toMatchObject({
      code: 'DB_MIGRATION_FAILED',
      message: expect.stringContaining('9000-later.sql') as string,
    });
  });
});

test('a table that is in use for a while is waited for without making others queue for long', async () => {
  await withDb(
    async ({ url, pool }) => {
      await pool.query('CREATE TABLE busy (id integer)');
      await writeFile(join(folder, '0001-first.sql'), 'ALTER TABLE busy ADD COLUMN more text;');
      const user = await pool.connect();
      await user.query('BEGIN; SELECT * FROM busy');
      const run = migrate(url, folder);
      await new Promise((resolve) => setTimeout(resolve, 3_500));
      await user.query('COMMIT');
      user.release();
      expect((await run).applied).toEqual(['0001-first.sql']);
    },
    { empty: true },
  );
});
