import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { TrunklineError } from '../../platform/errors.js';

const run = promisify(execFile);

/** Who the database's processes run as. PostgreSQL refuses root, so root drops to `name`. */
export interface OsUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** True when that is who we are already: nothing has to be dropped, given or copied. */
  readonly self: boolean;
}

const OWN_USER = 'trunkline';
/** useradd and id may be missing from the short PATH of a service or a cron job. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`;

/** Options of spawn and execFile that make a child run as `user`. */
export function runAs(user: OsUser): { uid?: number; gid?: number } {
  return user.self ? {} : { uid: user.uid, gid: user.gid };
}

/**
 * Ourselves, unless we are root. Root takes the owner of a cluster that stands already, else the user `trunkline`, made
 * if there is none, else `postgres` where users cannot be made.
 * @throws TrunklineError DB_EMBEDDED_NO_USER
 */
export async function databaseUser(clusterOwner: { uid: number; gid: number } | null): Promise<OsUser> {
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  if (uid !== 0) {
    if (clusterOwner && clusterOwner.uid !== uid) {
      throw new TrunklineError(
        'DB_EMBEDDED_NO_USER',
        `The embedded database belongs to the user with id ${clusterOwner.uid}, and this process runs as ${uid}. Run it as that user or as root.`,
      );
    }
    return { name: String(uid), uid, gid, self: true };
  }
  if (clusterOwner && clusterOwner.uid !== 0) return { name: String(clusterOwner.uid), ...clusterOwner, self: false };
  const known = (await lookUp(OWN_USER)) ?? (await make(OWN_USER)) ?? (await lookUp('postgres'));
  if (known) return known;
  throw new TrunklineError(
    'DB_EMBEDDED_NO_USER',
    'PostgreSQL does not run as root, there is no user "trunkline" or "postgres", and none could be made. ' +
      'Make one (useradd --system trunkline), run Trunkline as an ordinary user, or set DATABASE_URL.',
  );
}

async function lookUp(name: string): Promise<OsUser | null> {
  try {
    const [uid, gid] = await Promise.all(
      ['-u', '-g'].map(async (what) => Number((await run('id', [what, name], { env: { PATH } })).stdout)),
    );
    if (!uid || !Number.isInteger(uid) || gid === undefined || !Number.isInteger(gid)) return null;
    return { name, uid, gid, self: false };
  } catch {
    return null;
  }
}

/** Two processes that start at once may both try; the one that is refused finds the other's user. */
async function make(name: string): Promise<OsUser | null> {
  const flags = ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent'];
  for (let attempt = 0; attempt < 5; attempt += 1) {
    try {
      await run('useradd', [...flags, '--shell', '/usr/sbin/nologin', name], { env: { PATH } });
    } catch {
      await delay(200);
    }
    const made = await lookUp(name);
    if (made) return made;
  }
  return null;
}
