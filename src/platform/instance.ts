/**
 * Who this daemon is. Its data directory gives it a lasting id, and a lock makes sure that one process at a time uses it:
 * so a new boot knows that leases of an earlier boot are a dead process's, and takes them at once.
 *
 * The lock is a listening abstract socket named after the directory: the kernel frees it with the process, kill -9 included.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import { TrunklineError } from './errors.js';

export interface Instance {
  id: string;
  /** `<id>#<boot>`: unique for each run. */
  holder: string;
  release(): Promise<void>;
}

/** @throws TrunklineError CONFIG_INVALID when another process uses the data directory. */
export async function claimInstance(dataDir: string): Promise<Instance> {
  await mkdir(dataDir, { recursive: true });
  const server = await lock(await realpath(dataDir));
  const id = await readOrMakeId(join(dataDir, 'instance-id'));
  return {
    id,
    holder: `${id}#${randomUUID()}`,
    release: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function lock(dir: string): Promise<net.Server> {
  const name = `\0trunkline-${createHash('sha256').update(dir).digest('hex').slice(0, 32)}`;
  return new Promise((resolve, reject) => {
    const server = net.createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(taken ? new TrunklineError('CONFIG_INVALID', `another trunkline uses the data directory ${dir}`) : error);
    });
    server.listen(name, () => {
      server.unref();
      resolve(server);
    });
  });
}

async function readOrMakeId(file: string): Promise<string> {
  try {
    const id = (await readFile(file, 'utf8')).trim();
    if (/^[0-9a-f-]{36}$/.test(id)) return id;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const id = randomUUID();
  await writeFile(file, `${id}\n`, { mode: 0o600 });
  return id;
}
