/**
 * Everything a trial needs, real but for the CRM: a PostgreSQL that waits for its disk, one Asterisk per version with
 * phones and a trunk, lines to both that can be cut, and the daemon as a process of its own.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { stringify } from 'yaml';
import { secretBoxOf } from '../../src/cli/workbench.js';
import { secretFieldsOfConnectors } from '../../src/integrations/registry.js';
import { enterpriseEntry } from '../../src/config/enterprise.js';
import { parseEnv } from '../../src/config/env.js';
import type { Tunables } from '../../src/config/tunables.js';
import { openCluster } from '../../src/db/embedded/cluster.js';
import type { Cluster } from '../../src/db/embedded/cluster.js';
import { migrate } from '../../src/db/migrate.js';
import { createPool } from '../../src/db/pool.js';
import { importEnterprises } from '../../src/integrations/import-enterprises.js';
import { createVault } from '../../src/integrations/secrets.js';
import { inTransaction } from '../../src/integrations/store.js';
import { createLogger } from '../../src/platform/log.js';
import { startAsterisk } from '../pbx/asterisk.js';
import type { Asterisk } from '../pbx/asterisk.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import type { RetailCrmStandIn } from '../standins/retailcrm/server.js';
import { createCutProxy, throughProxy } from '../support/cut-proxy.js';
import type { CutProxy } from '../support/cut-proxy.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { createDaemon } from './daemon.js';
import type { Daemon } from './daemon.js';
import { until } from '../support/until.js';

/** One PBX and the enterprise whose calls it carries. */
export interface Branch {
  enterprise: string;
  asterisk: Asterisk;
  /** Between the daemon and this PBX's AMI. */
  line: CutProxy;
  /** As `calls.pbx` and `pbx_gaps.pbx` name it. */
  pbx: string;
}

export interface Stage extends AsyncDisposable {
  branches: Branch[];
  crm: RetailCrmStandIn;
  daemon: Daemon;
  /** Straight to the database, by no line that is cut. */
  pool: pg.Pool;
  /** Between the daemon and the database. */
  databaseLine: CutProxy;
  /** Stops the database and starts it again on the same port. */
  restartDatabase(awayMs: number): Promise<void>;
  /** Resolves when every PBX is linked and caught up with. */
  linked(): Promise<void>;
  /** The daemon's environment, for commands beside it. */
  env: Readonly<Record<string, string>>;
  /** Where the daemon's log is. */
  logFile: string;
}

export interface StageOptions {
  versions: readonly (16 | 22)[];
  /** What differs from the defaults, `times.ts`. */
  times: Partial<Tunables>;
  /** Enterprises that only post; `more` of what their settings say. */
  posting?: readonly { number: string; token: string; more?: object }[];
  /** What was missed is recovered from Asterisk's own records. */
  recovery?: boolean;
  /** More lines on every PBX. */
  dialplan?: string | undefined;
}

const DATABASE = 'trunkline';

export async function openStage(options: StageOptions): Promise<Stage> {
  const undo: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'trunkline-chaos-'));
    undo.push(() => rm(folder, { recursive: true, force: true }));
    const clusterDir = join(folder, 'cluster');
    let cluster = await startCluster(clusterDir);
    undo.push(() => cluster.stop());
    await createDatabase(cluster);
    const { port } = cluster;
    const databaseLine = await createCutProxy({ host: '127.0.0.1', port });
    undo.push(() => databaseLine.close());
    const pool = createPool(cluster.url(DATABASE), { max: 3, name: 'trunkline-chaos' });
    undo.push(() => pool.end());

    // A key, and so a limit, of its own for each: one account could not take all of it.
    const numbers = [...options.versions.map(enterpriseOf), ...(options.posting ?? []).map((one) => one.number)];
    const crm = await startRetailCrmStandIn({
      users: USERS,
      keys: Object.fromEntries(numbers.map((number) => [keyOf(number), null])),
    });
    undo.push(() => crm.stop());
    const branches: Branch[] = [];
    for (const version of options.versions) {
      const asterisk = await startAsterisk({
        version,
        ...(options.dialplan ? { extraDialplan: options.dialplan } : {}),
      });
      undo.push(() => asterisk.stop());
      const line = await createCutProxy({ host: '127.0.0.1', port: asterisk.amiPort });
      undo.push(() => line.close());
      branches.push({ enterprise: enterpriseOf(version), asterisk, line, pbx: `127.0.0.1:${line.port}` });
    }

    const config = join(folder, 'trunkline.yaml');
    await writeFile(config, stringify(options.times));
    const logFile = join(folder, 'daemon.log');
    const env = {
      DATABASE_URL: throughProxy(cluster.url(DATABASE), databaseLine),
      TRUNKLINE_DATA_DIR: join(folder, 'data'),
      TRUNKLINE_SECRET_KEY: SECRET_KEY,
      TRUNKLINE_ALLOW_TARGETS: '127.0.0.1',
      TRUNKLINE_LOG_LEVEL: 'debug',
      TRUNKLINE_CONFIG: config,
    };
    await importInto(pool, env, [
      ...branches.map(({ enterprise: number, line, asterisk }) =>
        retailCrmEnterprise({
          ...account(number),
          token: `token-${number}`,
          amiPort: line.port,
          crmUrl: crm.url,
          ...(options.recovery ? { more: { recovery: { cdr: { file: asterisk.masterCsvPath, at: 'local' } } } } : {}),
        }),
      ),
      ...(options.posting ?? []).map(({ number, token, more = {} }) =>
        retailCrmEnterprise({ ...account(number), token, amiPort: null, crmUrl: crm.url, more }),
      ),
    ]);
    const daemon = await createDaemon(env, logFile);
    undo.push(() => daemon.stop());
    await daemon.start();

    return {
      branches,
      crm,
      daemon,
      pool,
      databaseLine,
      env,
      logFile,
      async restartDatabase(awayMs) {
        await cluster.stop();
        await new Promise((resolve) => setTimeout(resolve, awayMs));
        cluster = await startCluster(clusterDir, port);
      },
      linked: async () => {
        const caughtUp = async () => (await daemon.metric('trunkline_pbx_links_live')) === branches.length;
        // A line that was away for long is tried once a minute.
        await until('the links to be up', caughtUp, 120_000);
      },
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const enterpriseOf = (version: 16 | 22): string => `03${version}`;
const keyOf = (number: string): string => `key-${number}`;
const account = (number: string) => ({ number, apiKey: keyOf(number) });

const USERS = [
  { id: 6, firstName: 'Vera', code: '150' },
  { id: 7, firstName: 'Ann', code: '151' },
  { id: 8, firstName: 'Boris', code: '152' },
];

const SECRET_KEY = Buffer.alloc(32, 7).toString('base64');

function startCluster(dataDir: string, port?: number): Promise<Cluster> {
  return openCluster({ dataDir, ...(port === undefined ? {} : { port }) });
}

async function createDatabase(cluster: Cluster): Promise<void> {
  const admin = new pg.Client({ connectionString: cluster.url('postgres') });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${DATABASE}`);
  await admin.end();
  await migrate(cluster.url(DATABASE));
}

async function importInto(pool: pg.Pool, env: Record<string, string>, enterprises: readonly object[]): Promise<void> {
  const config = parseEnv({ ...env, TRUNKLINE_CONFIG: undefined }, () => null);
  const vault = createVault({ box: secretBoxOf(config), log: createLogger('silent') });
  const entries = enterprises.map((entry) => enterpriseEntry.parse(entry));
  await inTransaction(pool, (tx) =>
    importEnterprises(tx, { vault, secretFields: secretFieldsOfConnectors() }, entries),
  );
}
