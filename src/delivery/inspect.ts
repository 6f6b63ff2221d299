/** What a person asks of deliveries: lists and replay, for the CLI and the admin. */
import type { DeliveryClass } from '../integrations/contract.js';
import { lanesToPayload } from './outbox.js';
import { notifyLanes } from './store.js';
import type { LaneId } from './ports.js';
import type { Queryable } from './store.js';

export type DeliveryState = 'pending' | 'started' | 'done' | 'expired' | 'skipped' | 'dead';

export interface DeliveryFilter {
  enterprise?: string;
  type?: string;
  states?: readonly DeliveryState[];
  callIds?: readonly string[];
  /** The id CRMs know: `<enterprise>-<uniqueid>`. */
  externalId?: string;
  /** Unix ms, of creation. */
  since?: number;
  until?: number;
  /** Ids below this one: the next page. */
  beforeId?: string;
  /** Default 50, at most 1,000. */
  limit?: number;
}

export interface DeliveryListed extends LaneId {
  id: string;
  callId: string;
  externalId: string;
  event: string;
  /** Number of the call event. */
  seq: number;
  step: string;
  class: DeliveryClass;
  state: DeliveryState;
  attempts: number;
  createdAt: Date;
  dueAt: Date;
  expiresAt: Date;
  settledAt: Date | null;
  unknownOutcome: boolean;
  lastCode: string | null;
  lastError: string | null;
}

const MATCHES = `($1::text IS NULL OR enterprise_number = $1) AND ($2::text IS NULL OR integration_type = $2)
  AND ($3::text[] IS NULL OR state = ANY ($3)) AND ($4::uuid[] IS NULL OR call_id = ANY ($4))
  AND ($5::text IS NULL OR event->'call'->>'externalId' = $5)
  AND ($6::float8 IS NULL OR created_at >= to_timestamp($6 / 1000)) AND ($7::float8 IS NULL OR created_at < to_timestamp($7 / 1000))`;

function matching(filter: DeliveryFilter): unknown[] {
  return [
    filter.enterprise ?? null,
    filter.type ?? null,
    filter.states ?? null,
    filter.callIds ?? null,
    filter.externalId ?? null,
    filter.since ?? null,
    filter.until ?? null,
  ];
}

/** Newest first. */
export async function listDeliveries(db: Queryable, filter: DeliveryFilter = {}): Promise<DeliveryListed[]> {
  const { rows } = await db.query<DeliveryListed>(
    `SELECT id, enterprise_number AS enterprise, integration_type AS type, call_id AS "callId",
            event->'call'->>'externalId' AS "externalId", event->>'kind' AS event, seq, step, class, state, attempts,
            created_at AS "createdAt", due_at AS "dueAt", expires_at AS "expiresAt", settled_at AS "settledAt",
            unknown_outcome AS "unknownOutcome", last_code AS "lastCode", last_error AS "lastError"
       FROM deliveries WHERE ${MATCHES} AND ($8::bigint IS NULL OR id < $8)
      ORDER BY id DESC LIMIT $9`,
    [...matching(filter), filter.beforeId ?? null, Math.min(filter.limit ?? 50, 1_000)],
  );
  return rows;
}

/** One line of `integration_logs`: an attempt, or a decision not to make one. Secrets are masked. */
export interface AttemptListed {
  deliveryId: string | null;
  callId: string;
  type: string;
  step: string | null;
  attempt: number | null;
  status: string;
  error: string | null;
  ms: number | null;
  at: Date;
  request: unknown;
  response: unknown;
}

/** What was tried of these calls, oldest first. */
export async function listAttempts(db: Queryable, callIds: readonly string[]): Promise<AttemptListed[]> {
  const { rows } = await db.query<AttemptListed>(
    `SELECT delivery_id AS "deliveryId", call_id AS "callId", integration_type AS type, step, attempt, status,
            error_message AS error, duration_ms AS ms, created_at AS at, request_data AS request, response_data AS response
       FROM integration_logs WHERE call_id = ANY ($1) ORDER BY created_at, id`,
    [callIds],
  );
  return rows;
}

export interface Replayed extends LaneId {
  id: string;
}

/**
 * Gives durable deliveries another `lifeMs`, from now. Without ids only dead ones; ids may also name expired or skipped
 * ones, never a card, never another enterprise's than is said, and never one the CRM has. What is known of an unknown outcome is kept: the connector looks before it
 * repeats. Answers what will be sent again.
 */
export async function replayDeliveries(
  db: Queryable,
  which: { ids: readonly string[]; enterprise?: string } | { filter: Omit<DeliveryFilter, 'states' | 'beforeId'> },
  lifeMs: number,
): Promise<Replayed[]> {
  const ids = 'ids' in which ? which.ids : null;
  const filter: DeliveryFilter =
    'ids' in which
      ? {
          ...(which.enterprise === undefined ? {} : { enterprise: which.enterprise }),
          states: ['dead', 'expired', 'skipped'],
        }
      : { ...which.filter, states: ['dead'] };
  const { rows } = await db.query<Replayed>(
    `UPDATE deliveries
        SET state = 'pending', attempts = 0, due_at = now(), expires_at = now() + $8 * interval '1 millisecond', settled_at = NULL,
            started_at = NULL, leased_until = NULL
      WHERE id IN (SELECT id FROM deliveries WHERE ${MATCHES} AND class = 'durable' AND ($9::bigint[] IS NULL OR id = ANY ($9))
                    ORDER BY id LIMIT $10 FOR UPDATE SKIP LOCKED)
      RETURNING id, enterprise_number AS enterprise, integration_type AS type`,
    [...matching(filter), lifeMs, ids, ('limit' in filter ? filter.limit : null) ?? null],
  );
  if (rows.length > 0)
    await notifyLanes(db, lanesToPayload(rows.map(({ enterprise, type }) => ({ enterprise, type }))));
  return rows;
}
