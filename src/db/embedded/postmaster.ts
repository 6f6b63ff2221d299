import { execFile, spawn } from 'node:child_process';
import { constants, open, readFile, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { TrunklineError } from '../../platform/errors.js';
import type { Binaries } from './binaries.js';
import { databaseEnv } from './create.js';
import type { Home } from './home.js';
import type { OsUser } from './os-user.js';
import { runAs } from './os-user.js';

/** postmaster.pid as PostgreSQL writes it. */
export interface PidFile {
  readonly pid: number;
  readonly port: number;
  readonly ready: boolean;
  readonly text: string;
}

const LOG_LIMIT = 20 * 1024 * 1024;

export async function readPidFile(home: Home): Promise<PidFile | null> {
  const text = await readFile(join(home.cluster, 'postmaster.pid'), 'utf8').catch(() => null);
  if (text === null) return null;
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return null;
  return { pid, port: Number(lines[3]) || 0, ready: lines[7]?.trim() === 'ready', text };
}

/**
 * Is `pid` a live postmaster of this very cluster, and not a stranger that got the number since? A postmaster's working
 * folder is its cluster.
 */
export async function isPostmasterOf(pid: number, home: Home): Promise<boolean> {
  if (!isAlive(pid)) return false;
  const cluster = await realpath(home.cluster).catch(() => home.cluster);
  const folder = await readlink(`/proc/${pid}/cwd`).catch(() => null);
  if (folder !== null) return folder === cluster;
  const command = await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => null);
  return command !== null && command.stdout.includes(home.cluster);
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * PostgreSQL clears a stale postmaster.pid by itself unless a stranger of the same user has that process number, which
 * in a restarted container is the rule rather than the exception. Then it is moved away here, if it is still the same.
 */
export async function clearStalePidFile(home: Home, stale: PidFile): Promise<void> {
  const path = join(home.cluster, 'postmaster.pid');
  if ((await readPidFile(home))?.text !== stale.text) return;
  const aside = `${path}.stale-${process.pid}`;
  await rename(path, aside).catch(() => undefined);
  await rm(aside, { force: true });
}

/** Resolves with what it wrote to the log if it ended, or null once it is ready. Throws when it cannot be run at all. */
export async function startPostmaster(
  home: Home,
  user: OsUser,
  binaries: Binaries,
  port: number,
  settings: Record<string, string>,
  deadline: number,
): Promise<string | null> {
  const path = join(home.path, 'postgres.log');
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size > LOG_LIMIT) await rename(path, `${path}.old`);
  const from = size > LOG_LIMIT ? 0 : size;
  // The folder is the database's user's: root must not be led elsewhere by a link in it.
  const log = await open(
    path,
    constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | constants.O_NOFOLLOW,
    0o600,
  );
  if (!user.self) await log.chown(user.uid, user.gid);
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  try {
    // Its own session: Ctrl-C goes to us alone, and we stop it after everything that uses it.
    const child = spawn(binaries.postgres, ['-D', home.cluster, '-p', String(port), ...flags], {
      ...runAs(user),
      cwd: home.cluster,
      env: databaseEnv(),
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    let ended = false;
    let failure: Error | null = null;
    child.on('exit', () => (ended = true));
    child.on('error', (error) => {
      failure = error;
      ended = true;
    });
    child.unref();
    while (performance.now() < deadline) {
      if (failure) throw failure as Error;
      if (ended) return await textFrom(path, from);
      const file = await readPidFile(home);
      if (file?.ready && file.pid === child.pid) return null;
      await delay(20);
    }
    child.kill('SIGINT');
    throw new TrunklineError('DB_EMBEDDED_FAILED', `The embedded database was not ready in time. See ${path}.`);
  } finally {
    await log.close();
  }
}

async function textFrom(path: string, from: number): Promise<string> {
  return (await readFile(path)).subarray(from).toString('utf8');
}

/**
 * Fast shutdown (sessions are ended, everything is written), then, when that takes longer than `patienceMs`, an
 * immediate one, which the next start recovers from. Never SIGKILL.
 */
export async function stopPostmaster(pid: number, home: Home, patienceMs: number): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    if (!(await isPostmasterOf(pid, home))) return;
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
      throw new TrunklineError(
        'DB_EMBEDDED_FAILED',
        `The embedded database (process ${pid}) may not be stopped by this user.`,
        { cause: error },
      );
    }
    const until = performance.now() + patienceMs;
    while (performance.now() < until) {
      if (!(await isPostmasterOf(pid, home))) return;
      await delay(20);
    }
  }
  throw new TrunklineError('DB_EMBEDDED_FAILED', `The embedded database (process ${pid}) did not stop.`);
}
