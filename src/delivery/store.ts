/** The rows of `deliveries` on their way: owed, claimed, settled. What is settled without an attempt: sweep-store.ts. */
import { CHANNELS } from '../db/listen.js';
import type { Queryable } from '../db/pool.js';
import type { DeliveryClass } from '../integrations/contract.js';
import type { CallEvent } from '../calls/vocabulary.js';
import type { CardState, DeliveryRow, LaneId } from './ports.js';
import { EVENT_TYPE, logDecision, UNSETTLED } from './sweep-store.js';

export type { Pool, PoolClient, Queryable } from '../db/pool.js';

/** What one attempt, or one decision not to attempt, adds to its delivery in `integration_logs`. */
export interface LogRow {
  deliveryId: string;
  status: 'success' | 'error' | 'pending' | 'expired' | 'skipped' | 'unknown';
  request: unknown;
  response: unknown;
  error: string | null;
  attempt: number | null;
  ms: number | null;
}

export interface NewDelivery extends LaneId {
  callId: string;
  seq: number;
  step: string;
  class: DeliveryClass;
  event: CallEvent;
  /** Negative when the event is older than its life. */
  lifeMs: number;
  /** Takes the place of earlier ones of its name and call that have not been sent. */
  latest: boolean;
  /** Not sent before this time has passed. */
  holdMs: number;
  /** … and nothing brings it forward. */
  heldBack: boolean;
  /** Sent when the recording of its call is ready or known absent, if that is before `holdMs`. */
  awaitsRecording: boolean;
}

/** Inserts in the given order; rows that stand already are left. Too old ones are written as expired, with their log. */
export async function insertDeliveries(tx: Queryable, rows: readonly NewDelivery[]): Promise<void> {
  await tx.query(
    `WITH owed AS (
       INSERT INTO deliveries (enterprise_number, integration_type, call_id, seq, step, class, event, state, due_at, expires_at,
                               leased_until, awaits_recording, settled_at, last_code, last_error)
       SELECT enterprise, type, "callId", seq, step, class, event,
              CASE WHEN "lifeMs" > 0 THEN 'pending' ELSE 'expired' END,
              now() + "holdMs" * interval '1 millisecond',
              now() + "lifeMs" * interval '1 millisecond',
              CASE WHEN "heldBack" AND "lifeMs" > 0 THEN now() + "holdMs" * interval '1 millisecond' END,
              "awaitsRecording",
              CASE WHEN "lifeMs" > 0 THEN NULL ELSE now() END,
              CASE WHEN "lifeMs" > 0 THEN NULL ELSE 'EXPIRED' END,
              CASE WHEN "lifeMs" > 0 THEN NULL ELSE 'the event was too old when it arrived' END
         FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS (enterprise text, type text, "callId" uuid, seq int, step text,
                                                           class text, event jsonb, "lifeMs" float8, "holdMs" float8,
                                                           "heldBack" boolean, "awaitsRecording" boolean))
              WITH ORDINALITY AS r
        ORDER BY ordinality
       ON CONFLICT (call_id, integration_type, seq, step) DO NOTHING
       RETURNING *)
     ${logDecision(`owed WHERE state = 'expired'`, `'expired'`)}`,
    [JSON.stringify(rows)],
  );
}

export interface LaneDue extends LaneId {
  /** Milliseconds until its next row is due; not positive when one is. */
  dueInMs: number;
}

/** Every lane with unsettled rows: jumps from lane to lane in the index, however many rows they have. */
export async function lanesWithWork(db: Queryable): Promise<LaneDue[]> {
  const { rows } = await db.query<LaneDue>(
    `WITH RECURSIVE lane AS (
       (SELECT enterprise_number, integration_type FROM deliveries WHERE ${UNSETTLED}
         ORDER BY enterprise_number, integration_type LIMIT 1)
       UNION ALL
       SELECT next.* FROM lane CROSS JOIN LATERAL (
         SELECT d.enterprise_number, d.integration_type FROM deliveries d
          WHERE ${UNSETTLED} AND (d.enterprise_number, d.integration_type) > (lane.enterprise_number, lane.integration_type)
          ORDER BY d.enterprise_number, d.integration_type LIMIT 1) AS next
     )
     SELECT lane.enterprise_number AS enterprise, lane.integration_type AS type,
            (extract(epoch FROM first.due_at - clock_timestamp()) * 1000)::float8 AS "dueInMs"
       FROM lane CROSS JOIN LATERAL (
         SELECT d.due_at FROM deliveries d
          WHERE ${UNSETTLED} AND d.enterprise_number = lane.enterprise_number AND d.integration_type = lane.integration_type
          ORDER BY d.due_at LIMIT 1) AS first`,
  );
  return rows;
}

