import { wellFormedJson } from '../platform/well-formed.js';
import type { Queryable } from './store.js';

export interface AuditEntry {
  actor: string;
  enterprise: string | null;
  /** Path of the procedure: `integrations.save`. */
  action: string;
  /** Names of what changed; never a secret. */
  detail: Record<string, unknown>;
}

export async function writeAudit(db: Queryable, { actor, enterprise, action, detail }: AuditEntry): Promise<void> {
  await db.query('INSERT INTO audit_log (actor, enterprise_number, action, detail) VALUES ($1, $2, $3, $4)', [
    actor,
    enterprise,
    action,
    wellFormedJson(detail),
  ]);
}

export interface AuditListed extends AuditEntry {
  id: string;
  at: Date;
}

/** Newest first, older than the one with this id; of one enterprise, or of all. */
export async function pageOfAudit(
  db: Queryable,
  enterprise: string | null,
  before: string | null,
  limit: number,
): Promise<AuditListed[]> {
  const { rows } = await db.query<AuditListed>(
    `SELECT id, at, actor, enterprise_number AS enterprise, action, detail FROM audit_log
      WHERE ${enterprise === null ? '$1::text IS NULL' : 'enterprise_number = $1'} AND ($2::bigint IS NULL OR id < $2)
      ORDER BY id DESC LIMIT $3`,
    [enterprise, before, limit],
  );
  return rows;
}
