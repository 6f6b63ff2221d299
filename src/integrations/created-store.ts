import type { Queryable } from '../db/pool.js';

export type { Queryable } from '../db/pool.js';

export interface CreatedKey {
  enterprise: string;
  type: string;
  account: string;
  key: string;
}

/** A claim older than this is of somebody who was killed or cut off; longer than any attempt. */
const STALE = `interval '60 seconds'`;

/** Ours to make (`mayExist`: somebody began before and his outcome is not known), made already, or being made right now. */
export type Claim = { kind: 'ours'; mayExist: boolean } | { kind: 'there'; id: string } | { kind: 'busy' };

export async function claimCreation(db: Queryable, { enterprise, type, account, key }: CreatedKey): Promise<Claim> {
  const values = [enterprise, type, account, key];
  const { rows } = await db.query<{ fresh: boolean }>(
    `INSERT INTO crm_created AS c (enterprise_number, integration_type, account, key) VALUES ($1, $2, $3, $4)
     ON CONFLICT (enterprise_number, integration_type, account, key)
     DO UPDATE SET claimed_at = now() WHERE c.crm_id IS NULL AND c.claimed_at < now() - ${STALE}
     RETURNING xmax = 0 AS fresh`,
    values,
  );
  if (rows[0]) return { kind: 'ours', mayExist: !rows[0].fresh };
  const known = await db.query<{ id: string | null }>(
    `SELECT crm_id AS id FROM crm_created
      WHERE enterprise_number = $1 AND integration_type = $2 AND account = $3 AND key = $4`,
    values,
  );
  const id = known.rows[0]?.id ?? null;
  return id === null ? { kind: 'busy' } : { kind: 'there', id };
}

export async function keepCreated(
  db: Queryable,
  { enterprise, type, account, key }: CreatedKey,
  id: string,
): Promise<void> {
  await db.query(
    `UPDATE crm_created SET crm_id = $5
      WHERE enterprise_number = $1 AND integration_type = $2 AND account = $3 AND key = $4`,
    [enterprise, type, account, key, id],
  );
}

/** Nothing was made. With `mayExist` the next claim is told that something may have been. */
export async function giveUpCreation(
  db: Queryable,
  { enterprise, type, account, key }: CreatedKey,
  mayExist: boolean,
): Promise<void> {
  const where = 'enterprise_number = $1 AND integration_type = $2 AND account = $3 AND key = $4 AND crm_id IS NULL';
  await db.query(
    mayExist
      ? `UPDATE crm_created SET claimed_at = '-infinity' WHERE ${where}`
      : `DELETE FROM crm_created WHERE ${where}`,
    [enterprise, type, account, key],
  );
}
