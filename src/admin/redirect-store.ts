import type { Decision } from '../redirect/ports.js';
import type { Outcome } from '../redirect/store.js';
import type { Queryable } from './store.js';

export interface DecisionListed {
  id: string;
  uniqueId: string;
  decidedAt: Date;
  decision: Decision;
  /** What became of the call; null while it goes on. */
  outcome: Outcome | null;
}

/** Newest first, older than the one with this id. */
export async function pageOfDecisions(
  db: Queryable,
  enterprise: string,
  before: string | null,
  limit: number,
): Promise<DecisionListed[]> {
  const { rows } = await db.query<DecisionListed>(
    `SELECT id, unique_id AS "uniqueId", decided_at AS "decidedAt", decision, outcome FROM redirect_decisions
      WHERE enterprise_number = $1 AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
    [enterprise, before, limit],
  );
  return rows;
}
