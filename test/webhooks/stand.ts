/** The real door: server, plugin, intake and journal over a real database, and a PBX's way of posting. */
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPool } from '../../src/db/pool.js';
import type { Pool } from '../../src/db/pool.js';
import { createHealth } from '../../src/http/health.js';
import { buildServer } from '../../src/http/server.js';
import type { HttpServerOptions } from '../../src/http/server.js';
import { systemClock } from '../../src/platform/clock.js';
import { openJournal } from '../../src/platform/journal.js';
import type { Journal, JournalOptions } from '../../src/platform/journal.js';
import { createLogger } from '../../src/platform/log.js';
import { createMetrics } from '../../src/platform/metrics.js';
import type { Metrics } from '../../src/platform/metrics.js';
import { Releasers } from '../../src/platform/releasers.js';
import { createWebhookIntake } from '../../src/webhooks/intake.js';
import type { WebhookIntake } from '../../src/webhooks/intake.js';
import { webhooksPlugin } from '../../src/webhooks/plugin.js';
import type { WebhookSender } from '../../src/webhooks/plugin.js';
import { createInboxStore } from '../../src/webhooks/store.js';

export const TOKEN = 'unit-token-0001';

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

export interface Stand {
  port: number;
  pool: Pool;
  intake: WebhookIntake;
  journal: Journal;
  metrics: Metrics;
  log(): string;
  stored: string[];
  lost: { enterprise: string; pbx: string; at: number }[];
  /** One post on a connection of its own, as the fleet does. An object is sent as JSON. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  stop(): Promise<void>;
}

export interface StandOptions {
  url: string;
  senders?: Record<string, Partial<WebhookSender>>;
  trustProxy?: HttpServerOptions['trustProxy'];
  journal?: Partial<JournalOptions>;
  commitMs?: number;
}

export async function openStand(options: StandOptions): Promise<Stand> {
  const releasers = new Releasers();
  const pool = createPool(options.url, { max: 2, connectMs: 1_000 });
  releasers.push(() => pool.end());
  let dir = options.journal?.dir;
  if (dir === undefined) {
    const made = await mkdtemp(join(tmpdir(), 'webhooks-'));
    dir = made;
    releasers.push(() => rm(made, { recursive: true, force: true }));
  }
  let lines = '';
  const log = createLogger('info', { write: (line) => void (lines += line) });
  const metrics = createMetrics();
  const journal = await openJournal({ log, ...options.journal, dir });
  releasers.push(() => journal.close());
  const stored: string[] = [];
  const lost: Stand['lost'] = [];
  const intake = createWebhookIntake({
    store: createInboxStore(pool),
    journal,
    clock: systemClock,
    log,
    metrics,
    onStored: (pbx) => stored.push(pbx),
    onLoss: (enterprise, pbx, at) => lost.push({ enterprise, pbx, at }),
    retryMs: 50,
    ...(options.commitMs === undefined ? {} : { commitMs: options.commitMs }),
  });
  releasers.push(() => intake.stop());
  intake.start();
  const senders = new Map(Object.entries(options.senders ?? { [TOKEN]: {} }));
  const findByToken = (token: string): WebhookSender | null => {
    const sender = senders.get(token);
    return sender ? { ...DEFAULT_SENDER, ...sender } : null;
  };
  const server = await buildServer({
    host: '127.0.0.1',
    port: 0,
    trustProxy: options.trustProxy ?? false,
    log,
    metrics,
    health: createHealth(),
    metricsToken: null,
    plugins: [(app) => webhooksPlugin(app, { findByToken, intake, clock: systemClock, log, metrics })],
  });
  const { port } = await server.start();
  releasers.push(() => server.stop(1_000));
  return {
    port,
    pool,
    intake,
    journal,
    metrics,
    log: () => lines,
    stored,
    lost,
    post: (path, body, headers) => post(port, path, body, headers),
    stop: () => releasers.run(),
  };
}

const DEFAULT_SENDER: WebhookSender = {
  number: '0999',
  pbxKey: '127.0.0.1:5038',
  mode: 'on',
  sources: ['ami', 'webhook'],
  webhookFrom: [],
};

function post(port: number, path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const bytes = Buffer.isBuffer(body) || typeof body === 'string' ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        port,
        path,
        method: 'POST',
        agent: false,
        headers: { 'Content-type': 'application/json', 'Content-Length': Buffer.byteLength(bytes), ...headers },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => (text += part));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(bytes);
  });
}

export interface InboxRow {
  pbx: string;
  enterprise_number: string;
  event_type: string;
  unique_id: string;
  raw_data: Record<string, unknown>;
  arrived_at: Date;
  origin: string | null;
}

export async function inbox(pool: Pool): Promise<InboxRow[]> {
  const { rows } = await pool.query<InboxRow>('SELECT * FROM webhook_inbox ORDER BY id');
  return rows;
}
