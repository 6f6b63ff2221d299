import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { expect, test } from 'vitest';
import { TrunklineError } from '../../src/platform/errors.js';
import { openDatabase } from '../../src/db/engine.js';
import { CommitUnknown, databaseFailure, isConnectionFailure } from '../../src/db/failure.js';
import { createPool } from '../../src/db/pool.js';
import { inTransaction } from '../../src/db/tx.js';
import { createLogger } from '../../src/platform/log.js';
import { asAdmin, withDb } from '../support/db.js';

const log = createLogger('silent');

async function cutAll(database: string): Promise<void> {
  await asAdmin((admin) =>
    admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [database]),
  );
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => null,
    (error: unknown) => error,
  );
}

test('connections cut while idle, in a statement and between two statements reject, and the next statement works', async () => {
  await withDb(async ({ pool, name }) => {
    await pool.query('SELECT 1');
    await cutAll(name);
    const asleep = failureOf(inTransaction(pool, (tx) => tx.query('SELECT pg_sleep(60)')));
    const between = failureOf(
      inTransaction(pool, async (tx) => {
        await cutAll(name);
        await new Promise((resolve) => setTimeout(resolve, 200));
        await tx.query('SELECT 1');
      }),
    );
    for (const error of await Promise.all([asleep, between])) expect(isConnectionFailure(error)).toBe(true);
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });
});

test('a connection cut during COMMIT is told as unknown, for it may have happened', async () => {
  await withDb(async ({ pool }) => {
    await pool.query('CREATE TABLE slow (id integer)');
    // Cuts its own connection while the commit is on its way.
    await pool.query(
      `CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$`,
    );
    await pool.query(
      'CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cut()',
    );
    const error = await failureOf(inTransaction(pool, (tx) => tx.query('INSERT INTO slow VALUES (1)')));
    expect(error).toBeInstanceOf(CommitUnknown);
    expect(isConnectionFailure(error)).toBe(true);
  });
});

test('a transaction whose failed statement was swallowed does not pass for committed', async () => {
  await withDb(async ({ pool }) => {
    const error = await failureOf(
      inTransaction(pool, async (tx) => {
        await tx.query('SELECT 1 / 0').catch(() => undefined);
      }),
    );
    expect(String(error)).toContain('rolled back');
    expect(databaseFailure(error)).toBe('other');
  });
});

test('what the database says is sorted into away, full and wrong', async () => {
  const nobody = createPool('postgres://nobody@127.0.0.1:1/none', { max: 1 });
  expect(databaseFailure(await failureOf(nobody.query('SELECT 1')))).toBe('connection');
  await nobody.end();
  const named = createPool('postgres://nobody@no-such-host.invalid/none', { max: 1 });
  expect(databaseFailure(await failureOf(named.query('SELECT 1')))).toBe('connection');
  await named.end();
  await withDb(async ({ pool }) => {
    expect(databaseFailure(await failureOf(pool.query('SELECT 1 / 0')))).toBe('other');
    for (const state of ['53100', '57P01', '57P03', '08006', '53300', '23505']) {
      const error = await failureOf(
        pool.query(`DO $$ BEGIN RAISE EXCEPTION 'said so' USING ERRCODE = '${state}'; END $$`),
      );
      expect([state, databaseFailure(error)]).toEqual([
        state,
        state === '53100' ? 'disk-full' : state === '23505' ? 'other' : 'connection',
      ]);
    }
    const wrapped = new TrunklineError('DB_MIGRATION_FAILED', 'x', {
      cause: Object.assign(new Error('full'), { code: '53100' }),
    });
    expect(databaseFailure(wrapped)).toBe('disk-full');
  });
});

test('a server that accepts and never answers is away as well', async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => void sockets.push(socket));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const pool = createPool(`postgres://nobody@127.0.0.1:${(silent.address() as AddressInfo).port}/none`, {
    max: 1,
    connectMs: 200,
  });
  try {
    expect(databaseFailure(await failureOf(pool.query('SELECT 1')))).toBe('connection');
  } finally {
    await pool.end();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
  }
});

test('the daemon opens a database that is away, and is ready once it comes; a command is told at once', async () => {
  await withDb(
    async ({ url }) => {
      // A port where nobody listens until the relay does.
      const relay = createServer();
      await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
      const { port } = relay.address() as AddressInfo;
      await new Promise((resolve) => relay.close(resolve));
      const target = new URL(url);
      const away = new URL(url);
      away.port = String(port);
      const config = { databaseUrl: away.href, dataDir: '/nonexistent' };
      await expect(openDatabase(config, log)).rejects.toMatchObject({ code: 'DB_UNREACHABLE' });

      const database = await openDatabase(config, log, { role: 'daemon' });
      const { connect } = await import('node:net');
      const sockets = new Set<Socket>();
      const server = createServer((socket) => {
        const onward = connect(Number(target.port), '127.0.0.1');
        for (const [one, other] of [
          [socket, onward],
          [onward, socket],
        ] as const) {
          sockets.add(one);
          one.on('error', () => other.destroy());
          one.on('close', () => other.destroy());
          one.pipe(other);
        }
      });
      try {
        expect(database.schema).toBeNull();
        expect(databaseFailure(await failureOf(database.pool.query('SELECT 1')))).toBe('connection');
        await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
        expect(await database.ready).toBe('public');
        expect((await database.pool.query('SELECT count(*)::integer AS count FROM deliveries')).rows).toEqual([
          { count: 0 },
        ]);
      } finally {
        await database.stop();
        for (const socket of sockets) socket.destroy();
        await new Promise((resolve) => server.close(resolve));
      }
    },
    { empty: true },
  );
});

test('an address that cannot be read is refused without quoting it', async () => {
  const error = await failureOf(
    openDatabase({ databaseUrl: 'postgres://user:hidden-word@[bad', dataDir: '/nonexistent' }, log),
  );
  expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('hidden-word');
});
