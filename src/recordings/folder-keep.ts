/** Recordings in the data folder. A file appears under its name when it is whole. */
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Keep } from './ports.js';

export function keepInFolder(folder: string): Keep {
  const place = (key: string) => join(folder, key);
  return {
    kind: 'folder',
    async put(key, file) {
      const to = place(key);
      await mkdir(dirname(to), { recursive: true, mode: 0o750 });
      try {
        await rename(file, to);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
        await copyFile(file, `${to}.part`);
        await rename(`${to}.part`, to);
      }
    },
    async open(key, range) {
      if ((await this.size(key)) === null) return null;
      return createReadStream(place(key), range ?? {});
    },
    async size(key) {
      try {
        return (await stat(place(key))).size;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw error;
      }
    },
    remove: (key) => rm(place(key), { force: true }),
  };
}
