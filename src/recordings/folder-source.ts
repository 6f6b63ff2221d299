/** Recordings in a folder of this machine: beside the PBX, or mounted. */
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { SourceFailure } from './ports.js';
import type { Source } from './ports.js';

export function openFolder(root: string): Source {
  /** The file as it really lies; a link that leads out of the root is not there. */
  async function place(path: string): Promise<string | null> {
    const base = await realpath(root).catch((error: unknown) => {
      throw new SourceFailure(`the folder ${root} cannot be read (${codeOf(error)})`, { cause: error });
    });
    const real = await realpath(join(base, path)).catch((error: unknown) => {
      if (isMissing(error)) return null;
      throw new SourceFailure(`${path} cannot be read (${codeOf(error)})`, { cause: error });
    });
    return real?.startsWith(base === sep ? sep : `${base}${sep}`) ? real : null;
  }

  return {
    async stat(path) {
      const real = await place(path);
      if (real === null) return null;
      try {
        const found = await stat(real);
        return found.isFile() ? { bytes: found.size, modifiedAt: found.mtimeMs } : null;
      } catch (error) {
        if (isMissing(error)) return null;
        throw new SourceFailure(`${path} cannot be read (${codeOf(error)})`, { cause: error });
      }
    },
    async read(path, range) {
      const real = await place(path);
      if (real === null) throw new SourceFailure(`${path} is not there any more`);
      return createReadStream(real, range ?? {});
    },
    isOpen: () => true,
    close: () => undefined,
  };
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code ?? error);
}

function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(codeOf(error));
}
