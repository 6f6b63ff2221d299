import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openCluster } from '../../src/db/embedded/cluster.js';
import { startEngine } from '../../src/db/embedded/engine.js';
import type { Engine, Role } from '../../src/db/embedded/engine.js';
import { findHome } from '../../src/db/embedded/home.js';
import { databaseUser, runAs } from '../../src/db/embedded/os-user.js';
import { openDatabase } from '../../src/db/engine.js';
import { createLogger } from '../../src/platform/log.js';
import { query, runningPid, startProcess, withCopyOf, withDataDir } from '../support/embedded.js';

// Processes are started and killed many times here; on a busy machine each takes its time.
vi.setConfig({ testTimeout: 120_000 });
const log = createLogger('silent');
/** As safe as an ordinary one against killed processes, which is what is tried here. */
const fast = { fast: true, settings: { fsync: 'off' } };

function start(dataDir: string, role: Role = 'daemon', more: { port?: number } = {}): Promise<Engine> {
  return startEngine({ dataDir, ...fast, ...more }, role, log);
}

/** A data directory with a stopped database, which most tests copy: making one takes over a second. */
let made: string;
beforeAll(async () => {
  made = await mkdtemp(join(tmpdir(), 'trunkline-made-'));
  await (await start(made)).stop();
});
afterAll(() => rm(made, { recursive: true, force: true }));

