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
