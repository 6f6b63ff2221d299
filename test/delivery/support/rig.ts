import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import type { CallEvent, CallFacts } from '../../../src/calls/vocabulary.js';
import { inTransaction } from '../../../src/db/tx.js';
import { createHttpRecorder } from '../../../src/delivery/http-recorder.js';
import type { Owed } from '../../../src/delivery/outbox.js';
import { createOutbox } from '../../../src/delivery/outbox.js';
import type { LaneId, LiveAccount, MayDeliver } from '../../../src/delivery/ports.js';
import type { DeepPartial, DeliverySettings } from '../../../src/delivery/settings.js';
import { deliverySettings } from '../../../src/delivery/settings.js';
import { createDeliveryWorker } from '../../../src/delivery/worker.js';
import type { DeliveryWorker, DeliveryWorkerDeps } from '../../../src/delivery/worker.js';
import type { AnyConnector, Rate } from '../../../src/integrations/contract.js';
import { stepsOf } from '../../../src/integrations/contract.js';
import { createOnceWith } from '../../../src/integrations/create-once.js';
import { owedPlan } from '../../../src/integrations/owed-plan.js';
import { systemClock } from '../../../src/platform/clock.js';
import { createLogger } from '../../../src/platform/log.js';
import { createUndiciHttp } from '../../../src/platform/undici-http.js';
import { callFactsOf } from '../../support/call-facts.js';
import { testConnector } from './connector.js';

export const log = createLogger(process.env['TEST_LOG'] ?? 'silent');

/** A call of which events are made, counting up. */
export function aCall(enterprise = '0367', changes: Partial<CallFacts> = {}) {
  const id = randomUUID();
  const uid = `1700000000.${Math.floor(Math.random() * 1e9)}`;
  const at = Date.now();
  const call = callFactsOf({
    id,
    enterprise,
    uid,
    startedAt: at,
    ringingAt: at,
    line: '375170000000',
    rang: ['151'],
    ...changes,
  });
  let seq = 0;
  const base = () => ({ seq: ++seq, at: Date.now(), call });
  return {
    id,
    externalId: call.externalId,
    enterprise,
    ringing: (): CallEvent => ({ ...base(), kind: 'call.ringing', extensions: ['151'] }),
    answered: (): CallEvent => ({ ...base(), kind: 'call.answered', extension: '151' }),
    finished: (): CallEvent => ({
      ...base(),
      kind: 'call.finished',
      call: { ...call, result: 'answered', endedAt: Date.now() },
    }),
    recording: (): CallEvent => ({ ...base(), kind: 'recording.ready', file: '/x.wav' }),
  };
}

export interface RigOptions {
  pool: Pool;
  settings?: DeepPartial<DeliverySettings>;
  holder?: string;
  mayDeliver?: MayDeliver;
  worker?: Partial<DeliveryWorkerDeps>;
}

