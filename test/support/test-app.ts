import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildApp } from '../../src/app.js';
import type { App } from '../../src/app.js';
import { secretBoxOf } from '../../src/cli/workbench.js';
import { secretFieldsOfConnectors } from '../../src/integrations/registry.js';
import type { CallEvent } from '../../src/calls/vocabulary.js';
import { enterpriseEntry } from '../../src/config/enterprise.js';
import { parseEnv } from '../../src/config/env.js';
import type { AppConfig } from '../../src/config/env.js';
import { createPool } from '../../src/db/pool.js';
import { importEnterprises } from '../../src/integrations/import-enterprises.js';
import { createVault } from '../../src/integrations/secrets.js';
import { inTransaction } from '../../src/integrations/store.js';
import type { Clock } from '../../src/platform/clock.js';
import { createLogger } from '../../src/platform/log.js';
import type { TestDb } from './db.js';
import { until } from './until.js';

export interface TestApp extends AsyncDisposable {
  app: App;
  db: TestDb;
  config: AppConfig;
  /** Every call event the app has committed. */
  events: CallEvent[];
  /** Everything it logged, as JSON lines. */
  log: string[];
  /** Stops the app; the database stays for looking at until disposal. */
  stop(): Promise<void>;
}

export interface TestAppOptions {
  /** Enterprises as an import file writes them. */
  enterprises: object[];
  /** Over the test's short times. */
  config?: Partial<AppConfig>;
  /** The database of another one, with what stands in it. */
  db?: TestDb;
  dataDir?: string;
  databaseUrl?: string;
  /** The machine's, where it is not set meanwhile. */
  clock?: Clock;
}

/** The whole daemon in this process, on a database of its own, with nothing replaced. */
export async function startTestApp(options: TestAppOptions): Promise<TestApp> {
  const db = options.db ?? (await (await import('./db.js')).createTestDb());
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'trunkline-app-')));
  const events: CallEvent[] = [];
  const log: string[] = [];
  const logger = createLogger('debug', { write: (line: string) => void log.push(line) });
  const parsed = parseEnv({ DATABASE_URL: options.databaseUrl ?? db.url, TRUNKLINE_DATA_DIR: dataDir }, () => null);
  const config: AppConfig = { ...parsed, http: { host: '127.0.0.1', port: 0 }, ...options.config };
  await importInto(db, config, options.enterprises);
  const app = await buildApp(config, {
    log: logger,
    allowTargets: ['127.0.0.1'],
    ...(options.clock ? { clock: options.clock } : {}),
    onCallEvent: (event) => void events.push(event),
  });
  await app.start();
  let stopped: Promise<void> | null = null;
  const stop = () => (stopped ??= app.stop());
  return {
    app,
    db,
    config,
    events,
    log,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      if (!options.db) await db.drop();
      if (!options.dataDir) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** As `trunkline import` does it. */
export async function importInto(
  db: Pick<TestDb, 'url'>,
  config: AppConfig,
  enterprises: readonly object[],
): Promise<void> {
  const pool = createPool(db.url, { max: 1 });
  try {
    const vault = createVault({ box: secretBoxOf(config), log: createLogger('silent') });
    const entries = enterprises.map((entry) => enterpriseEntry.parse(entry));
    await inTransaction(pool, (tx) =>
      importEnterprises(tx, { vault, secretFields: secretFieldsOfConnectors() }, entries),
    );
  } finally {
    await pool.end();
  }
}

/** Resolves when every PBX of the app has been caught up with. */
export async function linkUp({ app, db }: Pick<TestApp, 'app' | 'db'>): Promise<void> {
  await until('the link to the PBX', async () => {
    const metrics = await fetch(`${app.url}/metrics`).then((answer) => answer.text());
    const live = Number(/^trunkline_pbx_links_live (\d+)/m.exec(metrics)?.[1] ?? 0);
    const { rows } = await db.pool.query("SELECT count(*)::int AS n FROM asterisk_logs WHERE event_type = 'snapshot'");
    return live > 0 && (rows[0] as { n: number }).n > 0;
  });
}
