import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDb, type TestDb } from '../support/db.js';
import { freePort } from '../support/free-port.js';
import { until } from '../support/until.js';
import { NUMBER, openGround } from './ground.js';

let db: TestDb;
let dataDir: string;
beforeEach(async () => {
  db = await createTestDb();
  dataDir = await mkdtemp(join(tmpdir(), 'trunkline-old-'));
});
afterEach(async () => {
  await db.drop();
  await rm(dataDir, { recursive: true });
});

test('all that can be removed is, whatever stands before it cannot; that is told once, and tried again', async () => {
  await old('gone', { count: 300, keptIn: 's3', daysAgo: 9 });
  await old('stuck', { count: 230, keptIn: 'folder', daysAgo: 8 });
  await old('late', { count: 450, keptIn: 'folder', daysAgo: 7 });
  const stuck = Array.from({ length: 230 }, (_, n) => fileOf('stuck', n + 1));
  // No file, so it cannot be removed as one.
  for (const path of stuck) await mkdir(path, { recursive: true });
  await mkdir(join(dataDir, 'recordings', 'late'));
  for (let n = 1; n <= 450; n += 1) await writeFile(fileOf('late', n), 'x');
  {
    await using ground = await openGround({ db, dataDir });
    await until('all of them to be removed', async () => (await removed('late')) === 450);
    expect(await readdir(join(dataDir, 'recordings', 'late'))).toEqual([]);
    await until('what could not be to be told', () => told(ground.log).length === 2);
    expect(told(ground.log).toSorted((a, b) => a.place.localeCompare(b.place))).toEqual([
      expect.objectContaining({ place: 'folder', count: 230, why: 'ERR_FS_EISDIR' }),
      expect.objectContaining({ place: 's3', count: 300, why: 'nothing is set for this place' }),
    ]);
    expect([await removed('stuck'), await removed('gone')]).toEqual([0, 0]);
  }
  for (const path of stuck) await rm(path, { recursive: true });
  await using _later = await openGround({ db, dataDir });
  await until('the others to be removed', async () => (await removed('stuck')) === 230);
  expect(await removed('gone')).toBe(0);
});

test('a store that is away keeps nothing in the folder', async () => {
  await old('away', { count: 250, keptIn: 's3', daysAgo: 9 });
  await old('near', { count: 3, keptIn: 'folder', daysAgo: 1 });
  const s3 = {
    endpoint: `http://127.0.0.1:${await freePort()}`,
    region: 'eu-1',
    bucket: 'rec',
    accessKeyId: 'key-1',
    secretAccessKey: 'secret-of-the-store-0001',
  };
  await using ground = await openGround({ db, dataDir, config: { s3 } });
  await until('those in the folder to be removed', async () => (await removed('near')) === 3);
  await until('the store to be told of', () => told(ground.log).length === 1);
  expect(told(ground.log)).toMatchObject([{ place: 's3', count: 1, why: /ECONNREFUSED/ }]);
  expect(ground.log.filter((line) => line.includes(s3.secretAccessKey))).toEqual([]);
});

test('a daemon that stops leaves the rest', async () => {
  await old('many', { count: 1_500, keptIn: 'folder', daysAgo: 1 });
  const began = await openGround({ db, dataDir });
  await until('some to be removed', async () => (await removed('many')) > 0);
  await began[Symbol.asyncDispose]();
  expect(await removed('many')).toBeLessThan(1_500);
  await using _again = await openGround({ db, dataDir });
  await until('all to be removed', async () => (await removed('many')) === 1_500);
});

function fileOf(name: string, n: number): string {
  return join(dataDir, 'recordings', name, `${n}.wav`);
}

/** Kept so long ago that they are to go. */
async function old(name: string, { count, keptIn, daysAgo }: { count: number; keptIn: string; daysAgo: number }) {
  await db.pool.query(
    `INSERT INTO recordings (enterprise_number, call_id, pbx, unique_id, state, stored_as, kept_in, bytes, keep_until, due_at)
     SELECT $1, gen_random_uuid(), 'webhook/0367', $2 || n, 'ready', $2 || '/' || n || '.wav', $3, 1, now() - $4 * interval '1 day', NULL
       FROM generate_series(1, $5) n`,
    [NUMBER, name, keptIn, daysAgo, count],
  );
}

async function removed(name: string): Promise<number> {
  const { rows } = await db.pool.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM recordings WHERE state = 'removed' AND stored_as LIKE $1 || '/%'`,
    [name],
  );
  return rows[0]?.n ?? 0;
}

function told(log: readonly string[]) {
  return log
    .map((line) => JSON.parse(line) as { msg: string; place: string; count: number; why: string })
    .filter(({ msg }) => msg === 'old recordings could not be removed');
}