test('it is made, listens on the loopback address only, wants its password, and stops', async () => {
  await withDataDir(async (dataDir) => {
    const engine = await start(dataDir);
    expect(engine.adopted).toBe(false);
    const { rows } = await query(
      engine.url,
      `SELECT current_setting('listen_addresses') AS address, current_setting('unix_socket_directories') AS sockets, current_setting('password_encryption') AS passwords`,
    );
    expect(rows[0]).toEqual({ address: '127.0.0.1', sockets: '', passwords: 'scram-sha-256' });
    const wrong = new URL(engine.url);
    wrong.password = 'guessed';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((one) => one && !one.internal && one.family === 'IPv4');
    if (outside) {
      const elsewhere = new URL(engine.url);
      elsewhere.hostname = outside.address;
      await expect(query(elsewhere.href, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    }
    const home = (await findHome(dataDir))!;
    expect((await stat(join(home.path, 'password'))).mode & 0o777).toBe(0o600);
    expect(home.owner?.uid).not.toBe(0);
    const pid = await runningPid(dataDir);
    const owner = await stat(`/proc/${pid}`);
    expect(owner.uid).toBe(home.owner?.uid);
    expect(await readFile(`/proc/${pid}/environ`, 'utf8')).not.toContain('VITEST');
    expect(await engine.stop()).toBe(true);
    expect(await runningPid(dataDir)).toBeNull();
  });
});

test('rows, password and port are the same after a stop and a start', async () => {
  await withCopyOf(made, async (dataDir) => {
    const first = await start(dataDir);
    await query(first.url, 'CREATE TABLE kept AS SELECT 7 AS seven');
    await first.stop();
    const second = await start(dataDir);
    expect(second.url).toBe(first.url);
    expect((await query(second.url, 'SELECT * FROM kept')).rows).toEqual([{ seven: 7 }]);
    await second.stop();
  });
});

test('what a killed daemon left running is adopted, and stopped by the next one', async () => {
  await withCopyOf(made, async (dataDir) => {
    const killed = await startProcess(dataDir, 'daemon');
    await query(killed.url, 'CREATE TABLE kept AS SELECT 7 AS seven');
    const pid = await runningPid(dataDir);
    await killed.kill();
    const next = await start(dataDir);
    expect([next.adopted, await runningPid(dataDir)]).toEqual([true, pid]);
    expect((await query(next.url, 'SELECT * FROM kept')).rows).toEqual([{ seven: 7 }]);
    expect(await next.stop()).toBe(true);
    expect(await runningPid(dataDir)).toBeNull();
  });
});

test('after a kill of both it recovers, although a stranger has its process number by now', async () => {
  await withCopyOf(made, async (dataDir) => {
    const killed = await startProcess(dataDir, 'daemon');
    await query(killed.url, 'CREATE TABLE kept AS SELECT 7 AS seven');
    process.kill((await runningPid(dataDir))!, 'SIGKILL');
    await killed.kill();
    const home = (await findHome(dataDir))!;
    // Of the same user: PostgreSQL by itself would take it for the postmaster and refuse to start.
    const stranger = spawn('sleep', ['60'], { ...runAs(await databaseUser(home.owner)), stdio: 'ignore' });
    try {
      const path = join(home.cluster, 'postmaster.pid');
      await writeFile(path, (await readFile(path, 'utf8')).replace(/^\d+/, String(stranger.pid)));
      const next = await start(dataDir);
      expect(next.adopted).toBe(false);
      expect((await query(next.url, 'SELECT * FROM kept')).rows).toEqual([{ seven: 7 }]);
      await next.stop();
      expect(stranger.exitCode).toBeNull();
    } finally {
      stranger.kill();
      await once(stranger, 'exit');
    }
  });
});

test('a remembered port that is taken gives way to a free one; a demanded one is refused by name', async () => {
  await withCopyOf(made, async (dataDir) => {
    const first = await start(dataDir);
    await first.stop();
    const port = Number(new URL(first.url).port);
    const thief = createServer();
    await new Promise<void>((resolve) => thief.listen(port, '127.0.0.1', resolve));
    try {
      await expect(start(dataDir, 'daemon', { port })).rejects.toMatchObject({
        code: 'DB_EMBEDDED_PORT_TAKEN',
        message: expect.stringContaining(String(port)) as string,
      });
      const second = await start(dataDir);
      expect(new URL(second.url).port).not.toBe(String(port));
      await second.stop();
      expect((await readFile(join((await findHome(dataDir))!.path, 'port'), 'utf8')).trim()).toBe(
        new URL(second.url).port,
      );
    } finally {
      await new Promise((resolve) => thief.close(resolve));
    }
  });
});

test('processes that start at once on an empty folder end with one and the same database', async () => {
  await withDataDir(async (dataDir) => {
    const both = await Promise.all([startProcess(dataDir, 'daemon'), start(dataDir)]);
    expect(new Set(both.map(({ url }) => url)).size).toBe(1);
    expect(both.map(({ adopted }) => adopted).sort()).toEqual([false, true]);
    const stopped = await Promise.all(both.map((one) => one.stop()));
    expect(stopped.filter(Boolean)).toHaveLength(1);
    expect(await runningPid(dataDir)).toBeNull();
  });
});

test('of several that use it, those that leave first leave it running, and of two that leave at once one stops it', async () => {
  await withCopyOf(made, async (dataDir) => {
    const [first, second, third] = await Promise.all([start(dataDir), start(dataDir), start(dataDir)]);
    expect(await first.stop()).toBe(false);
    expect((await query(third.url, 'SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    const stopped = await Promise.all([second.stop(), third.stop()]);
    expect(stopped.filter(Boolean)).toHaveLength(1);
    expect(await runningPid(dataDir)).toBeNull();
  });
});

test('a command attaches to a running one and leaves it; what it started itself it stops, unless a daemon came', async () => {
  await withCopyOf(made, async (dataDir) => {
    const daemon = await start(dataDir);
    const command = await start(dataDir, 'guest');
    expect([command.adopted, await command.stop()]).toEqual([true, false]);
    expect(await daemon.stop()).toBe(true);

    const alone = await start(dataDir, 'guest');
    expect([alone.adopted, await alone.stop()]).toEqual([false, true]);

    const before = await start(dataDir, 'guest');
    const late = await start(dataDir);
    expect(await before.stop()).toBe(false);
    expect((await query(late.url, 'SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    expect(await late.stop()).toBe(true);
  });
});

test('a start in the very moment in which the last user stops it works', async () => {
  await withCopyOf(made, async (dataDir) => {
    let current = await start(dataDir);
    for (let round = 0; round < 4; round += 1) {
      const [, next] = await Promise.all([current.stop(), start(dataDir)]);
      expect((await query(next.url, 'SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
      current = next;
    }
    await current.stop();
  });
});

test('a database that dies under the daemon comes back on the same port, and the pool goes on', async () => {
  await withCopyOf(made, async (dataDir) => {
    const database = await openDatabase({ databaseUrl: null, dataDir }, log, { role: 'daemon', embedded: fast });
    try {
      await database.pool.query(`INSERT INTO leases (kind, key, holder, expires_at) VALUES ('pbx', 'a', 'me', now())`);
      process.kill((await runningPid(dataDir))!, 'SIGKILL');
      await vi.waitFor(() => expect(database.state()).toBe('restarting'), { timeout: 10_000, interval: 5 });
      await vi.waitFor(() => expect(database.state()).toBe('running'), { timeout: 20_000 });
      expect((await database.pool.query('SELECT key FROM leases')).rows).toEqual([{ key: 'a' }]);
    } finally {
      await database.stop();
    }
    expect(await runningPid(dataDir)).toBeNull();
  });
});

test('a program that cannot be run rejects with a code, and nothing else is heard of it', async () => {
  await withCopyOf(made, async (dataDir) => {
    const cluster = await openCluster({ dataDir, ...fast });
    await cluster.stop();
    await expect(openCluster({ dataDir, settings: { no_such_setting: '1' } })).rejects.toMatchObject({
      code: 'DB_EMBEDDED_FAILED',
      message: expect.stringContaining('no_such_setting') as string,
    });
  });
});

test('the clients of one embedded database may use all that PostgreSQL offers: notifications and skipped locks', async () => {
  await withCopyOf(made, async (dataDir) => {
    const engine = await start(dataDir);
    const [one, two] = [
      new pg.Client({ connectionString: engine.url }),
      new pg.Client({ connectionString: engine.url }),
    ];
    await Promise.all([one.connect(), two.connect()]);
    try {
      const heard = once(one, 'notification');
      await one.query('LISTEN trunkline_inbox');
      await two.query(`NOTIFY trunkline_inbox, 'x'; CREATE TABLE work AS SELECT generate_series(1, 2) AS id`);
      expect((await heard)[0]).toMatchObject({ payload: 'x' });
      await one.query('BEGIN; SELECT id FROM work ORDER BY id LIMIT 1 FOR UPDATE');
      expect((await two.query('SELECT id FROM work ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED')).rows).toEqual([
        { id: 2 },
      ]);
    } finally {
      await Promise.all([one.end(), two.end()]);
      await engine.stop();
    }
  });
});
