/** Pages of `integration_logs`, newest first, and what is new in it. Times keep their microseconds: they are half of a page's key. */
import type { Queryable } from './store.js';

export const LOG_STATUSES = ['success', 'error', 'pending', 'expired', 'skipped', 'unknown'] as const;

export interface LogFilter {
  enterprise: string;
  type?: string | undefined;
  statuses?: readonly string[] | undefined;
  /** The old plan's names: `start`, `dial`, `bridge`, `hangup`, `download`. */
  event?: string | undefined;
  phone?: string | undefined;
  callId?: string | undefined;
  /** ISO. */
  from?: string | undefined;
  until?: string | undefined;
}

export interface LogListed {
  id: string;
  /** ISO with microseconds. */
  at: string;
  type: string;
  event: string;
  status: (typeof LOG_STATUSES)[number];
  error: string | null;
  step: string | null;
  attempt: number | null;
  ms: number | null;
  phone: string | null;
  callId: string | null;
  deliveryId: string | null;
}

const AT = `to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
const COLUMNS = `id, ${AT} AS at, integration_type AS type, event_type AS event, status, error_message AS error, step, attempt,
  duration_ms AS ms, phone, call_id AS "callId", delivery_id AS "deliveryId"`;
const BODIES = 'request_data AS request, response_data AS response';

/** Older than `before`, at most `limit`. Only what is asked for stands in the statement, so that its index is found. */
export function pageOfLog(
  db: Queryable,
  filter: LogFilter,
  before: { at: string; id: string } | null,
  limit: number,
): Promise<LogListed[]> {
  return page<LogListed>(db, COLUMNS, filter, before, limit);
}

/** The newest, with what was asked and answered. */
export function pageOfEntries(db: Queryable, filter: LogFilter, limit: number): Promise<LogEntry[]> {
  return page<LogEntry>(db, `${COLUMNS}, ${BODIES}`, filter, null, limit);
}

async function page<R extends LogListed>(
  db: Queryable,
  columns: string,
  filter: LogFilter,
  before: { at: string; id: string } | null,
  limit: number,
): Promise<R[]> {
  const values: unknown[] = [];
  const where: string[] = [];
  const add = (condition: (place: string) => string, value: unknown) => {
    if (value === undefined) return;
    values.push(value);
    where.push(condition(`$${values.length}`));
  };
  add((p) => `enterprise_number = ${p}`, filter.enterprise);
  add((p) => `integration_type = ${p}`, filter.type);
  const statuses = filter.statuses ?? [];
  if (statuses.length === 1) add((p) => `status = ${p}`, statuses[0]);
  else if (statuses.length > 1) add((p) => `status = ANY (${p}::text[])`, statuses);
  add((p) => `event_type = ${p}`, filter.event);
  add((p) => `phone = ${p}`, filter.phone);
  add((p) => `call_id = ${p}::uuid`, filter.callId);
  add((p) => `created_at >= ${p}::timestamptz`, filter.from);
  add((p) => `created_at < ${p}::timestamptz`, filter.until);
  if (before) {
    values.push(before.at, before.id, limit);
    const [at, id] = [`$${values.length - 2}::timestamptz`, `$${values.length - 1}::bigint`];
    where.push(`created_at <= ${at} AND (created_at < ${at} OR id < ${id})`);
  } else values.push(limit);
  const { rows } = await db.query<R>(
    `SELECT ${columns} FROM integration_logs WHERE ${where.join(' AND ')}
      ORDER BY created_at DESC, id DESC LIMIT $${values.length}`,
    values,
  );
  return rows;
}

export interface LogEntry extends LogListed {
  request: unknown;
  response: unknown;
}

export async function readLogEntry(
  db: Queryable,
  { enterprise, type, at, id }: { enterprise: string; type: string; at: string; id: string },
): Promise<LogEntry | null> {
  const { rows } = await db.query<LogEntry>(
    `SELECT ${COLUMNS}, ${BODIES} FROM integration_logs
      WHERE enterprise_number = $1 AND integration_type = $2 AND created_at = $3::timestamptz AND id = $4::bigint`,
    [enterprise, type, at, id],
  );
  return rows[0] ?? null;
}

/** From `since` on, behind `after`, oldest first. */
export async function newInLog(
  db: Queryable,
  which: { enterprise: string; type?: string | undefined },
  since: string,
  after: { at: string; id: string } | null,
  limit: number,
): Promise<LogListed[]> {
  const { rows } = await db.query<LogListed>(
    `SELECT ${COLUMNS} FROM integration_logs
      WHERE enterprise_number = $1 AND ($2::text IS NULL OR integration_type = $2) AND created_at >= $3::timestamptz
        AND ($4::timestamptz IS NULL OR (created_at, id) > ($4, $5::bigint))
      ORDER BY created_at, id LIMIT $6`,
    [which.enterprise, which.type ?? null, since, after?.at ?? null, after?.id ?? null, limit],
  );
  return rows;
}

/** The database's clock, with microseconds. */
export async function databaseTime(db: Queryable): Promise<string> {
  const { rows } = await db.query<{ now: string }>(
    `SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS now`,
  );
  return rows[0]?.now ?? new Date().toISOString();
}

/** Our id of the call CRMs know by this one. */
export async function callIdOf(db: Queryable, enterprise: string, externalId: string): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>(
    'SELECT id FROM calls WHERE external_id = $2 AND enterprise_number = $1 LIMIT 1',
    [enterprise, externalId],
  );
  return rows[0]?.id ?? null;
}
