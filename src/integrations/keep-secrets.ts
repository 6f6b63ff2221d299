import { TrunklineError } from '../platform/errors.js';
import { writeIntegration } from './save-integration.js';
import type { SaveDeps } from './save-integration.js';
import { announceChange, inTransaction, lockEnterprise } from './store.js';
import type { Pool } from './store.js';

/**
 * Keeps what an account has learnt by itself: a rotated token pair, a chat that moved. Nobody's edit: the integration's version stays, so a form
 * that is open saves as ever.
 * @throws TrunklineError ENTERPRISE_UNKNOWN; the database's error: then nothing was kept
 */
export async function keepSecrets(
  pool: Pool,
  deps: SaveDeps,
  { enterprise, type }: { enterprise: string; type: string },
  fields: Record<string, unknown>,
): Promise<void> {
  await inTransaction(pool, async (tx) => {
    const row = await lockEnterprise(tx, enterprise);
    if (!row) throw new TrunklineError('ENTERPRISE_UNKNOWN', `there is no enterprise ${enterprise}`);
    await writeIntegration(tx, deps, row, type, fields);
    await announceChange(tx, enterprise);
  });
}
