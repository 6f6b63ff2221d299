/** The daemon as an operator runs it, on a database of its own, for the enterprise `1` of every office. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from '../../../src/config/env.js';
import { createDaemon } from '../../chaos/daemon.js';
import type { Daemon } from '../../chaos/daemon.js';
import { createTestDb } from '../../support/db.js';
import type { TestDb } from '../../support/db.js';
import { importInto } from '../../support/test-app.js';
import { until } from '../../support/until.js';
import { enterpriseEntry } from './enterprises.js';
import type { Office } from './office.js';

export interface DaemonStand extends AsyncDisposable {
  readonly offices: readonly Office[];
  readonly daemon: Daemon;
  readonly db: TestDb;
  /** Resolves when every PBX is linked. */
  linked(): Promise<void>;
}

const SECRET_KEY = Buffer.alloc(32, 7).toString('base64');
const BOOT_MS = 60_000;

export async function openDaemonStand(offices: readonly Office[]): Promise<DaemonStand> {
  const undo: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'trunkline-redirect-'));
    undo.push(() => rm(folder, { recursive: true, force: true }));
    const db = await createTestDb();
    undo.push(() => db.drop());
    const env = {
      DATABASE_URL: db.url,
      TRUNKLINE_DATA_DIR: join(folder, 'data'),
      TRUNKLINE_SECRET_KEY: SECRET_KEY,
      TRUNKLINE_ALLOW_TARGETS: '127.0.0.1',
    };
    const config = parseEnv(env, () => null);
    await importInto(
      db,
      config,
      offices.map((office) => enterpriseEntry(office, '1', [])),
    );
    const daemon = await createDaemon(env, join(folder, 'daemon.log'));
    undo.push(() => daemon.stop());
    await daemon.start();
    const linked = async () => {
      const live = async () => (await daemon.metric('trunkline_pbx_links_live')) === offices.length;
      await until('the daemon’s links', live, BOOT_MS);
    };
    return { offices, daemon, db, linked, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}