/** A worker with accounts that can be set up and changed. */
export function createRig(options: RigOptions) {
  const { pool } = options;
  const settings = deliverySettings({ pollMs: 50, ...options.settings });
  const http = createUndiciHttp();
  const recorder = createHttpRecorder(http);
  const accounts = new Map<string, LiveAccount>();
  const connectors = new Map<string, AnyConnector>();
  const outbox = createOutbox({ clock: systemClock, settings });
  const worker: DeliveryWorker = createDeliveryWorker({
    pool,
    recorder,
    accounts: { of: (enterprise, type) => accounts.get(`${enterprise}/${type}`) ?? null },
    clock: systemClock,
    log,
    holder: options.holder ?? `test-${randomUUID()}`,
    settings,
    random: () => 0.5,
    ...(options.mayDeliver ? { mayDeliver: options.mayDeliver } : {}),
    ...options.worker,
  });

  return {
    worker,
    accounts,
    outbox,
    settings,
    account(
      url: string,
      {
        enterprise = '0367',
        type = 'testcrm',
        key = `key-of-${enterprise}`,
        rate = testConnector.rate,
        connector = testConnector,
      }: {
        enterprise?: string;
        type?: string;
        key?: string;
        rate?: Rate;
        connector?: AnyConnector;
      } = {},
    ): void {
      const values = { url, key };
      const connection = connector.connect(values, {
        http: recorder.clientOf(`${enterprise}/${type}`),
        log,
        enterprise,
        timezone: 'Europe/Minsk',
        publicUrl: null,
      });
      accounts.set(`${enterprise}/${type}`, { connector, connection, settings: values, limitKey: key, rate });
    },
    /** An account of a real CRM, by settings as an operator writes them. */
    connect(connector: AnyConnector, raw: Record<string, unknown>, enterprise = '0367'): void {
      const parsed = connector.settings.parse(raw);
      const limitKey = connector.limitKey(parsed);
      const deps = {
        http: recorder.clientOf(`${enterprise}/${connector.id}`),
        log,
        enterprise,
        timezone: 'Europe/Minsk',
        publicUrl: null,
        createOnce: createOnceWith(pool, { enterprise, type: connector.id, account: limitKey }),
      };
      accounts.set(`${enterprise}/${connector.id}`, {
        connector,
        connection: connector.connect(parsed, deps),
        settings: parsed,
        limitKey,
        rate: (parsed['rate'] as Rate | undefined) ?? connector.rate,
      });
      connectors.set(`${enterprise}/${connector.id}`, connector);
    },
    /** Commits what these events owe the real CRMs of their enterprise, and tells the worker. */
    async tell(events: readonly CallEvent[]): Promise<void> {
      const owed = events.flatMap((event) =>
        [...connectors].flatMap(([key, connector]) => {
          const [enterprise = '', type = ''] = key.split('/');
          if (enterprise !== event.call.enterprise) return [];
          const plan = owedPlan(connector, accounts.get(key)?.settings ?? {}, event, 'record');
          return [{ enterprise, type, event, steps: stepsOf(plan), arrivedAt: Date.now() }];
        }),
      );
      worker.wake(await inTransaction(pool, (tx) => outbox.owe(tx, owed)));
    },
    /** Commits what these events owe. */
    owe(events: CallEvent[], more: Partial<Owed> = {}): Promise<LaneId[]> {
      const owed = events.map((event) => ({
        enterprise: event.call.enterprise,
        type: 'testcrm',
        event,
        steps: stepsOf(testConnector.plan(event, {})),
        ...more,
      }));
      return inTransaction(pool, (tx) => outbox.owe(tx, owed));
    },
    /** Turns the worker by hand until nothing that is due is left. */
    async turn(): Promise<void> {
      for (let started = 1; started > 0;) {
        started = await worker.tick();
        await worker.idle();
      }
    },
    close: () => http.close(),
  };
}

export type Rig = ReturnType<typeof createRig>;

export interface Row {
  id: string;
  step: string;
  state: string;
  attempts: number;
  last_code: string | null;
  last_error: string | null;
  unknown_outcome: boolean;
  due_in: number;
}

/** Rows of a call, oldest first. */
export async function rowsOf(pool: Pool, call: { id: string }): Promise<Row[]> {
  const { rows } = await pool.query<Row>(
    `SELECT id, step, state, attempts, last_code, last_error, unknown_outcome,
            (extract(epoch FROM due_at - now()) * 1000)::float8 AS due_in FROM deliveries WHERE call_id = $1 ORDER BY id`,
    [call.id],
  );
  return rows;
}

export async function statesOf(pool: Pool, call: { id: string }): Promise<Record<string, string>> {
  return Object.fromEntries((await rowsOf(pool, call)).map((row) => [row.step, row.state]));
}

export interface Logged {
  step: string;
  status: string;
  event_type: string;
  error_message: string | null;
  request_data: unknown;
  response_data: unknown;
  attempt: number | null;
}

export async function logsOf(pool: Pool, call: { id: string }): Promise<Logged[]> {
  const { rows } = await pool.query<Logged>(
    `SELECT step, status, event_type, error_message, request_data, response_data, attempt FROM integration_logs
      WHERE call_id = $1 ORDER BY id`,
    [call.id],
  );
  return rows;
}
