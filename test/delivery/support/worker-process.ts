/** A delivery worker as a process of its own, to be killed: `node --import tsx worker-process.ts DB_URL CRM_URL HOLDER`. */
import { createPool } from '../../../src/db/pool.js';
import { createRig } from './rig.js';

export const ENTERPRISES = ['0101', '0102', '0103', '0104'];

const [dbUrl, crmUrl, holder] = process.argv.slice(2);
if (dbUrl && crmUrl && holder) {
  const pool = createPool(dbUrl, { max: 4, name: holder });
  const rig = createRig({
    pool,
    holder,
    settings: {
      leaseMs: 1_500,
      limitLeaseMs: 900,
      attemptMs: 1_000,
      pollMs: 100,
      backoff: { durable: { baseMs: 50, maxMs: 200 }, perishable: { baseMs: 30 } },
    },
  });
  for (const enterprise of ENTERPRISES) rig.account(crmUrl, { enterprise });
  const stop = new AbortController();
  process.once('SIGTERM', () => stop.abort());
  // An orphan is of no use to anybody.
  process.once('disconnect', () => process.exit(1));
  await rig.worker.run(stop.signal);
  await rig.close();
  await pool.end();
  process.disconnect();
}
