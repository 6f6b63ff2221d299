import { copyFile, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { migrate } from '../../src/db/migrate.js';
import { readNotes } from '../../src/calls/timeline-store.js';
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

test('notes that stood one a row are kept, in their order', async () => {
  await withDb(
    async ({ url, pool }) => {
      const all = new URL('../../src/db/migrations/', import.meta.url);
      const copy = async (fits: (name: string) => boolean) => {
        for (const name of await readdir(all)) if (fits(name)) await copyFile(new URL(name, all), join(folder, name));
      };
      await copy((name) => name < '0034');
      await migrate(url, folder);
      const id = '00000000-0000-4000-8000-000000000001';
      await pool.query(
        `INSERT INTO calls (id, external_id, pbx, unique_id, direction, started_at, facts)
         VALUES ($1, '0367-1795000000.1', 'unit:5038', '1795000000.1', 'in', now(), '{}')`,
        [id],
      );
      await pool.query(
        `INSERT INTO call_notes (call_id, at, arrived_at, rule, by, uid, detail)
         SELECT $1, to_timestamp(1795000000.125), to_timestamp(1795000001.25), rule, 'dial.begin', '1795000000.1', '{"to": "151"}'
           FROM unnest(ARRAY['opened', 'came-in', 'rang']) AS r (rule)`,
        [id],
      );
      await copy((name) => name >= '0034');
      await migrate(url, folder);
      const noted = {
        call: id,
        at: 1_795_000_000_125,
        arrivedAt: 1_795_000_001_250,
        by: 'dial.begin',
        uid: '1795000000.1',
      };
      expect(await readNotes(pool, [id])).toEqual(
        ['opened', 'came-in', 'rang'].map((rule) => ({ ...noted, rule, detail: { to: '151' } })),
      );
    },
    { empty: true },
  );
});
