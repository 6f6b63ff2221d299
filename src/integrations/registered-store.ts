import type { Queryable } from '../db/pool.js';

export type { Queryable } from '../db/pool.js';

export interface Registration {
  enterprise: string;
  type: string;
  account: string;
  fingerprint: string;
}

/**
 * True when this is to be registered, and by us. One that is being tried is left alone for a minute, one that failed for `pauseMs`;
 * settings that changed since it went well are told at once.
 */
export async function claimRegistration(db: Queryable, one: Registration, pauseMs: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `INSERT INTO crm_registered AS r (enterprise_number, integration_type, account) VALUES ($1, $2, $3)
     ON CONFLICT (enterprise_number, integration_type)
     DO UPDATE SET account = EXCLUDED.account, fingerprint = NULL, problem = NULL, tried_at = now()
      WHERE r.fingerprint <> $4 OR r.account <> EXCLUDED.account
         OR r.fingerprint IS NULL
            AND r.tried_at < now() - CASE WHEN r.problem IS NULL THEN 60000 ELSE $5::float8 END * interval '1 millisecond'`,
    [one.enterprise, one.type, one.account, one.fingerprint, pauseMs],
  );
  return rowCount === 1;
}

/** How it went: null is well. */
export async function settleRegistration(db: Queryable, one: Registration, problem: string | null): Promise<void> {
  await db.query(
    `UPDATE crm_registered SET fingerprint = CASE WHEN $5::text IS NULL THEN $4 END, problem = $5, account = $3
      WHERE enterprise_number = $1 AND integration_type = $2`,
    [one.enterprise, one.type, one.account, one.fingerprint, problem],
  );
}
