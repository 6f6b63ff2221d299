import type { Queryable } from '../db/pool.js';

export type { Queryable } from '../db/pool.js';

export interface ManagerStatus {
  enterprise: string;
  extension: string;
  status: string;
}

export async function readStatuses(db: Queryable): Promise<ManagerStatus[]> {
  const { rows } = await db.query<ManagerStatus>(
    'SELECT enterprise_number AS enterprise, extension, status FROM manager_status',
  );
  return rows;
}

export async function writeStatus(db: Queryable, { enterprise, extension, status }: ManagerStatus): Promise<void> {
  await db.query(
    `INSERT INTO manager_status (enterprise_number, extension, status) VALUES ($1, $2, $3)
     ON CONFLICT (enterprise_number, extension) DO UPDATE SET status = EXCLUDED.status, changed_at = now()`,
    [enterprise, extension, status],
  );
}
