import pg from 'pg';
import { systemClock } from '../platform/clock.js';
import { TrunklineError } from '../platform/errors.js';
import type { Logger } from '../platform/log.js';
import { Releasers } from '../platform/releasers.js';
import type { ClusterOptions } from './embedded/cluster.js';
import type { EngineState, Role } from './embedded/engine.js';
import { startEngine } from './embedded/engine.js';
import { migrate } from './migrate.js';
import type { Schema } from './placement.js';
import type { Pool } from './pool.js';
import { createPool } from './pool.js';

export interface DatabaseConfig {
  /** null: the embedded database in `dataDir`. */
  databaseUrl: string | null;
  dataDir: string;
  poolMax?: number;
}

export interface OpenOptions {
  /** `daemon` goes on without an external database that is away, and stops an embedded one it leaves last. Default `guest`. */
  role?: Role;
  embedded?: Omit<ClusterOptions, 'dataDir'>;
}

export interface Database {
  readonly url: string;
  readonly pool: Pool;
  /** null until the database was reached and migrated. */
  readonly schema: Schema | null;
  /** Resolves when it was reached and migrated; rejects with DB_MIGRATION_FAILED, or quietly never after `stop`. */
  readonly ready: Promise<Schema>;
  state(): EngineState | 'external';
  /** Ends the pool, then leaves or stops the embedded database. */
  stop(): Promise<void>;
}

/**
 * The one door to PostgreSQL, whichever it is. Resolves when it is migrated and can be used; as `daemon` with an
 * external database that is away it resolves at once and `ready` tells.
 * @throws TrunklineError CONFIG_INVALID, DB_UNREACHABLE (guest), DB_MIGRATION_FAILED, DB_EMBEDDED_*
 */
export async function openDatabase(config: DatabaseConfig, log: Logger, options: OpenOptions = {}): Promise<Database> {
  const role = options.role ?? 'guest';
  const releasers = new Releasers();
  const stopped = new AbortController();
  try {
    const engine =
      config.databaseUrl === null
        ? await startEngine({ dataDir: config.dataDir, ...options.embedded }, role, log)
        : null;
    if (engine) releasers.push(async () => void (await engine.stop()));
    const url = engine?.url ?? checked(config.databaseUrl ?? '');
    const pool = createPool(url, { log, ...(config.poolMax ? { max: config.poolMax } : {}) });
    releasers.push(() => pool.end());
    releasers.push(() => stopped.abort());
    let schema: Schema | null = null;
    const ready = reach(url, role === 'daemon' && !engine, log, stopped.signal).then((found) => (schema = found));
    ready.catch(() => undefined); // whoever awaits it hears of it
    if (engine || role === 'guest') await ready;
    return {
      url,
      pool,
      get schema() {
        return schema;
      },
      ready,
      state: () => engine?.state() ?? 'external',
      stop: () => releasers.run(),
    };
  } catch (error) {
    await releasers.run().catch(() => undefined);
    throw error;
  }
}

/** Migrates, and as long as the database is away and `patient`, waits for it with growing pauses. */
async function reach(url: string, patient: boolean, log: Logger, signal: AbortSignal): Promise<Schema> {
  for (let wait = 250; ; wait = Math.min(wait * 2, 5_000)) {
    try {
      const { schema, applied } = await migrate(url);
      if (applied.length > 0) log.info({ schema, applied }, 'database migrated');
      return schema;
    } catch (error) {
      if (signal.aborted) return new Promise(() => undefined);
      if (!patient || !(error instanceof TrunklineError && error.code === 'DB_UNREACHABLE')) throw error;
      log.warn({ err: error.message }, 'waiting for the database');
    }
    await systemClock.sleep(wait, signal);
    if (signal.aborted) return new Promise(() => undefined);
  }
}

/** The error of a URL that cannot be read quotes it, password and all: it is not passed on. */
function checked(url: string): string {
  try {
    new pg.Client({ connectionString: url });
    if (/^(postgres(ql)?:|socket:|\/)/.test(url)) return url;
  } catch {
    // said below
  }
  throw new TrunklineError(
    'CONFIG_INVALID',
    'DATABASE_URL is not an address of PostgreSQL, such as postgres://user:password@host:5432/database.',
  );
}
