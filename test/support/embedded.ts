import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { findHome } from '../../src/db/embedded/home.js';
import { readPidFile, isPostmasterOf, stopPostmaster } from '../../src/db/embedded/postmaster.js';
import type { Role } from '../../src/db/embedded/engine.js';

const CHILD = fileURLToPath(new URL('../db/embedded/child.ts', import.meta.url));

/** A data directory that is gone afterwards, with whatever database was left running in it. */
export async function withDataDir(work: (dataDir: string) => Promise<void>, parent = tmpdir()): Promise<void> {
  const dataDir = await mkdtemp(join(parent, 'trunkline-data-'));
  try {
    await work(dataDir);
  } finally {
    const home = await findHome(dataDir);
    const file = home && (await readPidFile(home));
    if (home && file) await stopPostmaster(file.pid, home, 20_000);
    if (home) await rm(home.path, { recursive: true, force: true });
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** The same with a stopped database in it, copied from `made` rather than made anew. */
export function withCopyOf(made: string, work: (dataDir: string) => Promise<void>): Promise<void> {
  return withDataDir(async (dataDir) => {
    await promisify(execFile)('cp', ['-a', join(made, 'postgres'), dataDir]);
    await work(dataDir);
  });
}

/** Process number of the database that runs in a data directory, or null. */
export async function runningPid(dataDir: string): Promise<number | null> {
  const home = await findHome(dataDir);
  const file = home && (await readPidFile(home));
  return home && file && (await isPostmasterOf(file.pid, home)) ? file.pid : null;
}

export interface EngineProcess {
  url: string;
  adopted: boolean;
  kill(): Promise<void>;
  /** True when it stopped the database. */
  stop(): Promise<boolean>;
}

/** Another process that starts or adopts the database. */
export async function startProcess(dataDir: string, role: Role): Promise<EngineProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, dataDir, role], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse(String((await lines.next()).value ?? '{}')) as Record<string, unknown>;
  const first = await next();
  if (typeof first['url'] !== 'string') throw new Error('The process ended before its database ran');
  return {
    url: first['url'],
    adopted: first['adopted'] === true,
    kill: () => ended(child, 'SIGKILL'),
    async stop() {
      const gone = ended(child, 'SIGTERM');
      const last = await next();
      await gone;
      return last['stopped'] === true;
    },
  };
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.kill(signal);
  return gone;
}

/** One statement on a connection of its own. */
export async function query(url: string, sql: string): Promise<pg.QueryResult> {
  const db = new pg.Client({ connectionString: url });
  db.on('error', () => undefined);
  try {
    await db.connect();
    return await db.query(sql);
  } finally {
    await db.end().catch(() => undefined);
  }
}
