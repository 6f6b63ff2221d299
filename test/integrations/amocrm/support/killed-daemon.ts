/** A database, an amoCRM and a daemon between them that can be killed and started again. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CallEvent } from '../../../../src/calls/vocabulary.js';
import type { Fault } from '../../../../src/cli/demo/standins/faults.js';
import { createOutbox } from '../../../../src/delivery/outbox.js';
import { deliverySettings } from '../../../../src/delivery/settings.js';
import { saveIntegration } from '../../../../src/integrations/save-integration.js';
import { inTransaction } from '../../../../src/integrations/store.js';
import { systemClock } from '../../../../src/platform/clock.js';
import { INTEGRATION, startAmoCrmStandIn } from '../../../standins/amocrm/server.js';
import type { AmoCrmStandIn, AmoCrmStandInOptions } from '../../../standins/amocrm/server.js';
import { createTestDb } from '../../../support/db.js';
import type { TestDb } from '../../../support/db.js';
import { until } from '../../../support/until.js';
import { importText, settingsDeps } from '../../settings-ground.js';
import { RECORD } from '../ground.js';

const SCRIPT = fileURLToPath(new URL('daemon-process.ts', import.meta.url));
const ENTERPRISE = '0367';

export interface KilledDaemon {
  crm: AmoCrmStandIn;
  db: TestDb;
  /** Commits that these finished calls are owed to amoCRM. */
  owe(events: readonly CallEvent[]): Promise<void>;
  start(): Promise<void>;
  kill(): Promise<void>;
  /** Kills it with a request of this path on the wire; false when none came. `applied`: amoCRM did what it asked. */
  killIn(path: string, applied: boolean): Promise<boolean>;
  /** A person gives us tokens. */
  give(pair: { access_token: string; refresh_token: string }): Promise<void>;
  /** How many records wait, and with which code. */
  waiting(): Promise<{ count: number; codes: string[] }>;
  settled(): Promise<void>;
  stop(): Promise<void>;
}

export async function killedDaemon(options: AmoCrmStandInOptions, settings: object): Promise<KilledDaemon> {
  const db = await createTestDb();
  const crm = await startAmoCrmStandIn({ perSecond: 0, ...options });
  const deps = settingsDeps();
  const amocrm = {
    enabled: true,
    base_url: crm.url,
    client_id: INTEGRATION.clientId,
    client_secret: INTEGRATION.clientSecret,
    user_extensions: { '11': '151', '12': '152' },
    missed_to: ['rung'],
    rate: { perSecond: 1_000, burst: 1_000 },
    ...settings,
  };
  const enterprise = { number: ENTERPRISE, token: 'unit-token-0001', integrations: { amocrm } };
  await importText(db.pool, JSON.stringify({ enterprises: [enterprise] }), deps);
  const outbox = createOutbox({ clock: systemClock, settings: deliverySettings() });
  let child: ChildProcess | null = null;
  let boots = 0;

  async function kill(): Promise<void> {
    const victim = child;
    child = null;
    if (!victim || victim.exitCode !== null) return;
    victim.kill('SIGKILL');
    await once(victim, 'exit');
    // A minute passes: whoever was making something is known to be dead.
    await db.pool.query(
      `UPDATE crm_created SET claimed_at = now() - interval '2 minutes' WHERE crm_id IS NULL AND claimed_at > '-infinity'`,
    );
  }

  async function waiting(): Promise<{ count: number; codes: string[] }> {
    const { rows } = await db.pool.query<{ code: string | null }>(
      `SELECT last_code AS code FROM deliveries WHERE state IN ('pending', 'started')`,
    );
    return { count: rows.length, codes: [...new Set(rows.flatMap(({ code }) => code ?? []))] };
  }

  return {
    crm,
    db,
    async owe(events) {
      const owed = events.map((event) => ({ enterprise: ENTERPRISE, type: 'amocrm', event, steps: [RECORD] }));
      await inTransaction(db.pool, (tx) => outbox.owe(tx, owed));
    },
    async start() {
      boots += 1;
      child = fork(SCRIPT, [db.url, String(boots)], {
        execArgv: ['--import', 'tsx'],
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      });
      await once(child, 'message');
    },
    kill,
    async killIn(path, applied) {
      const fault: Fault = applied ? { kind: 'hang', applied } : { kind: 'hang' };
      crm.faults.next(1, fault, path);
      const before = crm.exchanges.length;
      const met = () => crm.exchanges.slice(before).some((exchange) => exchange.fault === 'hang');
      const came = await until('a request to be killed in', met, 3_000).catch(() => false);
      await kill();
      crm.faults.clear();
      return came;
    },
    give: (pair) =>
      inTransaction(db.pool, (tx) =>
        saveIntegration(tx, deps, { enterprise: ENTERPRISE, type: 'amocrm', settings: pair }),
      ).then(() => undefined),
    waiting,
    async settled() {
      await until('everything is settled', async () => (await waiting()).count === 0, 60_000);
    },
    async stop() {
      await kill();
      await crm.stop();
      await db.drop();
    },
  };
}
