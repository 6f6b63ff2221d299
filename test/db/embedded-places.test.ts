import { chmod, cp, mkdir, mkdtemp, rm, stat, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { packaged, runnableBinaries } from '../../src/db/embedded/binaries.js';
import { startEngine } from '../../src/db/embedded/engine.js';
import { failureFrom } from '../../src/db/embedded/failure.js';
import { SHARED_ROOT, findHome } from '../../src/db/embedded/home.js';
import { databaseUser } from '../../src/db/embedded/os-user.js';
import { createLogger } from '../../src/platform/log.js';
import { query, runningPid, withDataDir } from '../support/embedded.js';

vi.setConfig({ testTimeout: 120_000 });
const log = createLogger('silent');
const fast = { fast: true, settings: { fsync: 'off' } };
const asRoot = process.getuid?.() === 0;

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-places-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test.runIf(asRoot)(
  'root in a closed folder: the cluster goes where its user may write, and is found again there',
  async () => {
    await withFolder(async (closed) => {
      // Two levels, both of root alone, as a checkout under /root is.
      await mkdir(join(closed, 'clone'), { mode: 0o700 });
      await withDataDir(
        async (dataDir) => {
          const first = await startEngine({ dataDir, ...fast }, 'daemon', log);
          await query(first.url, 'CREATE TABLE kept AS SELECT 7 AS seven');
          const home = (await findHome(dataDir))!;
          expect(dirname(home.path)).toBe(SHARED_ROOT);
          expect((await stat(closed)).mode & 0o777).toBe(0o700);
          await first.stop();
          const second = await startEngine({ dataDir, ...fast }, 'daemon', log);
          expect((await query(second.url, 'SELECT * FROM kept')).rows).toEqual([{ seven: 7 }]);
          await second.stop();
          expect(await runningPid(dataDir)).toBeNull();
        },
        join(closed, 'clone'),
      );
    });
  },
);

test.runIf(asRoot)(
  'root with a data directory of its own in an open folder lets the database through it, and nobody else',
  async () => {
    await withDataDir(async (dataDir) => {
      const engine = await startEngine({ dataDir, ...fast }, 'daemon', log);
      await engine.stop();
      const home = (await findHome(dataDir))!;
      expect(home.path).toBe(join(dataDir, 'postgres'));
      const found = await stat(dataDir);
      expect([found.uid, found.gid, found.mode & 0o777]).toEqual([0, home.owner?.gid, 0o710]);
    });
  },
);

test('programs that cannot be run where they lie are copied to where they can', async () => {
  await withFolder(async (folder) => {
    const { root } = packaged();
    const broken = join(folder, 'closed', 'native');
    await cp(root, broken, { recursive: true, verbatimSymlinks: true });
    // As after an install without install scripts; and, for root, in a folder that the database's user cannot enter.
    for (const link of ['libicuuc.so.60', 'libicui18n.so.60', 'libpq.so.5']) await unlink(join(broken, 'lib', link));
    const user = await databaseUser(null);
    const open = join(folder, asRoot ? '' : 'open');
    const copyTo = asRoot ? await mkdtemp(join('/var/lib', 'trunkline-places-')) : open;
    try {
      const binaries = await runnableBinaries(user, copyTo, { root: broken, version: '0' }).catch(
        (error: unknown) => error,
      );
      if (asRoot) {
        // mkdtemp made the folder for root alone, so the copy is closed as well: it says so, naming both places.
        expect(binaries).toMatchObject({
          code: 'DB_EMBEDDED_FAILED',
          message: expect.stringContaining(copyTo) as string,
        });
        await chmod(copyTo, 0o755);
        expect(await runnableBinaries(user, copyTo, { root: broken, version: '0' })).toEqual({
          initdb: join(copyTo, 'bin-0', 'bin', 'initdb'),
          postgres: join(copyTo, 'bin-0', 'bin', 'postgres'),
        });
      } else {
        expect(binaries).toMatchObject({ postgres: join(open, 'bin-0', 'bin', 'postgres') });
      }
    } finally {
      if (asRoot) await rm(copyTo, { recursive: true, force: true });
    }
  });
});

test('what PostgreSQL says when it cannot start becomes the code an operator looks up', () => {
  const said = {
    DB_EMBEDDED_DISK_FULL: 'initdb: error: could not write to file "x/pg_wal/xlogtemp.31": No space left on device',
    DB_EMBEDDED_PORT_TAKEN:
      'LOG:  could not bind IPv4 address "127.0.0.1": Address already in use\nFATAL:  could not create any TCP/IP sockets',
    DB_EMBEDDED_FAILED: 'FATAL:  data directory "x" has wrong ownership',
  };
  for (const [code, text] of Object.entries(said)) {
    expect(failureFrom(text, 'Doing it')).toMatchObject({
      code,
      message: expect.stringContaining(text.split('\n').at(-1) ?? '') as string,
    });
  }
});
