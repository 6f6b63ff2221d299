import type { Queryable } from '../db/pool.js';
import { wellFormedJson } from '../platform/well-formed.js';
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
  const { rowCount } = await db.query({
    name: 'claim-redirect',
    text: `INSERT INTO redirect_decisions (pbx, unique_id, enterprise_number, turn, decision)
     SELECT $1, $2, $3, 1 + count(*) FILTER (WHERE NOT ${OF_THIS_CALL}), $4::jsonb
       FROM redirect_decisions WHERE pbx = $1 AND unique_id = $2 AND enterprise_number = $3
     ON CONFLICT (pbx, unique_id, enterprise_number, turn) DO NOTHING`,
    values: [key.pbx, key.uid, key.enterprise, wellFormedJson(decision)],
  });
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
    [key.pbx, key.uid, key.enterprise, wellFormedJson(decision)],
  );
}

/** Who of the staff talked with this client last, and first. */
export async function whoTalked(db: Queryable, enterprise: string, phone: string): Promise<History> {
  const { rows } = await db.query<{ last: string | null; first: string | null }>(
    `SELECT (SELECT coalesce(final_agent, answered_by, caller) FROM calls
              WHERE enterprise_number = $1 AND phone = $2 AND result = 'answered' AND direction IN ('in', 'out')
                AND merged_into IS NULL
              ORDER BY started_at DESC LIMIT 1) AS last,
            (SELECT coalesce(agents[1], answered_by, caller) FROM calls
              WHERE enterprise_number = $1 AND phone = $2 AND result = 'answered' AND direction IN ('in', 'out')
                AND merged_into IS NULL
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

/** What became of a decided call. */
export interface Outcome {
  result: string | null;
  /** The extension, also of whose mobile it was. */
  answeredBy: string | null;
  /** It was sent to a manager, who did not answer it. */
  fellThrough: boolean;
}

/** Extensions by their mobiles. */
export type Mobiles = Readonly<Record<string, string>>;

/**
 * A decision is of any channel of its call, and of the latest that had that id. $1 is the mobiles. A call may be over before
 * it is decided (its caller did not wait), so this is done from both ends.
 */
const fillOutcome = (which: string) => `
  UPDATE redirect_decisions d
     SET outcome = jsonb_build_object('result', c.result, 'answeredBy', by.extension, 'fellThrough',
           d.decision->>'action' = 'go' AND by.extension IS DISTINCT FROM d.decision->>'chosen')
    FROM call_uids u JOIN calls c ON c.id = u.call_id,
         LATERAL (SELECT coalesce($1::jsonb->>c.answered_by, c.answered_by) AS extension) AS by
   WHERE d.pbx = u.pbx AND d.unique_id = u.uid AND c.result IS NOT NULL AND c.merged_into IS NULL AND ${which}
     AND d.turn = (SELECT max(turn) FROM redirect_decisions other
                    WHERE other.pbx = d.pbx AND other.unique_id = d.unique_id
                      AND other.enterprise_number = d.enterprise_number)`;

/** In the transaction that ends these calls of one enterprise. */
export async function saveOutcomesOf(tx: Queryable, calls: readonly string[], mobiles: Mobiles): Promise<void> {
  await tx.query(fillOutcome('u.call_id = ANY ($2::uuid[])'), [JSON.stringify(mobiles), calls]);
}

/** Of a call that was decided just now; nothing when it goes on. */
export async function saveOutcomeFor(
  db: Queryable,
  { pbx, uid, enterprise }: DecisionKey,
  mobiles: Mobiles,
): Promise<void> {
  const mine = 'd.pbx = $2 AND d.unique_id = $3 AND d.enterprise_number = $4';
  await db.query(fillOutcome(mine), [JSON.stringify(mobiles), pbx, uid, enterprise]);
}

export interface DecidedCall {
  decision: Decision;
  /** Unix ms. */
  decidedAt: number;
  /** Null while the call goes on, or when nothing told of it. */
  outcome: Outcome | null;
}

/** Decisions of an enterprise since a moment (Unix ms), newest first, with what became of each call. */
export async function decisionsSince(db: Queryable, enterprise: string, since: number): Promise<DecidedCall[]> {
  const { rows } = await db.query<{ decision: Decision; at: Date; outcome: Outcome | null }>(
    `SELECT decision, decided_at AS at, outcome FROM redirect_decisions
      WHERE enterprise_number = $1 AND decided_at >= to_timestamp($2 / 1000.0)
      ORDER BY decided_at DESC`,
    [enterprise, since],
  );
  return rows.map(({ decision, at, outcome }) => ({ decision, decidedAt: at.getTime(), outcome }));
}
