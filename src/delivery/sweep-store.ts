/** Rows of `deliveries` that are settled without an attempt: superseded, too late, beyond the budget. */
import type { Queryable } from '../db/pool.js';
import type { LaneId } from './ports.js';

export const UNSETTLED = `state IN ('pending', 'started')`;

/** The old plan's event names; `download` marks a recovered call. */
export const EVENT_TYPE = `CASE
  WHEN (event->'call'->>'recovered')::boolean THEN 'download'
  WHEN event->>'kind' = 'call.started' THEN 'start'
  WHEN event->>'kind' = 'call.ringing' THEN 'dial'
  WHEN event->>'kind' IN ('call.answered', 'call.transferred') THEN 'bridge'
  ELSE 'hangup' END`;

/** Logs rows a statement settled without an attempt; `last_error` says why. `from` and `status` are SQL. */
export function logDecision(from: string, status: string): string {
  return `INSERT INTO integration_logs (enterprise_number, integration_type, event_type, status, error_message, call_id,
                                        delivery_id, step, phone)
          SELECT enterprise_number, integration_type, ${EVENT_TYPE}, ${status}, last_error, call_id, id, step,
                 event->'call'->>'external' FROM ${from}`;
}

/** What a statement settled without an attempt, by lane. */
export interface Swept extends LaneId {
  state: 'skipped' | 'expired' | 'dead';
  count: number;
}

/**
 * Cards, and closes of earlier events, that nobody needs once the finish of their call is owed: what it owes closes whatever is
 * open, by a step of its own or by the record. Of the calls given, or of all. Rows on the wire are left alone. Answers the
 * lanes it touched.
 */
export async function supersede(db: Queryable, calls: readonly string[] | null): Promise<Swept[]> {
  const { rows } = await db.query<Swept>(
    `WITH over AS MATERIALIZED (
       SELECT d.id FROM deliveries d
        WHERE d.state = 'pending' AND d.class <> 'durable' AND ($1::uuid[] IS NULL OR d.call_id = ANY ($1))
          AND EXISTS (SELECT FROM deliveries f
                       WHERE f.call_id = d.call_id AND f.integration_type = d.integration_type AND f.seq > d.seq
                         AND f.event->>'kind' = 'call.finished')
          FOR UPDATE OF d SKIP LOCKED
     ), settled AS (
       UPDATE deliveries d SET state = 'skipped', settled_at = now(), leased_until = NULL, last_code = 'SUPERSEDED',
              last_error = 'superseded: the call has finished'
         FROM over WHERE d.id = over.id AND d.state = 'pending' RETURNING d.*
     ), logged AS (${logDecision('settled', `'skipped'`)})
     SELECT enterprise_number AS enterprise, integration_type AS type, state, count(*)::int AS count FROM settled GROUP BY 1, 2, 3`,
    [calls],
  );
  return rows;
}

/** Earlier steps of the same name, call and integration that have not been sent. Rows on the wire are left alone. */
export async function supersedeByLatest(
  db: Queryable,
  rows: readonly { callId: string; type: string; step: string; seq: number }[],
): Promise<void> {
  await db.query(
    `WITH over AS MATERIALIZED (
       SELECT d.id FROM jsonb_to_recordset($1::jsonb) AS n ("callId" uuid, type text, step text, seq int)
         JOIN deliveries d ON d.call_id = n."callId" AND d.integration_type = n.type AND d.step = n.step AND d.seq < n.seq
        WHERE d.state = 'pending' AND d.class <> 'durable'
          FOR UPDATE OF d SKIP LOCKED
     ), settled AS (
       UPDATE deliveries d SET state = 'skipped', settled_at = now(), leased_until = NULL, last_code = 'SUPERSEDED',
              last_error = 'superseded: the call has gone on'
         FROM over WHERE d.id = over.id AND d.state = 'pending' RETURNING d.*
     )
     ${logDecision('settled', `'skipped'`)}`,
    [JSON.stringify(rows.map(({ callId, type, step, seq }) => ({ callId, type, step, seq })))],
  );
}

