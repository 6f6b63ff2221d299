/**
 * A delivery worker with one account of a real connector, as a process of its own, to be killed:
 * `node --import tsx telling-worker.ts DB_URL HOLDER TYPE SETTINGS`.
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

const [dbUrl, holder, type, settings] = process.argv.slice(2);
const connector = registry.find(({ id }) => id === type);
if (dbUrl && holder && connector && settings) {
  const pool = createPool(dbUrl, { max: 4, name: holder });
  const rig = createRig({ pool, holder, settings: BRISK });
  rig.connect(connector, JSON.parse(settings) as Record<string, unknown>);
  const stop = new AbortController();
  process.once('SIGTERM', () => stop.abort());
  // An orphan is of no use to anybody.
  process.once('disconnect', () => process.exit(1));
  await rig.worker.run(stop.signal);
  await rig.close();
  await pool.end();
  process.disconnect();
}
