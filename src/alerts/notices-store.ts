import type { Alert } from './alerts-store.js';
import type { AlertDetail, AlertKind, Channel, What } from './kinds.js';
import type { Queryable } from './store.js';

export interface LastNotice {
  alertId: string;
  scope: string;
  channel: Channel;
  what: What;
  level: number;
  ageMs: number;
}

/** Those that something may be told of: current ones, and such as ended without a word. */
export async function tellable(db: Queryable): Promise<Alert[]> {
  const { rows } = await db.query<Alert>(
    `SELECT id, enterprise_number AS enterprise, kind, subject, level, detail, began_at AS "beganAt", seen_at AS "seenAt", ended_at AS "endedAt",
            acknowledged_at AS "acknowledgedAt", acknowledged_by AS "acknowledgedBy",
            CASE WHEN muted_until > now() THEN muted_until END AS "mutedUntil"
       FROM alerts WHERE ended_at IS NULL OR ended_at > now() - interval '1 day' ORDER BY id`,
  );
  return rows;
}

/** The newest of each alert, scope and channel. */
export async function lastNotices(db: Queryable, alertIds: readonly string[]): Promise<LastNotice[]> {
  if (alertIds.length === 0) return [];
  const { rows } = await db.query<LastNotice>(
    `SELECT DISTINCT ON (alert_id, scope, channel) alert_id AS "alertId", scope, channel, what, level,
            (extract(epoch FROM now() - created_at) * 1000)::float8 AS "ageMs"
       FROM alert_notices WHERE alert_id = ANY ($1::bigint[]) ORDER BY alert_id, scope, channel, id DESC`,
    [alertIds],
  );
  return rows;
}

export interface NewNotice {
  alertId: string;
  scope: string;
  channel: Channel;
  what: What;
  level: number;
}

/** Takes the place of what still waits to be told of the same. */
export async function addNotice(tx: Queryable, { alertId, scope, channel, what, level }: NewNotice): Promise<void> {
  await tx.query(
    `UPDATE alert_notices SET state = 'superseded' WHERE alert_id = $1 AND scope = $2 AND channel = $3 AND state = 'pending'`,
    [alertId, scope, channel],
  );
  await tx.query('INSERT INTO alert_notices (alert_id, scope, channel, what, level) VALUES ($1, $2, $3, $4, $5)', [
    ...[alertId, scope, channel, what, level],
  ]);
}

export interface ClaimedNotice {
  id: string;
  alertId: string;
  scope: string;
  channel: Channel;
  what: What;
  attempts: number;
  /** Since it was to be told first. */
  ageMs: number;
  enterprise: string;
  kind: AlertKind;
  subject: string;
  level: number;
  detail: AlertDetail;
  beganAt: Date;
  endedAt: Date | null;
  lastedMs: number;
}

/** All that are due, each for whoever asks first: nobody else gets them for a minute. */
export async function claimNotices(db: Queryable, limit: number): Promise<ClaimedNotice[]> {
  const { rows } = await db.query<ClaimedNotice>(
    `WITH claimed AS (
       UPDATE alert_notices SET attempts = attempts + 1, due_at = clock_timestamp() + interval '1 minute'
        WHERE id IN (SELECT id FROM alert_notices WHERE state = 'pending' AND due_at <= clock_timestamp() ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
       RETURNING *)
     SELECT n.id, n.alert_id AS "alertId", n.scope, n.channel, n.what, n.attempts, a.enterprise_number AS enterprise, a.kind, a.subject,
            n.level, a.detail, a.began_at AS "beganAt", a.ended_at AS "endedAt",
            (extract(epoch FROM clock_timestamp() - n.created_at) * 1000)::float8 AS "ageMs",
            (extract(epoch FROM coalesce(a.ended_at, clock_timestamp()) - a.began_at) * 1000)::float8 AS "lastedMs"
       FROM claimed n JOIN alerts a ON a.id = n.alert_id ORDER BY n.id`,
    [limit],
  );
  return rows;
}

export async function noticesSent(db: Queryable, ids: readonly string[]): Promise<void> {
  await db.query(
    `UPDATE alert_notices SET state = 'sent', sent_at = clock_timestamp(), last_error = NULL WHERE id = ANY ($1::bigint[])`,
    [ids],
  );
}

/** Tried again after so long; null: given up. What has been superseded meanwhile stays so. */
export async function noticesFailed(
  db: Queryable,
  ids: readonly string[],
  why: string,
  afterMs: number | null,
): Promise<void> {
  await db.query(
    `UPDATE alert_notices SET last_error = $2, state = CASE WHEN $3::float8 IS NULL THEN 'failed' ELSE state END,
            due_at = clock_timestamp() + coalesce($3::float8, 0) * interval '1 millisecond'
      WHERE id = ANY ($1::bigint[]) AND state = 'pending'`,
    [ids, why.slice(0, 400), afterMs],
  );
}

export interface ChannelTrouble {
  channel: Channel;
  why: string;
  waiting: number;
}

/** Why messages of this scope do not arrive, by channel; those that do are not among them. */
export async function channelTroubles(db: Queryable, scope: string): Promise<ChannelTrouble[]> {
  const { rows } = await db.query<ChannelTrouble>(
    `SELECT channel, (array_agg(last_error ORDER BY id DESC))[1] AS why, count(*)::int AS waiting
       FROM alert_notices WHERE scope = $1 AND state = 'pending' AND last_error IS NOT NULL GROUP BY 1 ORDER BY 1`,
    [scope],
  );
  return rows;
}
