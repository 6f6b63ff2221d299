import type { SecretBox } from '../platform/secret-box.js';
import { newKey, readOrMakeKeys, writeKeys } from '../platform/secret-key.js';
import { forbidSealing, lockSealedOtherwise, writeSecret } from './secret-store.js';
import { inTransaction } from './store.js';
import type { Pool, PoolClient } from './store.js';

const BATCH = 100;

export interface RotationDeps {
  pool: Pool;
  box: SecretBox;
  /** Where the key file is; null when the keys come from the environment and are the operator's to change. */
  dataDir: string | null;
}

/**
 * Seals every secret anew. With a key file: a new key is put before the old one, all rows are sealed with it, then the
 * old one goes; both open in between, so a kill at any moment loses nothing and the next run goes on from there.
 * With keys from the environment the first of them seals and the others only open.
 * @returns how many rows were sealed anew
 * @throws TrunklineError SECRET_UNREADABLE when a row opens with no key; then all keys stay
 */
export async function rotateSecrets({ pool, box, dataDir }: RotationDeps): Promise<number> {
  if (dataDir !== null) {
    const keys = readOrMakeKeys(dataDir);
    // Two keys are left by a run that was cut short: its new key is good, and rows may be sealed with it already.
    if (keys.length === 1) writeKeys(dataDir, [newKey(), ...keys]);
  }
  box.reload();
  let count = 0;
  for (let done = BATCH; done === BATCH; count += done)
    done = await inTransaction(pool, (tx) => reseal(tx, box, BATCH));
  count += await inTransaction(pool, async (tx) => {
    // A daemon may have sealed with the old key until now; from its next time on it reads the keys again.
    await forbidSealing(tx);
    return reseal(tx, box, null);
  });
  if (dataDir !== null) writeKeys(dataDir, readOrMakeKeys(dataDir).slice(0, 1));
  box.reload();
  return count;
}

async function reseal(tx: PoolClient, box: SecretBox, limit: number | null): Promise<number> {
  const rows = await lockSealedOtherwise(tx, box.currentKeyId(), limit);
  for (const row of rows) await writeSecret(tx, { ...row, ...box.seal(box.open(row, row), row) });
  return rows.length;
}