export interface Want extends LaneId {
  limitKey: string;
  epoch: string;
  /** Rows that may start now; at most `history` of them durable; `kept` of them for durable rows even if cards wait. */
  total: number;
  history: number;
  kept: number;
}

/**
 * Takes due rows that are the oldest unsettled of their call, cards first, and marks them started in the same committed
 * statement. A stale epoch takes nothing. `held`: rows this process still has although their lease may have run out.
 */
export async function claim(
  db: Queryable,
  wants: readonly Want[],
  options: { holder: string; leaseMs: number; held: readonly string[] },
): Promise<DeliveryRow[]> {
  const { rows } = await db.query<DeliveryRow>(
    `WITH wanted AS MATERIALIZED (
       SELECT w.* FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::int[], $6::int[], $7::int[])
                    AS w (enterprise, type, limit_key, epoch, total, history, kept)
         JOIN leases l ON l.kind = 'limit' AND l.key = w.limit_key AND l.holder = $8 AND l.epoch = w.epoch
                      AND l.expires_at > now()
     ), cards AS MATERIALIZED (
       SELECT w.enterprise, w.type, c.id, c.started_at,
              row_number() OVER (PARTITION BY w.enterprise, w.type ORDER BY c.due_at, c.id) AS n
         FROM wanted w CROSS JOIN LATERAL (${heads(`d.class <> 'durable'`, 'w.total')}) AS c
     ), history AS MATERIALIZED (
       SELECT w.enterprise, w.type, c.id, c.started_at,
              row_number() OVER (PARTITION BY w.enterprise, w.type ORDER BY c.due_at, c.id) AS n
         FROM wanted w CROSS JOIN LATERAL (${heads(`d.class = 'durable'`, 'w.history')}) AS c
     ), share AS (
       SELECT w.enterprise, w.type, w.epoch, w.total,
              w.total - least(w.kept, (SELECT count(*) FROM history h WHERE h.enterprise = w.enterprise AND h.type = w.type))
                AS for_cards,
              (SELECT count(*) FROM cards c WHERE c.enterprise = w.enterprise AND c.type = w.type) AS waiting
         FROM wanted w
     ), picked AS (
       SELECT c.id, c.started_at, s.epoch FROM cards c JOIN share s USING (enterprise, type) WHERE c.n <= s.for_cards
       UNION ALL
       SELECT h.id, h.started_at, s.epoch FROM history h JOIN share s USING (enterprise, type)
        WHERE h.n <= s.total - least(s.waiting, s.for_cards)
     ), claimed AS (
       UPDATE deliveries d
          SET state = 'started', started_at = now(), attempts = d.attempts + 1,
              unknown_outcome = d.unknown_outcome OR p.started_at IS NOT NULL,
              lease_holder = $8, lease_epoch = p.epoch, leased_until = until.at, due_at = until.at
         FROM picked p
         JOIN deliveries o ON o.id = p.id
        CROSS JOIN LATERAL (
          SELECT CASE WHEN o.class = 'perishable' THEN least(now() + $9 * interval '1 millisecond', o.expires_at + interval '2 seconds')
                      ELSE now() + $9 * interval '1 millisecond' END AS at) AS until
        WHERE d.id = p.id
       RETURNING d.*, p.started_at IS NOT NULL AS lost
     )
     SELECT c.id, c.enterprise_number AS enterprise, c.integration_type AS type, c.call_id AS "callId", c.seq, c.step, c.class,
            c.event, c.attempts, c.lease_epoch AS epoch, c.unknown_outcome AS "unknownOutcome", c.lost,
            (extract(epoch FROM c.expires_at - now()) * 1000)::float8 AS "expiresInMs",
            (extract(epoch FROM now() - c.created_at) * 1000)::float8 AS "ageMs",
            coalesce(r.refs, '{}') AS refs, coalesce(r.card, 'none') AS card
       FROM claimed c LEFT JOIN delivery_refs r ON r.call_id = c.call_id AND r.integration_type = c.integration_type
      ORDER BY c.class = 'durable', c.id`,
    [
      wants.map((want) => want.enterprise),
      wants.map((want) => want.type),
      wants.map((want) => want.limitKey),
      wants.map((want) => want.epoch),
      wants.map((want) => want.total),
      wants.map((want) => want.history),
      wants.map((want) => want.kept),
      options.holder,
      options.leaseMs,
      options.held,
    ],
  );
  return rows;
}

