import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { TrunklineError } from '../platform/errors.js';
import { databaseFailure } from './failure.js';
import type { Schema } from './placement.js';
import { decideSchema, recordedSchema, searchPathOf } from './placement.js';
import { connectionOf } from './pool.js';

export interface Migrated {
  schema: Schema;
  /** Names of the migrations this run applied. */
  applied: string[];
}

interface Migration {
  number: number;
  name: string;
  sql: string;
  checksum: string;
}

/** Any number of processes may migrate one database at once: they take turns. */
const LOCK = 7_365_201_100;
const FOLDER = fileURLToPath(new URL('./migrations/', import.meta.url));

/**
 * Brings the database to this build's schema. Each migration is one transaction whose first act records its number and
 * checksum; a run that finds everything applied changes nothing.
 * @throws TrunklineError DB_MIGRATION_FAILED; DB_UNREACHABLE when the database is away
 */
export async function migrate(url: string, folder = FOLDER): Promise<Migrated> {
  const migrations = await readMigrations(folder);
  const db = new pg.Client({ ...connectionOf(url, { name: 'trunkline-migrate' }), query_timeout: 0 });
  db.on('error', () => undefined);
  try {
    await db.connect();
    await db.query('SELECT pg_advisory_lock($1)', [LOCK]);
    const schema = await place(db);
    const applied: string[] = [];
    for (const migration of await pending(db, migrations)) {
      await apply(db, migration);
      applied.push(migration.name);
    }
    return { schema, applied };
  } catch (error) {
    if (error instanceof TrunklineError) throw error;
    const away = databaseFailure(error) === 'connection';
    throw new TrunklineError(
      away ? 'DB_UNREACHABLE' : 'DB_MIGRATION_FAILED',
      `The database could not be migrated: ${String(error)}`,
      { cause: error },
    );
  } finally {
    // Ends the session and with it the lock.
    await db.end().catch(() => undefined);
  }
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}-[\w-]+\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(join(folder, name), 'utf8');
      return { number: Number(name.slice(0, 4)), name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

/** Decides the schema if nobody has, and records it by making our first table there, in one step. */
async function place(db: pg.Client): Promise<Schema> {
  const recorded = await recordedSchema(db);
  const schema = recorded ?? (await decideSchema(db));
  await db.query(`SELECT set_config('search_path', $1, false)`, [searchPathOf(schema)]);
  if (recorded) return schema;
  await db.query('BEGIN');
  if (schema === 'trunkline') await db.query('CREATE SCHEMA IF NOT EXISTS trunkline');
  await db.query(
    `CREATE TABLE ${schema}.trunkline_migrations (
       number integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`,
  );
  await db.query('COMMIT');
  return schema;
}

async function pending(db: pg.Client, migrations: Migration[]): Promise<Migration[]> {
  const { rows } = await db.query<{ number: number; name: string; checksum: string }>(
    'SELECT number, name, checksum FROM trunkline_migrations ORDER BY number',
  );
  const known = new Map(migrations.map((migration) => [migration.number, migration]));
  for (const row of rows) {
    const migration = known.get(row.number);
    if (!migration)
      throw new TrunklineError(
        'DB_MIGRATION_FAILED',
        `The database is newer than this build: it has ${row.name}, which is not known here.`,
      );
    if (migration.checksum !== row.checksum) {
      throw new TrunklineError(
        'DB_MIGRATION_FAILED',
        `${migration.name} was changed after it was applied to this database. Add a new migration instead.`,
      );
    }
  }
  const applied = new Set(rows.map((row) => row.number));
  return migrations.filter((migration) => !applied.has(migration.number));
}

/**
 * A table of the old system may be in use. Waiting for its lock would make every other statement on it queue behind
 * us, so we step back after three seconds and come again.
 */
async function apply(db: pg.Client, migration: Migration): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await db.query('BEGIN');
      await db.query('INSERT INTO trunkline_migrations (number, name, checksum) VALUES ($1, $2, $3)', [
        migration.number,
        migration.name,
        migration.checksum,
      ]);
      await db.query(`SET LOCAL lock_timeout = '3s'`);
      await db.query(migration.sql);
      await db.query('COMMIT');
      return;
    } catch (error) {
      await db.query('ROLLBACK').catch(() => undefined);
      const locked = (error as { code?: string }).code === '55P03';
      if (locked && attempt < 10) {
        await delay(1_000);
        continue;
      }
      if (databaseFailure(error) === 'connection') throw error;
      throw new TrunklineError('DB_MIGRATION_FAILED', `${migration.name} failed: ${String(error)}`, { cause: error });
    }
  }
}
