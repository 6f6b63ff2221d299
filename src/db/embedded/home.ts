import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, open, readFile, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { OsUser } from './os-user.js';
import { runAs } from './os-user.js';

/**
 * Where one embedded cluster lives:
 *
 *     <data dir>/postgres/           all of it the database's user's, 0700
 *       cluster/                     PostgreSQL's own folder
 *       password                     0600
 *       port                         the port to try first
 *       postgres.log
 *
 * So a cluster that root has made for `trunkline import` serves the daemon that runs as that user, and the other way round.
 *
 * Root with a data directory that the database's user cannot enter (a clone under /root) puts all of it under
 * /var/lib/trunkline-postgres instead, and `<data dir>/postgres.location` says where.
 */
export const SHARED_ROOT = '/var/lib/trunkline-postgres';

export interface Home {
  readonly path: string;
  readonly cluster: string;
  /** Who owns the cluster that stands there already. */
  readonly owner: { uid: number; gid: number } | null;
}

/** The home that stands already, or null. */
export async function findHome(dataDir: string): Promise<Home | null> {
  const beside = await homeAt(join(resolve(dataDir), 'postgres'));
  if (beside.owner) return beside;
  const elsewhere = await readFile(join(dataDir, 'postgres.location'), 'utf8').catch(() => null);
  const home = elsewhere === null ? null : await homeAt(elsewhere.trim());
  return home?.owner ? home : null;
}

/** Chooses the place of a new home; makes the folders above it, not the home. */
export async function chooseHome(dataDir: string, user: OsUser): Promise<Home> {
  await mkdir(dirname(resolve(dataDir)), { recursive: true });
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  if (await openTo(dataDir, user)) return homeAt(join(resolve(dataDir), 'postgres'));
  await mkdir(SHARED_ROOT, { recursive: true });
  await chmod(SHARED_ROOT, 0o755);
  const name = createHash('sha256')
    .update(await realpath(dataDir))
    .digest('hex')
    .slice(0, 16);
  const path = join(SHARED_ROOT, name);
  await writeWhole(join(dataDir, 'postgres.location'), `${path}\n`, 0o644, null);
  return homeAt(path);
}

/**
 * May the database's user pass through the data directory to its own folder? A directory that is root's alone is opened
 * to that user's group for passing through, not for looking, and to nobody else. Nothing is changed in the folders above.
 */
export async function openTo(dataDir: string, user: OsUser): Promise<boolean> {
  if (user.self || (await mayEnter(dataDir, user))) return true;
  const found = await stat(dataDir);
  if (found.uid !== 0 || (found.mode & 0o070) !== 0) return false;
  await chown(dataDir, found.uid, user.gid);
  await chmod(dataDir, (found.mode & 0o777) | 0o010);
  if (await mayEnter(dataDir, user)) return true;
  await chmod(dataDir, found.mode & 0o777);
  await chown(dataDir, found.uid, found.gid);
  return false;
}

async function homeAt(path: string): Promise<Home> {
  const cluster = join(path, 'cluster');
  // Root sees it all; an ordinary user that may not look inside still learns whose it is.
  const found = await stat(join(cluster, 'PG_VERSION'))
    .catch(() => stat(cluster))
    .catch(() => null);
  return { path, cluster, owner: found && { uid: found.uid, gid: found.gid } };
}

async function mayEnter(folder: string, user: OsUser): Promise<boolean> {
  const asked = promisify(execFile)('/bin/sh', ['-c', 'test -x "$1"', 'sh', resolve(folder)], {
    ...runAs(user),
    cwd: '/',
    env: {},
  });
  return asked.then(
    () => true,
    () => false,
  );
}

/** Replaces a small file in one step, for `owner`. Never follows a link that somebody laid in its place. */
export async function writeWhole(
  path: string,
  text: string,
  mode: number,
  owner: { uid: number; gid: number } | null,
): Promise<void> {
  const fresh = `${path}.new-${randomBytes(6).toString('hex')}`;
  try {
    const file = await open(fresh, 'wx', mode);
    try {
      await file.writeFile(text);
      if (owner && process.getuid?.() === 0) await file.chown(owner.uid, owner.gid);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, path);
  } finally {
    await rm(fresh, { force: true });
  }
}

/** Half-made homes of processes that were killed while making one. */
export async function sweepHalfMade(home: Home): Promise<void> {
  const parent = dirname(home.path);
  for (const name of await readdir(parent).catch(() => [])) {
    if (!name.startsWith(`${basename(home.path)}.new-`)) continue;
    const made = await stat(join(parent, name)).catch(() => null);
    if (made && Date.now() - made.mtimeMs > 600_000) await rm(join(parent, name), { recursive: true, force: true });
  }
}