function heads(which: string, limit: string): string {
  return `SELECT d.id, d.due_at, d.started_at FROM deliveries d
           WHERE d.enterprise_number = w.enterprise AND d.integration_type = w.type AND d.${UNSETTLED} AND ${which}
             AND d.due_at <= now() AND d.expires_at > now() AND d.id <> ALL ($10::bigint[])
             AND NOT EXISTS (SELECT FROM deliveries o
                              WHERE o.call_id = d.call_id AND o.integration_type = d.integration_type
                                AND o.${UNSETTLED} AND o.id < d.id)
           ORDER BY d.due_at, d.id LIMIT ${limit} FOR UPDATE OF d SKIP LOCKED`;
}

export interface SettleRow {
  id: string;
  attempts: number;
  epoch: string;
  state: 'done' | 'skipped' | 'expired' | 'dead' | 'pending';
  delayMs: number;
  notBefore: boolean;
  unknown: boolean;
  code: string | null;
  error: string | null;
  callId: string;
  enterprise: string;
  type: string;
  /** Merged into what is known of the call; null when nothing is new. */
  refs: Record<string, string> | null;
  card: CardState;
}

/**
 * Settles a batch; at most one row of a (call, integration). Answers the ids whose lease still stood. Of the others nothing
 * is written, logs neither: whoever took them logs the lost attempt, and a batch sent twice is written once.
 */
export async function settle(
  db: Queryable,
  holder: string,
  rows: readonly SettleRow[],
  logs: readonly LogRow[],
): Promise<string[]> {
  const { rows: settled } = await db.query<{ id: string }>(
    `WITH r AS MATERIALIZED (
       SELECT * FROM jsonb_to_recordset($2::jsonb) AS r (id bigint, attempts int, epoch bigint, state text, "delayMs" float8,
         "notBefore" boolean, unknown boolean, code text, error text, "callId" uuid, enterprise text, type text, refs jsonb,
         card text)
     ), settled AS (
       UPDATE deliveries d
          SET state = r.state, started_at = NULL, unknown_outcome = r.unknown, last_code = r.code, last_error = r.error,
              due_at = now() + r."delayMs" * interval '1 millisecond',
              leased_until = CASE WHEN r."notBefore" THEN now() + r."delayMs" * interval '1 millisecond' END,
              lease_holder = NULL, lease_epoch = NULL, settled_at = CASE WHEN r.state = 'pending' THEN NULL ELSE now() END
         FROM r
        WHERE d.id = r.id AND d.state = 'started' AND d.lease_holder = $1 AND d.lease_epoch = r.epoch
          AND d.attempts = r.attempts
       RETURNING d.id, d.enterprise_number, d.integration_type, d.call_id, d.step, d.event
     ), remembered AS (
       INSERT INTO delivery_refs AS k (call_id, enterprise_number, integration_type, refs, card)
       SELECT r."callId", r.enterprise, r.type, coalesce(r.refs, '{}'), r.card
         FROM r JOIN settled USING (id) WHERE r.refs IS NOT NULL OR r.card <> 'none'
       ON CONFLICT (call_id, integration_type) DO UPDATE SET refs = k.refs || EXCLUDED.refs, card = EXCLUDED.card, updated_at = now()
     ), logged AS (
       INSERT INTO integration_logs (enterprise_number, integration_type, event_type, request_data, response_data, status,
                                     error_message, call_id, delivery_id, step, attempt, duration_ms, phone)
       SELECT enterprise_number, integration_type, ${EVENT_TYPE}, request, response, status, error, call_id, id, step, attempt,
              round(ms), event->'call'->>'external'
         FROM ROWS FROM (jsonb_to_recordset($3::jsonb) AS ("deliveryId" bigint, status text, request jsonb, response jsonb,
                                                           error text, attempt int, ms float8)) WITH ORDINALITY
         JOIN settled ON id = "deliveryId"
        ORDER BY ordinality
     )
     SELECT id FROM settled`,
    [holder, JSON.stringify(rows), JSON.stringify(logs)],
  );
  return settled.map((row) => row.id);
}

