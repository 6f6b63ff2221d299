import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { TrunklineError } from '../../platform/errors.js';
import type { Binaries } from './binaries.js';
import { runnableBinaries } from './binaries.js';
import { SUPERUSER, createCluster } from './create.js';
import { failureFrom, isPortTaken, isTransient } from './failure.js';
import type { Home } from './home.js';
import { SHARED_ROOT, chooseHome, findHome, openTo, writeWhole } from './home.js';
import type { OsUser } from './os-user.js';
import { databaseUser } from './os-user.js';
import { clearStalePidFile, isPostmasterOf, readPidFile, startPostmaster, stopPostmaster } from './postmaster.js';

export interface ClusterOptions {
  /** The data directory; the cluster goes to `postgres` in it (see home.ts for the exception). */
  dataDir: string;
  /** Only this port. Without it, the remembered port, or another free one that is remembered from then on. */
  port?: number;
  /** PostgreSQL settings beside ours. */
  settings?: Record<string, string>;
  /** For tests: a cluster that need not survive a power cut. */
  fast?: boolean;
  /** Milliseconds until a start is given up; recovery after a crash is part of it. Default two minutes. */
  patienceMs?: number;
}

export interface Cluster {
  readonly home: string;
  readonly pid: number;
  readonly port: number;
  /** False when it was running already. */
  readonly started: boolean;
  url(database: string): string;
  /** Stops it, whoever started it. */
  stop(): Promise<void>;
}

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  password_encryption: 'scram-sha-256',
  timezone: 'UTC',
  log_timezone: 'UTC',
  logging_collector: 'off',
  log_destination: 'stderr',
};

/**
 * A running cluster of this data directory: the one that runs already, else the one that stands there started, else a
 * new one. Any number of processes may ask at once.
 * @throws TrunklineError DB_EMBEDDED_*
 */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const deadline = performance.now() + (options.patienceMs ?? 120_000);
  let home = await findHome(options.dataDir);
  const user = await databaseUser(home?.owner ?? null);
  const running = home && (await adoptable(home, deadline));
  if (home && running) return clusterOf(home, running, false);
  try {
    if (home) await openTo(options.dataDir, user);
    else home = await chooseHome(options.dataDir, user);
    const binaries = await runnableBinaries(user, user.self ? options.dataDir : SHARED_ROOT);
    if (!home.owner) await createCluster(home, user, binaries, options.fast ?? false);
    return await start(home, user, binaries, options, deadline);
  } catch (error) {
    if (error instanceof TrunklineError) throw error;
    throw failureFrom(String(error), `The embedded database in ${options.dataDir} did not start`, error);
  }
}

/** A postmaster of ours that is ready, or null when none is alive. Waits while one starts, recovers or stops. */
async function adoptable(home: Home, deadline: number): Promise<{ pid: number; port: number } | null> {
  for (;;) {
    const file = await readPidFile(home);
    if (!file) return null;
    if (!(await isPostmasterOf(file.pid, home))) {
      await clearStalePidFile(home, file);
      return null;
    }
    if (file.ready && file.port > 0) return file;
    if (performance.now() > deadline) {
      throw new TrunklineError(
        'DB_EMBEDDED_FAILED',
        `The embedded database (process ${file.pid}) is neither ready nor gone. See ${join(home.path, 'postgres.log')}.`,
      );
    }
    await delay(50);
  }
}

async function start(
  home: Home,
  user: OsUser,
  binaries: Binaries,
  options: ClusterOptions,
  deadline: number,
): Promise<Cluster> {
  const remembered = Number(await readFile(join(home.path, 'port'), 'utf8').catch(() => ''));
  let port = options.port ?? (remembered > 0 ? remembered : await freePort());
  let said = '';
  for (let taken = 0; taken < 5 && performance.now() < deadline;) {
    const output = await startPostmaster(home, user, binaries, port, { ...SETTINGS, ...options.settings }, deadline);
    if (output !== null) said = output;
    const running = await adoptable(home, deadline);
    if (running) {
      if (running.port !== remembered) await writeWhole(join(home.path, 'port'), `${running.port}\n`, 0o600, user);
      return clusterOf(home, running, output === null);
    }
    if (output !== null && isPortTaken(output)) {
      taken += 1;
      if (options.port !== undefined) break;
      port = await freePort();
    } else if (output !== null && !isTransient(output)) {
      break;
    } else {
      await delay(100);
    }
  }
  throw failureFrom(
    said,
    `The embedded database did not start on port ${port} (log: ${join(home.path, 'postgres.log')})`,
  );
}

async function clusterOf(home: Home, running: { pid: number; port: number }, started: boolean): Promise<Cluster> {
  const password = await readFile(join(home.path, 'password'), 'utf8').catch((cause: unknown) => {
    throw new TrunklineError(
      'DB_EMBEDDED_FAILED',
      `The password of the embedded database in ${home.path} cannot be read.`,
      { cause },
    );
  });
  return {
    home: home.path,
    pid: running.pid,
    port: running.port,
    started,
    url: (database) =>
      `postgres://${SUPERUSER}:${encodeURIComponent(password.trim())}@127.0.0.1:${running.port}/${database}`,
    stop: () => stopPostmaster(running.pid, home, 30_000),
  };
}

/**
 * Below the range that outgoing connections draw from: a port that is remembered must not be somebody's ephemeral one
 * at the next start.
 */
async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const free = await new Promise<boolean>((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(false));
      server.listen({ port, host: '127.0.0.1' }, () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
  throw new TrunklineError(
    'DB_EMBEDDED_PORT_TAKEN',
    'No free port between 20000 and 29999 was found for the embedded database.',
  );
}
