/**
 * What delivers to amoCRM, as a process of its own, to be killed: settings and secrets from the database, the delivery worker,
 * the connector, all as app.ts joins them. `node --import tsx daemon-process.ts DB_URL BOOT`.
 */
import { accountDeps } from '../../../../src/accounts-joint.js';
import { integrationSource } from '../../../../src/app-joints.js';
import { createPool } from '../../../../src/db/pool.js';
import { createHttpRecorder } from '../../../../src/delivery/http-recorder.js';
import { deliverySettings } from '../../../../src/delivery/settings.js';
import { laneKey } from '../../../../src/delivery/ports.js';
import { createDeliveryWorker } from '../../../../src/delivery/worker.js';
import { amocrm } from '../../../../src/integrations/amocrm/index.js';
import { createConnections } from '../../../../src/integrations/connections.js';
import { createCrmUsers } from '../../../../src/integrations/crm-users.js';
import { systemClock } from '../../../../src/platform/clock.js';
import { createUndiciHttp } from '../../../../src/platform/undici-http.js';
import { directoryOn, quiet, settingsDeps } from '../../settings-ground.js';

const [dbUrl, boot] = process.argv.slice(2);
if (dbUrl && boot) {
  const pool = createPool(dbUrl, { max: 4, name: `daemon-${boot}` });
  const save = settingsDeps();
  const directory = directoryOn(pool, save, 150);
  await directory.refresh();
  const http = createUndiciHttp();
  const recorder = createHttpRecorder(http);
  const crmUsers = createCrmUsers({ db: pool, clock: systemClock, log: quiet, accounts: () => [], live: () => null });
  const connections = createConnections({
    registry: [amocrm],
    source: (number) => integrationSource(directory.byNumber(number)),
    deps: (place) => ({
      http: recorder.clientOf(laneKey(place)),
      publicUrl: 'https://pbx.example.invalid',
      ...accountDeps({ pool, save, directory, crmUsers: () => crmUsers }, place),
    }),
    log: quiet,
  });
  const worker = createDeliveryWorker({
    pool,
    accounts: connections,
    recorder,
    clock: systemClock,
    log: quiet,
    // Another boot of the same instance: the one before is dead.
    holder: `one#${boot}`,
    settings: deliverySettings({
      leaseMs: 3_000,
      attemptMs: 2_000,
      limitLeaseMs: 900,
      pollMs: 100,
      backoff: { durable: { baseMs: 50, maxMs: 200 } },
      breaker: { minAttempts: 1_000 },
    }),
  });
  // An orphan is of no use to anybody.
  process.once('disconnect', () => process.exit(1));
  process.send?.('ready');
  await Promise.all([directory.run(new AbortController().signal), worker.run(new AbortController().signal)]);
}