/** Brings rows in back-off forward once the other side answers again; never one the CRM asked to hold back. */
export async function bringForward(db: Queryable, lanes: readonly LaneId[], limit: number): Promise<void> {
  await db.query(
    `UPDATE deliveries SET due_at = now() WHERE id IN (
       SELECT d.id FROM unnest($1::text[], $2::text[]) AS l (enterprise, type)
         JOIN deliveries d ON d.enterprise_number = l.enterprise AND d.integration_type = l.type
        WHERE d.state = 'pending' AND d.due_at > now() AND d.leased_until IS NULL
        ORDER BY d.id LIMIT $3 FOR UPDATE OF d SKIP LOCKED)`,
    [lanes.map((lane) => lane.enterprise), lanes.map((lane) => lane.type), limit],
  );
}

/** Rows of an earlier boot of this instance, which is dead for certain: their leases end now. */
export async function releaseFormerBoot(db: Queryable, holder: string): Promise<number> {
  const { rowCount } = await db.query(
    `UPDATE deliveries SET due_at = now(), leased_until = now()
      WHERE state = 'started' AND lease_holder <> $1 AND position('#' IN $1) > 0
        AND split_part(lease_holder, '#', 1) = split_part($1, '#', 1)`,
    [holder],
  );
  return rowCount ?? 0;
}

/** Tells other processes that these lanes have work; heard after the commit. */
export async function notifyLanes(db: Queryable, payload: string): Promise<void> {
  await db.query('SELECT pg_notify($1, $2)', [CHANNELS.deliveries, payload]);
}

/**
 * The recording of a call is known now: what was held back for it is due, with this address in the place of the one it was given, or
 * with none; that goes on waiting for one as long as it is not sent. `heldMs` is what it was held back for that alone. Answers the lanes to
 * wake.
 */
export async function releaseForRecording(
  tx: Queryable,
  { callId, link, heldMs }: { callId: string; link: string | null; heldMs: number },
): Promise<LaneId[]> {
  const { rows } = await tx.query<LaneId>(
    `UPDATE deliveries
        SET due_at = greatest(now(), due_at - $3 * interval '1 millisecond'), awaits_recording = ($2::text IS NULL),
            leased_until = greatest(now(), due_at - $3 * interval '1 millisecond'),
            event = jsonb_set(event, '{call,recordingFile}', coalesce(to_jsonb($2::text), 'null'))
      WHERE call_id = $1 AND state = 'pending' AND attempts = 0 AND awaits_recording
     RETURNING enterprise_number AS enterprise, integration_type AS type`,
    [callId, link, heldMs],
  );
  return rows;
}

/** A recording that was taken for absent is there: what could not be sent meanwhile tells of it. A repeat says what was said before. */
export async function addRecording(tx: Queryable, callId: string, link: string): Promise<void> {
  await tx.query(
    `UPDATE deliveries SET awaits_recording = false, event = jsonb_set(event, '{call,recordingFile}', to_jsonb($2::text))
      WHERE call_id = $1 AND state IN ('pending', 'dead') AND awaits_recording AND NOT unknown_outcome`,
    [callId, link],
  );
}
