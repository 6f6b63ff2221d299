import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TrunklineError } from '../../platform/errors.js';
import type { Binaries } from './binaries.js';
import { failureFrom } from './failure.js';
import type { Home } from './home.js';
import { sweepHalfMade, writeWhole } from './home.js';
import type { OsUser } from './os-user.js';
import { runAs } from './os-user.js';

export const SUPERUSER = 'trunkline';

/**
 * Makes a cluster with a random password. It is made aside and moved into place whole, so a kill half way leaves no
 * half cluster, and of two processes that make one at once both end up with the same one.
 * @throws TrunklineError DB_EMBEDDED_DISK_FULL, DB_EMBEDDED_FAILED
 */
export async function createCluster(home: Home, user: OsUser, binaries: Binaries, fast: boolean): Promise<void> {
  await sweepHalfMade(home);
  const aside = `${home.path}.new-${randomBytes(6).toString('hex')}`;
  const cluster = join(aside, 'cluster');
  try {
    for (const folder of [aside, cluster]) {
      await mkdir(folder, { mode: 0o700 });
      if (!user.self) await chown(folder, user.uid, user.gid);
    }
    const password = join(aside, 'password');
    await writeWhole(password, `${randomBytes(24).toString('base64url')}\n`, 0o600, user);
    await initdb(cluster, password, user, binaries, fast);
    await rename(aside, home.path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return; // the other process was first: its cluster is the cluster
    if (error instanceof TrunklineError) throw error;
    throw failureFrom(String(error), `The embedded database could not be made in ${home.path}`, error);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

async function initdb(
  cluster: string,
  password: string,
  user: OsUser,
  binaries: Binaries,
  fast: boolean,
): Promise<void> {
  const flags = [
    `--pgdata=${cluster}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${password}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // The same sorting and letter case on every machine, whatever locales it has.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    ...(fast ? ['--no-sync'] : []),
  ];
  const { code, output } = await new Promise<{ code: number | null; output: string }>((resolve, reject) => {
    const child = spawn(binaries.initdb, flags, {
      ...runAs(user),
      cwd: cluster,
      env: databaseEnv(),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-4000)));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
  if (code !== 0) throw failureFrom(output, `initdb failed in ${cluster}`);
}

/** Nothing of ours, least of all DATABASE_URL or a key, reaches another user's /proc. */
export function databaseEnv(): Record<string, string> {
  return { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}
