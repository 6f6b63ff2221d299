import type { Queryable } from '../db/pool.js';
import type { History } from './candidates.js';
import type { Decision } from './ports.js';

export type { Queryable } from '../db/pool.js';

export interface DecisionKey {
  pbx: string;
  uid: string;
  enterprise: string;
}

/**
 * A unique id may come again (calls/README.md). What was decided longer ago is an earlier call's, or another wait of this
 * one: no wait is as long.
 */
const OF_THIS_CALL = "decided_at > now() - interval '10 minutes'";

/** Commits that this call is decided; false when somebody has done so before. */
export async function claimDecision(db: Queryable, key: DecisionKey, decision: Decision): Promise<boolean> {
  const { rowCount } = await db.query(
    `INSERT INTO redirect_decisions (pbx, unique_id, enterprise_number, turn, decision)
     SELECT $1, $2, $3, 1 + count(*) FILTER (WHERE NOT ${OF_THIS_CALL}), $4::jsonb
       FROM redirect_decisions WHERE pbx = $1 AND unique_id = $2 AND enterprise_number = $3
     ON CONFLICT (pbx, unique_id, enterprise_number, turn) DO NOTHING`,
    [key.pbx, key.uid, key.enterprise, JSON.stringify(decision)],
  );
  return rowCount === 1;
}

export async function readDecision(db: Queryable, key: DecisionKey): Promise<Decision | null> {
  const { rows } = await db.query<{ decision: Decision }>(
    `SELECT decision FROM redirect_decisions
      WHERE pbx = $1 AND unique_id = $2 AND enterprise_number = $3 AND ${OF_THIS_CALL}`,
    [key.pbx, key.uid, key.enterprise],
  );
  return rows[0]?.decision ?? null;
}

export async function finishDecision(db: Queryable, key: DecisionKey, decision: Decision): Promise<void> {
  await db.query(
    `UPDATE redirect_decisions SET decision = $4
      WHERE pbx = $1 AND unique_id = $2 AND enterprise_number = $3 AND ${OF_THIS_CALL}`,
    [key.pbx, key.uid, key.enterprise, JSON.stringify(decision)],
  );
}

/** Who of the staff talked with this client last, and first. */
export async function whoTalked(db: Queryable, enterprise: string, phone: string): Promise<History> {
  const { rows } = await db.query<{ last: string | null; first: string | null }>(
    `SELECT (SELECT coalesce(final_agent, answered_by, caller) FROM calls
              WHERE enterprise_number = $1 AND phone = $2 AND result = 'answered' AND direction IN ('in', 'out')
              ORDER BY started_at DESC LIMIT 1) AS last,
            (SELECT coalesce(agents[1], answered_by, caller) FROM calls
              WHERE enterprise_number = $1 AND phone = $2 AND result = 'answered' AND direction IN ('in', 'out')
              ORDER BY started_at LIMIT 1) AS first`,
    [enterprise, phone],
  );
  return rows[0] ?? { last: null, first: null };
}

/** The fleet's number of an extension's row, which its generated contexts are called by; null when it has none. */
export async function fleetPhoneId(db: Queryable, enterprise: string, extension: string): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT id::text AS id FROM user_internal_phones
      WHERE enterprise_number::text = $1 AND phone_number::text = $2 ORDER BY user_internal_phones.id LIMIT 1`,
    [enterprise, extension],
  );
  return rows[0]?.id ?? null;
}

export interface DecidedCall {
  decision: Decision;
  /** Unix ms. */
  decidedAt: number;
  /** What then happened, as far as the call is known. */
  result: string | null;
  answeredBy: string | null;
}

/** Decisions of an enterprise since a moment (Unix ms), newest first, with what became of each call. */
export async function decisionsSince(db: Queryable, enterprise: string, since: number): Promise<DecidedCall[]> {
  const { rows } = await db.query<{ decision: Decision; at: Date; result: string | null; answered_by: string | null }>(
    `SELECT d.decision, d.decided_at AS at, c.result, c.answered_by
       FROM redirect_decisions d
       LEFT JOIN LATERAL (
         SELECT result, answered_by FROM calls
          WHERE calls.pbx = d.pbx AND calls.unique_id = d.unique_id AND merged_into IS NULL
          ORDER BY abs(extract(epoch FROM calls.started_at - d.decided_at)) LIMIT 1) c ON true
      WHERE d.enterprise_number = $1 AND d.decided_at >= to_timestamp($2 / 1000.0)
      ORDER BY d.decided_at DESC`,
    [enterprise, since],
  );
  return rows.map((row) => ({
    decision: row.decision,
    decidedAt: row.at.getTime(),
    result: row.result,
    answeredBy: row.answered_by,
  }));
}