/**
 * Settles what is past its life: cards and closes expire, durable rows are dead. A started row waits for its lease. A card
 * lost on the wire may be open: its state becomes `unknown`, so a close is owed. `held`: ids this process still has.
 */
export async function expire(db: Queryable, held: readonly string[], limit: number): Promise<Swept[]> {
  const { rows } = await db.query<Swept>(
    `WITH over AS MATERIALIZED (
       SELECT d.id, d.state = 'started' AS lost FROM deliveries d
        WHERE ${UNSETTLED} AND d.expires_at <= now() AND (d.state = 'pending' OR d.leased_until <= now())
          AND d.id <> ALL ($1::bigint[])
        ORDER BY d.expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
     ), settled AS (
       UPDATE deliveries d SET state = CASE WHEN d.class = 'durable' THEN 'dead' ELSE 'expired' END, settled_at = now(),
              unknown_outcome = d.unknown_outcome OR over.lost, lease_holder = NULL, lease_epoch = NULL, leased_until = NULL,
              started_at = NULL, last_code = coalesce(d.last_code, 'EXPIRED'),
              last_error = CASE WHEN d.class = 'durable' THEN 'given up after its time was over' ELSE 'not sent in time' END
                           || coalesce(' (last: ' || d.last_error || ')', '')
         FROM over WHERE d.id = over.id
       RETURNING d.*, over.lost, CASE WHEN d.class = 'durable' THEN 'error' ELSE 'expired' END AS log_status
     ), cards AS (
       INSERT INTO delivery_refs (call_id, enterprise_number, integration_type, card)
       SELECT DISTINCT ON (call_id, integration_type) call_id, enterprise_number, integration_type, 'unknown'
         FROM settled WHERE lost AND class = 'perishable'
       ON CONFLICT (call_id, integration_type) DO UPDATE SET card = 'unknown', updated_at = now()
        WHERE delivery_refs.card IN ('none', 'closed')
     ), logged AS (${logDecision('settled', 'log_status')})
     SELECT enterprise_number AS enterprise, integration_type AS type, state, count(*)::int AS count FROM settled GROUP BY 1, 2, 3`,
    [held, limit],
  );
  return rows;
}

/** Skips the cards of these lanes (one limit) whose turn would come after their expiry. `perSecond`: cards it gets through. */
export async function skipBeyondBudget(
  db: Queryable,
  lanes: readonly LaneId[],
  budget: { perSecond: number; pauseMs: number },
): Promise<Swept[]> {
  const { rows } = await db.query<Swept>(
    `WITH waiting AS MATERIALIZED (
       SELECT d.id, d.expires_at, d.class, row_number() OVER (ORDER BY d.due_at, d.id) AS n
         FROM unnest($1::text[], $2::text[]) AS l (enterprise, type)
         JOIN deliveries d ON d.enterprise_number = l.enterprise AND d.integration_type = l.type
        WHERE d.state = 'pending' AND d.class <> 'durable' AND d.due_at <= now()
     ), over AS MATERIALIZED (
       SELECT d.id FROM waiting w JOIN deliveries d ON d.id = w.id
        WHERE w.class = 'perishable' AND d.state = 'pending'
          AND now() + ($4 + w.n * 1000.0 / $3) * interval '1 millisecond' > w.expires_at
          FOR UPDATE OF d SKIP LOCKED
     ), settled AS (
       UPDATE deliveries d SET state = 'skipped', settled_at = now(), last_code = 'RATE_BUDGET', last_error = 'rate budget'
         FROM over WHERE d.id = over.id RETURNING d.*
     ), logged AS (${logDecision('settled', `'skipped'`)})
     SELECT enterprise_number AS enterprise, integration_type AS type, state, count(*)::int AS count FROM settled GROUP BY 1, 2, 3`,
    [lanes.map((lane) => lane.enterprise), lanes.map((lane) => lane.type), budget.perSecond, budget.pauseMs],
  );
  return rows;
}
