import { createTRPCClient, createWSClient, httpSubscriptionLink, wsLink } from '@trpc/client';
import { EventSource } from './event-source.js';
import { WebSocket } from 'ws';
import { describe, expect, it } from 'vitest';
import { endOfLog, liveLog, readCursor, written } from '../../src/admin/live-log.js';
import type { Cursor, ReadNew } from '../../src/admin/live-log.js';
import { databaseTime, newInLog } from '../../src/admin/logs-store.js';
import type { AppRouter } from '../../src/admin/router.js';
import { withDb } from '../support/db.js';
import type { TestDb } from '../support/db.js';
import { startTestApp } from '../support/test-app.js';
import { until } from '../support/until.js';
import { callerOf, oldUser } from './admin-client.js';
import { enterpriseEntryOf } from './enterprises.js';

const INSERT = `INSERT INTO integration_logs (enterprise_number, integration_type, event_type, status, phone)
  VALUES ($1, 'retailcrm', 'start', 'success', $2) RETURNING id`;

async function add(db: Pick<TestDb, 'pool'>, phone: string, enterprise = '0367'): Promise<string> {
  return (await db.pool.query<{ id: string }>(INSERT, [enterprise, phone])).rows[0]?.id ?? '';
}

describe('the live log has no gaps', () => {
  it('shows each line once, though transactions end in another order than they began and the reader breaks off anywhere', () =>
    withDb(
      async (db) => {
        const given: string[] = [];
        const read: ReadNew = (since, after, limit) => newInLog(db.pool, { enterprise: '0367' }, since, after, limit);
        const now = () => databaseTime(db.pool);
        const ending = new AbortController();
        await add(db, 'before anybody looked');
        let cursor = written(await endOfLog({ read, now }));

        /** Reads until it has had `count` lines, then breaks off; whoever is next goes on behind the last one. */
        async function readSome(count: number): Promise<void> {
          const lines = liveLog({
            read,
            now,
            from: readCursor(cursor) as Cursor,
            wait: () => new Promise((resolve) => setTimeout(resolve, 5)),
            signal: ending.signal,
          });
          let left = count;
          for await (const { id, row } of lines) {
            cursor = id;
            given.push(row.id);
            if (--left === 0) return;
          }
        }

        /** The first line of this one is older than whatever comes while it is open. */
        const slow = await db.pool.connect();
        await slow.query('BEGIN');
        const early = (await slow.query<{ id: string }>(INSERT, ['0367', 'early'])).rows[0]?.id ?? '';
        const first = readSome(1);
        await new Promise((resolve) => setTimeout(resolve, 50));
        const expected = [await add(db, 'one')];
        await first;
        for (const phone of ['two', 'three', 'four']) expected.push(await add(db, phone));
        await add(db, 'of somebody else', '0368');
        await readSome(2);
        await slow.query('COMMIT');
        slow.release();
        expected.push(early, await add(db, 'five'));
        await readSome(3);
        expect([...given].sort()).toEqual([...expected].sort());
        expect(new Set(given).size).toBe(given.length);

        const many = await Promise.all(Array.from({ length: 450 }, (_, i) => add(db, `many ${i}`)));
        for (let left = many.length; left > 0; left -= 75) await readSome(75);
        expect([...given].sort()).toEqual([...expected, ...many].sort());
        ending.abort();
      },
      { max: 8 },
    ));

  it('writes its place as text and reads it back, and takes no other text for one', () => {
    const seen = new Map(
      ['9007199254740993', '12', '9007199254740999'].map((id) => [id, '2026-01-02T03:04:05.678901Z']),
    );
    const text = written({ since: '2026-01-02T03:04:05.000001Z', seen });
    expect([...(readCursor(text)?.seen.keys() ?? [])]).toEqual(['12', '9007199254740993', '9007199254740999']);
    for (const other of [
      '',
      '~',
      'yesterday~1',
      '2026-01-02T03:04:05.678901Z~;',
      `${text}~`,
      '2026-13-02T03:04:05.678901Z~',
    ])
      expect(readCursor(other), other).toBeNull();
  });

  it.each(['a WebSocket', 'SSE'] as const)(
    'goes on over %s after the line was cut and the daemon was another one, and ends when its session does',
    async (way) => {
      let running = await startTestApp({ enterprises: [enterpriseEntryOf('0367')] });
      const { db, config } = running;
      const token = await oldUser(db, '0367');
      const headers = { cookie: `session_token=${token}` };
      const given: string[] = [];
      const errors: string[] = [];
      const at = () => running.app.url;
      class Socket extends WebSocket {
        constructor(url: string) {
          super(url, { headers });
        }
      }
      const socket = createWSClient({
        url: () => `${at().replace('http', 'ws')}/trpc`,
        WebSocket: Socket as never,
        retryDelayMs: () => 50,
        lazy: { enabled: true, closeMs: 0 },
      });
      const link =
        way === 'SSE'
          ? httpSubscriptionLink({
              url: () => `${at()}/trpc`,
              EventSource: EventSource as never,
              eventSourceOptions: { headers } as never,
            })
          : wsLink<AppRouter>({ client: socket });
      const client = createTRPCClient<AppRouter>({ links: [link] });
      let started = 0;
      const { live } = await callerOf(at(), token).api.logs.list.query({ enterprise: '0367' });
      const watching = client.logs.live.subscribe(
        { enterprise: '0367', lastEventId: live },
        {
          onStarted: () => (started += 1),
          onData: ({ data }) => given.push(data.phone ?? ''),
          onError: (error) => errors.push(error.data?.code ?? error.message),
        },
      );
      try {
        await until('the subscription to begin', () => started > 0);
        await add(db, 'one');
        await until('the first line', () => given.length > 0);
        // The daemon goes, with what it remembers; lines are written meanwhile.
        await running.stop();
        for (const phone of ['two', 'three']) await add(db, phone);
        const { port } = new URL(at());
        running = await startTestApp({
          enterprises: [],
          db,
          config: { http: { host: '127.0.0.1', port: Number(port) } },
          dataDir: config.dataDir,
        });
        await until('the lines of the break', () => given.includes('two') && given.includes('three'));
        expect(given).toEqual(['one', 'two', 'three']);
        await callerOf(at(), token).api.auth.logOut.mutate();
        await until('the end', () => errors.length > 0);
        expect(errors).toEqual(['UNAUTHORIZED']);
        const had = given.length;
        await add(db, 'of nobody’s business any more');
        await new Promise((resolve) => setTimeout(resolve, 100));
        expect(given).toHaveLength(had);
      } finally {
        watching.unsubscribe();
        await socket.close();
        await running[Symbol.asyncDispose]();
        await db.drop();
      }
    },
  );
});
