import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { createPool } from '../../src/db/pool.js';
import { TEMPLATE } from './global-setup.js';

export interface TestDb {
  pool: pg.Pool;
  url: string;
  name: string;
  /** Ends the pool and drops the database. */
  drop(): Promise<void>;
}

export interface TestDbOptions {
  /** Without the migrations. */
  empty?: boolean;
  /** Connections of `pool`; default 5. */
  max?: number;
}

/** A database of one's own: a clone of the migrated template, or an empty one. */
export async function createTestDb(options: TestDbOptions = {}): Promise<TestDb> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asAdmin((admin) => admin.query(`CREATE DATABASE ${name} TEMPLATE ${options.empty ? 'template0' : TEMPLATE}`));
  const url = urlOf(name);
  const pool = createPool(url, { max: options.max ?? 5, name: 'trunkline-test' });
  return {
    pool,
    url,
    name,
    async drop() {
      if (!pool.ended) await pool.end();
      await asAdmin((admin) => admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    },
  };
}

/** A clone for the length of `work`, dropped whatever happens. */
export async function withDb<T>(work: (db: TestDb) => Promise<T>, options?: TestDbOptions): Promise<T> {
  const db = await createTestDb(options);
  try {
    return await work(db);
  } finally {
    await db.drop();
  }
}

/** A superuser's session on the run's cluster, outside every test database. */
export async function asAdmin<T>(work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: inject('clusterUrl') });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

/** The address of another database, or of another role, on the run's cluster. */
export function urlOf(database: string, role?: { user: string; password: string }): string {
  const url = new URL(inject('clusterUrl'));
  url.pathname = `/${database}`;
  if (role) [url.username, url.password] = [role.user, role.password];
  return url.href;
}
