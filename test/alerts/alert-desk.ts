/** Daemons that alert, with a real database, secrets, HTTP and Telegram; what they would see of links and lanes is said by the test. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alertSecretsOf, alertSender } from '../../src/alerts-joint.js';
import type { Ending, SecretsPort, Sighted, WatchedEnterprise } from '../../src/alerts/ports.js';
import { writeSettings } from '../../src/alerts/settings-store.js';
import { inTransaction } from '../../src/alerts/store.js';
import { createAlertWatch } from '../../src/alerts/watch.js';
import type { AlertWatch } from '../../src/alerts/watch.js';
import { createVault } from '../../src/integrations/secrets.js';
import { createAddressGuard } from '../../src/platform/address-guard.js';
import { systemClock } from '../../src/platform/clock.js';
import { createLogger } from '../../src/platform/log.js';
import { createSecretBox } from '../../src/platform/secret-box.js';
import { readOrMakeKeys } from '../../src/platform/secret-key.js';
import { createUndiciHttp } from '../../src/platform/undici-http.js';
import { startTelegramStandIn } from '../standins/telegram/server.js';
import type { TelegramStandIn } from '../standins/telegram/server.js';
import { createTestDb } from '../support/db.js';
import type { TestDb } from '../support/db.js';

export const TOKEN = '1234567890:the-token-of-the-alerting-bot';
export const PBX = '192.0.2.10:5038';

export interface Hook {
  url: string;
  /** What it answers with. */
  status: number;
  posted: { alerts: Record<string, unknown>[]; test?: boolean }[];
  stop(): Promise<void>;
}

export async function startHook(): Promise<Hook> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      const isJson = request.method === 'POST' && request.headers['content-type'] === 'application/json';
      if (isJson && hook.status === 200) hook.posted.push(JSON.parse(body) as Hook['posted'][number]);
      response.writeHead(isJson ? hook.status : 415, { connection: 'close' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const hook: Hook = {
    url: `http://127.0.0.1:${port}/hook/key-in-the-path-0001`,
    status: 200,
    posted: [],
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return hook;
}

export class AlertDesk implements AsyncDisposable {
  readonly log: string[] = [];
  /** What the daemons see. */
  sighted: Sighted[] = [];
  endings: Ending[] = [];
  enterprises: WatchedEnterprise[] = [
    { number: '0367', name: 'Example', accounts: ['retailcrm', 'amocrm'], pbx: PBX },
    { number: '0368', name: 'Other', accounts: ['retailcrm'], pbx: null },
  ];
  readonly secrets: SecretsPort;
  readonly #http = createUndiciHttp({ guard: createAddressGuard({ allowTargets: ['127.0.0.1'] }) });
  readonly #dataDir = mkdtempSync(join(tmpdir(), 'trunkline-alerts-'));
  readonly #logger = createLogger('debug', { write: (line: string) => void this.log.push(line) });
  #daemons = 0;

  private constructor(
    readonly db: TestDb,
    readonly telegram: TelegramStandIn,
    readonly hook: Hook,
  ) {
    const box = createSecretBox(() => readOrMakeKeys(this.#dataDir));
    this.secrets = alertSecretsOf(createVault({ box, log: this.#logger }));
  }

  static async open(): Promise<AlertDesk> {
    const telegram = await startTelegramStandIn({
      bots: [TOKEN],
      chats: ['-100', '-200'],
      perChatPer3s: 0,
      perGroupPerMinute: 0,
    });
    return new AlertDesk(await createTestDb(), telegram, await startHook());
  }

  daemon(holder = `daemon-${++this.#daemons}`): AlertWatch {
    return createAlertWatch({
      pool: this.db.pool,
      clock: systemClock,
      log: this.#logger,
      holder,
      secrets: this.secrets,
      send: alertSender(this.#http, systemClock),
      types: ['retailcrm', 'bitrix24', 'amocrm', 'telegram'],
      titleOf: (subject) => ({ retailcrm: 'RetailCRM', amocrm: 'amoCRM' })[subject] ?? subject,
      enterprises: () => this.enterprises,
      sighted: () => this.sighted,
      endings: () => this.endings,
      count: () => undefined,
      current: () => undefined,
    });
  }

  /** Settings of a scope, with the bot writing to that chat and, where it is said, the hook. */
  async setUp(scope: string, chat: string, more: object = {}, hook = false): Promise<void> {
    await inTransaction(this.db.pool, async (tx) => {
      await writeSettings(tx, scope, 0, { telegramChat: chat, telegramUrl: this.telegram.url, ...more });
      await this.secrets.put(tx, scope, 'botToken', TOKEN);
      if (hook) await this.secrets.put(tx, scope, 'webhookUrl', this.hook.url);
    });
  }

  /** Looks and sends; what a chat was told of by that. */
  async turn(watch: AlertWatch, chat = '-100'): Promise<string[]> {
    const before = this.telegram.state.in(chat).length;
    await watch.look();
    await watch.send();
    return this.telegram.state
      .in(chat)
      .slice(before)
      .flatMap(({ text }) => text.split('\n').slice(1));
  }

  /** As if so much time had passed, for everything that is remembered. */
  async later(interval: string): Promise<void> {
    const { pool } = this.db;
    await pool.query(
      `UPDATE alerts SET began_at = began_at - $1::interval, seen_at = seen_at - $1::interval, well_since = well_since - $1::interval,
      ended_at = ended_at - $1::interval, muted_until = muted_until - $1::interval`,
      [interval],
    );
    await pool.query(
      `UPDATE alert_notices SET created_at = created_at - $1::interval, due_at = due_at - $1::interval`,
      [interval],
    );
    await pool.query(`UPDATE alert_sightings SET since = since - $1::interval, seen_at = seen_at - $1::interval`, [
      interval,
    ]);
  }

  async attempts(enterprise: string, type: string, successes: number, errors: number): Promise<void> {
    await this.db.pool.query(
      `INSERT INTO integration_logs (enterprise_number, integration_type, event_type, status, error_message)
       SELECT $1, $2, 'hangup', CASE WHEN n <= $3 THEN 'success' ELSE 'error' END, CASE WHEN n > $3 THEN 'HTTP_500: busy' END
         FROM generate_series(1, $3::int + $4::int) n`,
      [enterprise, type, successes, errors],
    );
  }

  async delivery(enterprise: string, type: string, state: 'dead' | 'pending', age = '1 hour'): Promise<void> {
    await this.db.pool.query(
      `INSERT INTO deliveries (enterprise_number, integration_type, call_id, seq, step, class, event, state, expires_at, created_at)
       VALUES ($1, $2, gen_random_uuid(), 1, 'record', 'durable', '{}', $3, now() + interval '1 day', now() - $4::interval)`,
      [enterprise, type, state, age],
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http.close();
    await this.telegram.stop();
    await this.hook.stop();
    await this.db.drop();
    await rm(this.#dataDir, { recursive: true, force: true });
  }
}
