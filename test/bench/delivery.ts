/**
 * Deliveries: rows per second from the outbox through the lanes to a local sink, beside the plain way to work a table (as
 * many workers, each claims one row, delivers it, settles it), and the time from a commit to the card's request.
 */
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Pool } from 'pg';
import { openCluster } from '../../src/db/embedded/cluster.js';
import { migrate } from '../../src/db/migrate.js';
import { createPool } from '../../src/db/pool.js';
import { inTransaction } from '../../src/db/tx.js';
import type { CallEvent } from '../../src/calls/vocabulary.js';
import { aCall, createRig } from '../delivery/support/rig.js';
import { until } from '../support/until.js';
import type { Rig } from '../delivery/support/rig.js';
import type { BenchResult } from './result.js';

const LANES = 20;
const PARALLEL = 8;
const ROWS = 4_000;
const CARDS = 200;
const BODY = { step: 'record', class: 'durable' as const };

/** A PostgreSQL of its own, with fsync, unless `databaseUrl` names a migrated one that may be filled. */
export async function benchDelivery(databaseUrl?: string): Promise<BenchResult[]> {
  const sink = fork(fileURLToPath(new URL('delivery-sink.ts', import.meta.url)), { execArgv: ['--import', 'tsx'] });
  const [port] = (await once(sink, 'message')) as [number];
  const own = databaseUrl === undefined ? await ownDatabase() : null;
  const pool = createPool(databaseUrl ?? own?.url ?? '', { max: 12, name: 'bench-delivery' });
  try {
    const url = `http://127.0.0.1:${port}`;
    const lanes = await throughput(pool, url);
    const naive = await naiveThroughput(pool, url);
    const table = await throughput(pool, null);
    const waits = await cardLatency(pool, url);
    const peer = { name: 'as many workers, one row at a time', value: round(naive) };
    return [
      {
        name: 'delivery: outbox and lanes to a local HTTP sink',
        unit: 'rows/s',
        value: round(lanes),
        peer,
        ratio: round(lanes / naive, 2),
        note: `${LANES} lanes, ${PARALLEL} in flight each; every row claimed, started, sent, logged and settled`,
      },
      {
        name: 'delivery: outbox and lanes, nothing sent',
        unit: 'rows/s',
        value: round(table),
        note: 'a connection that accepts at once: what the table and the queue cost',
      },
      { name: 'delivery: commit to request of a card, median', unit: 'ms', value: round(percentile(waits, 0.5), 2) },
      {
        name: 'delivery: commit to request of a card, p95',
        unit: 'ms',
        value: round(percentile(waits, 0.95), 2),
        note: `${CARDS} cards, one after the other`,
      },
    ];
  } finally {
    await pool.end();
    await own?.stop();
    sink.kill();
    await once(sink, 'exit');
  }
}

