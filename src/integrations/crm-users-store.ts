import type { Queryable } from '../db/pool.js';
import { wellFormedJson } from '../platform/well-formed.js';
import type { CrmUser } from './contract.js';

export type { Queryable } from '../db/pool.js';

export interface StoredUsers {
  account: string;
  users: CrmUser[];
  /** Unix ms, by the database's clock. */
  loadedAt: number;
  ageMs: number;
}

export async function readUsers(db: Queryable, enterprise: string, type: string): Promise<StoredUsers | null> {
  const { rows } = await db.query<{ account: string; users: CrmUser[]; at: Date; age: number }>(
    `SELECT account, users, loaded_at AS at, (extract(epoch FROM now() - loaded_at) * 1000)::float8 AS age
       FROM crm_users WHERE enterprise_number = $1 AND integration_type = $2`,
    [enterprise, type],
  );
  const [row] = rows;
  return row ? { account: row.account, users: row.users, loadedAt: row.at.getTime(), ageMs: row.age } : null;
}

export async function writeUsers(
  db: Queryable,
  enterprise: string,
  type: string,
  { account, users }: Pick<StoredUsers, 'account' | 'users'>,
): Promise<void> {
  await db.query(
    `INSERT INTO crm_users (enterprise_number, integration_type, account, users) VALUES ($1, $2, $3, $4)
     ON CONFLICT (enterprise_number, integration_type)
     DO UPDATE SET account = EXCLUDED.account, users = EXCLUDED.users, loaded_at = now()`,
    [enterprise, type, account, wellFormedJson(users)],
  );
}

export async function forgetUsers(db: Queryable, enterprise: string, type: string): Promise<void> {
  await db.query('DELETE FROM crm_users WHERE enterprise_number = $1 AND integration_type = $2', [enterprise, type]);
}
