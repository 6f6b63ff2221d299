/** Recordings on the PBX's host, by SFTP. One session serves several files. */
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { SftpRefusal } from '../platform/sftp.js';
import type { Sftp } from '../platform/sftp.js';
import { openSsh } from '../platform/ssh.js';
import type { HostKeys, SshTarget } from '../platform/ssh.js';
import { SourceFailure } from './ports.js';
import type { Source } from './ports.js';

export async function openSftp(target: SshTarget, root: string, keys: HostKeys, signal: AbortSignal): Promise<Source> {
  const session = await openSsh(target, keys, signal);
  try {
    const files = await session.sftp();
    const real = await files.realPath(root);
    if (real === null) throw new SourceFailure(`there is no folder ${root}`);
    return { ...under(real, files), isOpen: () => files.isOpen(), close: () => session.close() };
  } catch (error) {
    session.close();
    throw error instanceof SftpRefusal ? failure(root, error) : error;
  }
}

function under(root: string, files: Sftp): Pick<Source, 'stat' | 'read'> {
  /** A link that leads out of the root is not there. */
  async function place(path: string): Promise<string | null> {
    const found = await files.realPath(posix.join(root, path));
    return found?.startsWith(root === '/' ? '/' : `${root}/`) ? found : null;
  }

  async function* bytesOf(path: string, found: string, range?: { start: number; end: number }) {
    try {
      yield* files.read(found, range?.start ?? 0, range && range.end + 1);
    } catch (error) {
      throw failure(path, error);
    }
  }

  return {
    async stat(path) {
      try {
        const found = await place(path);
        const stats = found === null ? null : await files.stat(found);
        return stats?.isFile ? { bytes: stats.bytes, modifiedAt: stats.modifiedAt } : null;
      } catch (error) {
        throw failure(path, error);
      }
    },
    async read(path, range) {
      const found = await place(path).catch((error: unknown) => {
        throw failure(path, error);
      });
      if (found === null) throw new SourceFailure(`${path} is not there any more`);
      return Readable.from(bytesOf(path, found, range), { objectMode: false });
    },
  };
}

function failure(path: string, error: unknown): SourceFailure {
  if (error instanceof SourceFailure) return error;
  return new SourceFailure(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  });
}
