/**
 * A delivery worker with an account of each of some real connectors, as a process of its own, to be killed:
 * `node --import tsx telling-worker.ts DB_URL HOLDER '{"TYPE": SETTINGS, …}'`.
 */
import { createPool } from '../../src/db/pool.js';
import { registry } from '../../src/integrations/registry.js';
import { createRig } from '../delivery/support/rig.js';

/** Times so short that what a kill leaves behind is taken up at once. */
export const BRISK = {
  leaseMs: 1_500,
  limitLeaseMs: 900,
  attemptMs: 1_000,
  pollMs: 100,
  backoff: { durable: { baseMs: 50, maxMs: 200 }, perishable: { baseMs: 30 }, closing: { baseMs: 50, maxMs: 200 } },
  breaker: { minAttempts: 1_000 },
};

const [dbUrl, holder, accounts] = process.argv.slice(2);
if (dbUrl && holder && accounts) {
  const pool = createPool(dbUrl, { max: 4, name: holder });
  const rig = createRig({ pool, holder, settings: BRISK });
  for (const [type, settings] of Object.entries(JSON.parse(accounts) as Record<string, Record<string, unknown>>)) {
    const connector = registry.find(({ id }) => id === type);
    if (connector) rig.connect(connector, settings);
  }
  const stop = new AbortController();
  process.once('SIGTERM', () => stop.abort());
  // An orphan is of no use to anybody.
  process.once('disconnect', () => process.exit(1));
  await rig.worker.run(stop.signal);
  await rig.close();
  await pool.end();
  process.disconnect();
}