async function ownDatabase(): Promise<{ url: string; stop(): Promise<void> }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'trunkline-bench-'));
  const cluster = await openCluster({ dataDir });
  const url = cluster.url('postgres');
  await migrate(url);
  return {
    url,
    async stop() {
      await cluster.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

const ENTERPRISES = Array.from({ length: LANES }, (_, i) => `b${100 + i}`);

async function fill(pool: Pool, rig: Rig): Promise<void> {
  await pool.query('TRUNCATE deliveries, delivery_refs, integration_logs');
  const owed = Array.from({ length: ROWS }, (_, i) => {
    const enterprise = ENTERPRISES[i % LANES] ?? '';
    return { enterprise, type: 'testcrm', event: aCall(enterprise).finished(), steps: [BODY] };
  });
  for (let at = 0; at < owed.length; at += 500) {
    await inTransaction(pool, (tx) => rig.outbox.owe(tx, owed.slice(at, at + 500)));
  }
  await pool.query('ANALYZE deliveries');
}

function rigFor(pool: Pool, url: string | null): Rig {
  const rig = createRig({
    pool,
    holder: `bench-${randomUUID()}`,
    settings: { parallel: PARALLEL, cardSlots: 0, pollMs: 500 },
  });
  const rate = { perSecond: 1e6, burst: 1e6 };
  for (const enterprise of ENTERPRISES) {
    rig.account(url ?? 'http://127.0.0.1:9', { enterprise, key: `${enterprise}-${randomUUID()}`, rate });
    const account = rig.accounts.get(`${enterprise}/testcrm`);
    if (url !== null || !account) continue;
    const connection = { ...account.connection, deliver: () => Promise.resolve({ kind: 'accepted' as const }) };
    rig.accounts.set(`${enterprise}/testcrm`, { ...account, connection });
  }
  return rig;
}

async function left(pool: Pool): Promise<boolean> {
  return (await pool.query(`SELECT FROM deliveries WHERE state IN ('pending', 'started') LIMIT 1`)).rowCount !== 0;
}

async function throughput(pool: Pool, url: string | null): Promise<number> {
  const rig = rigFor(pool, url);
  await fill(pool, rig);
  const stop = new AbortController();
  const began = performance.now();
  const running = rig.worker.run(stop.signal);
  await until('all delivered', async () => !(await left(pool)), 300_000);
  const seconds = (performance.now() - began) / 1000;
  stop.abort();
  await running;
  await rig.close();
  return ROWS / seconds;
}

/** The same rows, connector, sink and log, the plain way. */
async function naiveThroughput(pool: Pool, url: string): Promise<number> {
  const rig = rigFor(pool, url);
  await fill(pool, rig);
  const began = performance.now();
  const worker = async () => {
    for (;;) {
      const { rows } = await pool.query<{ id: string; enterprise: string; call_id: string; event: CallEvent }>(
        `UPDATE deliveries SET state = 'started', started_at = now(), attempts = attempts + 1 WHERE id = (
           SELECT id FROM deliveries WHERE state = 'pending' AND due_at <= now() ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
         RETURNING id, enterprise_number AS enterprise, call_id, event`,
      );
      const [row] = rows;
      if (!row) return;
      const connection = rig.accounts.get(`${row.enterprise}/testcrm`)?.connection;
      const attempt = {
        number: 1,
        afterUnknown: false,
        refs: {},
        card: 'none' as const,
        signal: new AbortController().signal,
      };
      const outcome = await connection?.deliver({ step: 'record', event: row.event }, attempt);
      await pool.query(`UPDATE deliveries SET state = 'done', settled_at = now(), started_at = NULL WHERE id = $1`, [
        row.id,
      ]);
      await pool.query(
        `INSERT INTO integration_logs (enterprise_number, integration_type, event_type, status, call_id, delivery_id, step, attempt, response_data)
         VALUES ($1, 'testcrm', 'hangup', 'success', $2, $3, 'record', 1, $4)`,
        [row.enterprise, row.call_id, row.id, JSON.stringify(outcome)],
      );
    }
  };
  await Promise.all(Array.from({ length: LANES * PARALLEL }, worker));
  const seconds = (performance.now() - began) / 1000;
  await rig.close();
  return ROWS / seconds;
}

/** From the answer to COMMIT to the request handed to the HTTP client. */
async function cardLatency(pool: Pool, url: string): Promise<number[]> {
  const rig = rigFor(pool, url);
  await pool.query('TRUNCATE deliveries, delivery_refs, integration_logs');
  const account = rig.accounts.get(`${ENTERPRISES[0]}/testcrm`);
  if (!account) throw new Error('no account');
  let asked = () => {};
  const deliver: typeof account.connection.deliver = (job, attempt) => {
    asked();
    return account.connection.deliver(job, attempt);
  };
  rig.accounts.set(`${ENTERPRISES[0]}/testcrm`, { ...account, connection: { ...account.connection, deliver } });
  const stop = new AbortController();
  const running = rig.worker.run(stop.signal);
  const waits: number[] = [];
  for (let i = 0; i < CARDS; i++) {
    const request = new Promise<void>((resolve) => (asked = resolve));
    const lanes = await rig.owe([aCall(ENTERPRISES[0]).ringing()]);
    const committed = performance.now();
    rig.worker.wake(lanes);
    await request;
    waits.push(performance.now() - committed);
    await rig.worker.idle();
  }
  stop.abort();
  await running;
  await rig.close();
  return waits;
}

function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

function round(value: number, digits = 0): number {
  return Number(value.toFixed(digits));
}
