import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { TrunklineError } from '../../platform/errors.js';
import type { Logger } from '../../platform/log.js';
import { isConnectionFailure } from '../failure.js';
import { connectionOf } from '../pool.js';
import type { Cluster, ClusterOptions } from './cluster.js';
import { openCluster } from './cluster.js';
import type { Presence } from './presence.js';
import { join } from './presence.js';

/**
 * The embedded database as one process sees it.
 *
 *     starting -> running -> stopping -> stopped
 *                 |     ^
 *                 v     |
 *                restarting          (the daemon's only: it died under us, or somebody stopped it)
 *
 * - A process is running only while its presence is held; presence is what keeps others from stopping it.
 * - The port never changes while running: pools have it in their address. At a start it may.
 * - `daemon` stops it when it leaves last, whoever started it: also what a killed predecessor left, or what a command
 *   started that went before. `guest` (a command) stops only what it started, and only when it leaves last.
 * - Nothing is killed with SIGKILL, and no process is signalled that is not a postmaster of this very folder.
 */
export type EngineState = 'running' | 'restarting' | 'stopping' | 'stopped';
export type Role = 'daemon' | 'guest';

export interface Engine {
  readonly url: string;
  /** Was it running already? */
  readonly adopted: boolean;
  state(): EngineState;
  /** Leaves, and stops it when that is ours to do. True when it was stopped. */
  stop(): Promise<boolean>;
}

const DATABASE = 'trunkline';

/** @throws TrunklineError DB_EMBEDDED_* */
export async function startEngine(options: ClusterOptions, role: Role, log: Logger): Promise<Engine> {
  let state: EngineState = 'running';
  let restarting: Promise<void> = Promise.resolve();
  const onLost = () => {
    if (state !== 'running') return;
    state = 'restarting';
    log.error('the embedded database went away');
    if (role === 'daemon') restarting = restart();
  };
  const first = await attach(options, onLost);
  let { cluster, presence } = first;
  let startedByUs = cluster.started;
  const url = cluster.url(DATABASE);
  log.info(
    { home: cluster.home, port: cluster.port, pid: cluster.pid, started: cluster.started },
    'embedded database running',
  );

  async function restart(): Promise<void> {
    for (let wait = 250; state === 'restarting'; wait = Math.min(wait * 2, 10_000)) {
      try {
        await presence.close();
        ({ cluster, presence } = await attach({ ...options, port: first.cluster.port }, onLost));
        startedByUs ||= cluster.started;
        if (state !== 'restarting') return;
        state = 'running';
        log.info({ pid: cluster.pid, started: cluster.started }, 'embedded database running again');
      } catch (error) {
        log.error({ err: error }, 'the embedded database did not come back');
        for (let waited = 0; waited < wait && state === 'restarting'; waited += 50) await delay(50);
      }
    }
  }

  return {
    url,
    adopted: !first.cluster.started,
    state: () => state,
    async stop() {
      if (state === 'stopping' || state === 'stopped') return false;
      state = 'stopping';
      await restarting;
      try {
        const alone = await presence.leave().catch(() => false);
        const ours = role === 'daemon' || startedByUs;
        if (!alone || !ours) {
          log.info({ alone }, 'embedded database left running');
          return false;
        }
        await cluster.stop();
        log.info('embedded database stopped');
        return true;
      } finally {
        await presence.close();
        state = 'stopped';
      }
    },
  };
}

/**
 * Opens, makes our database and joins. Between finding it ready and joining, somebody who left last may be stopping
 * it: then it is opened anew.
 */
async function attach(options: ClusterOptions, onLost: () => void): Promise<{ cluster: Cluster; presence: Presence }> {
  for (let attempt = 1; ; attempt += 1) {
    const cluster = await openCluster(options);
    try {
      await ensureDatabase(cluster.url('postgres'));
      return { cluster, presence: await join(cluster.url(DATABASE), onLost) };
    } catch (error) {
      if (attempt < 20 && isConnectionFailure(error) && !isRefusal(error)) {
        await delay(100);
        continue;
      }
      // Nobody joined it, so nobody else would stop it.
      if (cluster.started) await cluster.stop();
      throw error instanceof TrunklineError
        ? error
        : new TrunklineError(
            'DB_EMBEDDED_FAILED',
            `The embedded database on port ${cluster.port} cannot be used: ${String(error)}`,
            { cause: error },
          );
    }
  }
}

function isRefusal(error: unknown): boolean {
  return (error as { code?: string }).code === '28P01';
}

async function ensureDatabase(url: string): Promise<void> {
  const db = new pg.Client(connectionOf(url, { name: 'trunkline-setup' }));
  db.on('error', () => undefined);
  try {
    await db.connect();
    const { rows } = await db.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rows.length === 0) await db.query(`CREATE DATABASE ${DATABASE}`);
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code !== '42P04' && code !== '23505') throw error; // another process made it between the two statements
  } finally {
    await db.end().catch(() => undefined);
  }
}
