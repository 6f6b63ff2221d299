/**
 * Durable acknowledgements of webhooks: ours (group commit) beside one INSERT per request. Both are the same Fastify server,
 * plugin, body and PostgreSQL, which syncs its log to the disk; only what `accept` does differs. Database, server and
 * load generator share this machine's cores.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import autocannon from 'autocannon';
import pg from 'pg';
import { openCluster } from '../../src/db/embedded/cluster.js';
import { migrate } from '../../src/db/migrate.js';
import { createPool } from '../../src/db/pool.js';
import type { Pool } from '../../src/db/pool.js';
import { createHealth } from '../../src/http/health.js';
import { buildServer } from '../../src/http/server.js';
import { systemClock } from '../../src/platform/clock.js';
import { openJournal } from '../../src/platform/journal.js';
import { createLogger } from '../../src/platform/log.js';
import { createMetrics } from '../../src/platform/metrics.js';
import { Releasers } from '../../src/platform/releasers.js';
import { createWebhookIntake } from '../../src/webhooks/intake.js';
import type { AcceptedWebhook } from '../../src/webhooks/parse.js';
import { webhooksPlugin } from '../../src/webhooks/plugin.js';
import type { WebhookSender } from '../../src/webhooks/plugin.js';
import { createInboxStore } from '../../src/webhooks/store.js';
import type { BenchResult } from './result.js';

const CONNECTIONS = 100;
const SECONDS = 5;
const WARM_UP_SECONDS = 1;
/** Each stack is measured this often, in turn, so that a busy moment of the machine hits both. */
const ROUNDS = 2;

const SENDER: WebhookSender = {
  number: '0999',
  pbxKey: '127.0.0.1:5038',
  mode: 'on',
  sources: ['webhook'],
  webhookFrom: [],
};

const BODY = JSON.stringify({
  Token: 'unit-token-0001',
  UniqueId: '1700000000.6',
  Phone: '375290000001',
  Extensions: ['151'],
  CallType: 0,
  DateReceived: '2025-01-15 12:05:30',
  StartTime: '2025-01-15 12:05:23',
  EndTime: '2025-01-15 12:06:13',
  CallStatus: '2',
  Trunk: '0001363',
  ExtTrunk: '',
  ExtPhone: '375290000001',
  Note: 'x'.repeat(100),
});

interface Stack {
  name: string;
  port: number;
  perSecond: number[];
  p99: number[];
}

export async function benchWebhooks(): Promise<BenchResult[]> {
  const releasers = new Releasers();
  try {
    const dataDir = await mkdtemp(join(tmpdir(), 'trunkline-bench-'));
    releasers.push(() => rm(dataDir, { recursive: true, force: true }));
    await chmod(dataDir, 0o711);
    const cluster = await openCluster({ dataDir });
    releasers.push(() => cluster.stop());
    await migrate(await freshDatabase(cluster.url('postgres')));
    const pool = createPool(cluster.url('bench'), { max: 8 });
    releasers.push(() => pool.end());
    const group = await serve('group commit', await groupCommit(pool, dataDir, releasers), releasers);
    const single = await serve('one INSERT per request', oneByOne(pool), releasers);
    for (const stack of [group, single]) await shoot(stack.port, WARM_UP_SECONDS);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const stack of [single, group]) await measure(stack, pool);
    }
    return [
      {
        name: 'webhook durable ack',
        unit: 'posts/s',
        value: Math.round(mean(group.perSecond)),
        peer: { name: single.name, value: Math.round(mean(single.perSecond)) },
        ratio: ratio(mean(group.perSecond), mean(single.perSecond)),
        note: `${CONNECTIONS} connections, fsync on, ${ROUNDS} × ${SECONDS} s each in turn`,
      },
      {
        name: 'webhook durable ack, 99th percentile',
        unit: 'ms',
        value: mean(group.p99),
        peer: { name: single.name, value: mean(single.p99) },
        ratio: ratio(mean(single.p99), mean(group.p99)),
      },
    ];
  } finally {
    await releasers.run();
  }
}

async function freshDatabase(adminUrl: string): Promise<string> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  await admin.query('CREATE DATABASE bench');
  await admin.end();
  const url = new URL(adminUrl);
  url.pathname = '/bench';
  return url.href;
}

type Accept = (webhook: AcceptedWebhook) => Promise<void>;

async function groupCommit(pool: Pool, dir: string, releasers: Releasers): Promise<Accept> {
  const journal = await openJournal({ dir: join(dir, 'journal') });
  const intake = createWebhookIntake({
    store: createInboxStore(pool),
    journal,
    clock: systemClock,
    log: createLogger('silent'),
    metrics: createMetrics(),
    onStored: () => undefined,
    onLoss: () => undefined,
  });
  releasers.push(async () => {
    await intake.stop();
    await journal.close();
  });
  return (webhook) => intake.accept(webhook);
}

function oneByOne(pool: Pool): Accept {
  return async (webhook) => {
    await pool.query(
      `INSERT INTO webhook_inbox (pbx, enterprise_number, event_type, unique_id, raw_data, arrived_at)
       VALUES ($1, $2, $3, $4, $5, to_timestamp($6::float8 / 1000))`,
      [webhook.pbx, webhook.enterprise, webhook.event, webhook.uid, JSON.stringify(webhook.raw), webhook.arrivedAt],
    );
  };
}

async function serve(name: string, accept: Accept, releasers: Releasers): Promise<Stack> {
  const log = createLogger('silent');
  const metrics = createMetrics();
  const findByToken = (token: string) => (token === 'unit-token-0001' ? SENDER : null);
  const server = await buildServer({
    host: '127.0.0.1',
    port: 0,
    trustProxy: false,
    log,
    metrics,
    health: createHealth(),
    metricsToken: null,
    plugins: [(app) => webhooksPlugin(app, { findByToken, intake: { accept }, clock: systemClock, log, metrics })],
  });
  const { port } = await server.start();
  releasers.push(() => server.stop(1_000));
  return { name, port, perSecond: [], p99: [] };
}

async function measure(stack: Stack, pool: Pool): Promise<void> {
  await pool.query('TRUNCATE webhook_inbox');
  const result = await shoot(stack.port, SECONDS);
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${stack.name}: ${result.non2xx} refused, ${result.errors} failed`);
  const stored = await pool.query<{ count: string }>('SELECT count(*) FROM webhook_inbox');
  // The last answers may be on their way when the generator stops listening.
  if (Number(stored.rows[0]?.count) < result['2xx']) throw new Error(`${stack.name}: acknowledged more than it stored`);
  stack.perSecond.push(result['2xx'] / result.duration);
  stack.p99.push(result.latency.p99);
}

function shoot(port: number, duration: number): Promise<autocannon.Result> {
  return autocannon({
    url: `http://127.0.0.1:${port}/hangup`,
    method: 'POST',
    headers: { 'Content-type': 'application/json', Token: 'unit-token-0001' },
    body: BODY,
    connections: CONNECTIONS,
    duration,
    // A thread of its own: the generator's work must not stand in the server's way.
    workers: 1,
  });
}

function ratio(one: number, other: number): number {
  return Math.round((one / other) * 100) / 100;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(JSON.stringify(await benchWebhooks(), null, 2));
}
