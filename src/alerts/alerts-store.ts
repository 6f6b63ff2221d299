import type { AlertDetail, AlertKey, AlertKind, Observation } from './kinds.js';
import type { Queryable } from './store.js';

export interface Alert extends AlertKey {
  id: string;
  level: number;
  detail: AlertDetail;
  beganAt: Date;
  seenAt: Date;
  endedAt: Date | null;
  acknowledgedAt: Date | null;
  acknowledgedBy: string | null;
  mutedUntil: Date | null;
}

const COLUMNS = `a.id, a.enterprise_number AS enterprise, a.kind, a.subject, a.level, a.detail, a.began_at AS "beganAt", a.seen_at AS "seenAt",
  a.ended_at AS "endedAt", a.acknowledged_at AS "acknowledgedAt", a.acknowledged_by AS "acknowledgedBy",
  CASE WHEN a.muted_until > now() THEN a.muted_until END AS "mutedUntil"`;

/** It has to have been well for so long. */
const SETTLED = `interval '1 minute'`;

export async function currentAlerts(db: Queryable): Promise<Alert[]> {
  return (await db.query<Alert>(`SELECT ${COLUMNS} FROM alerts a WHERE ended_at IS NULL ORDER BY id`)).rows;
}

/** Begins, or goes on; what it has been told of stays the worst it was. */
export async function seenBad(tx: Queryable, { enterprise, kind, subject, level, detail }: Observation): Promise<void> {
  await tx.query(
    `INSERT INTO alerts AS known (enterprise_number, kind, subject, level, detail) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (enterprise_number, kind, subject) WHERE ended_at IS NULL DO UPDATE SET
       level = greatest(known.level, excluded.level), detail = excluded.detail, seen_at = now(), well_since = NULL`,
    [enterprise, kind, subject, level, JSON.stringify(detail)],
  );
}

/** Ends when it has been well for a while; `atOnce`: nobody looks at it any more. */
export async function seenWell(tx: Queryable, id: string, atOnce: boolean): Promise<void> {
  await tx.query(
    `UPDATE alerts SET well_since = coalesce(well_since, now()),
            ended_at = CASE WHEN $2 OR well_since <= now() - ${SETTLED} THEN coalesce(well_since, now()) END
      WHERE id = $1 AND ended_at IS NULL`,
    [id, atOnce],
  );
}

export interface AlertPage {
  /** Null: of all enterprises. */
  enterprise: string | null;
  state: 'current' | 'past';
  before: string | null;
  limit: number;
}

/** Newest first, with the newest failure to tell of it. */
export async function pageOfAlerts(db: Queryable, { enterprise, state, before, limit }: AlertPage): Promise<Alert[]> {
  const { rows } = await db.query<Alert>(
    `SELECT ${COLUMNS} FROM alerts a
      WHERE ($1::text IS NULL OR a.enterprise_number = $1) AND a.ended_at IS ${state === 'past' ? 'NOT ' : ''}NULL
        AND ($2::bigint IS NULL OR a.id < $2) ORDER BY a.id DESC LIMIT $3`,
    [enterprise, before, limit],
  );
  return rows;
}

export async function countCurrent(db: Queryable, enterprise: string | null): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM alerts WHERE ended_at IS NULL AND ($1::text IS NULL OR enterprise_number = $1)',
    [enterprise],
  );
  return rows[0]?.count ?? 0;
}

export async function countByKind(db: Queryable): Promise<{ kind: AlertKind; count: number }[]> {
  const { rows } = await db.query<{ kind: AlertKind; count: number }>(
    'SELECT kind, count(*)::int AS count FROM alerts WHERE ended_at IS NULL GROUP BY 1',
  );
  return rows;
}

/** False when it is none of this enterprise's, or over. */
export async function acknowledge(db: Queryable, enterprise: string, id: string, by: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE alerts SET acknowledged_at = now(), acknowledged_by = $3 WHERE enterprise_number = $1 AND id = $2 AND ended_at IS NULL`,
    [enterprise, id, by],
  );
  return rowCount === 1;
}

/** 0 hours: it is told of again. */
export async function mute(db: Queryable, enterprise: string, id: string, hours: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE alerts SET muted_until = CASE WHEN $3 > 0 THEN now() + $3 * interval '1 hour' END
      WHERE enterprise_number = $1 AND id = $2 AND ended_at IS NULL`,
    [enterprise, id, hours],
  );
  return rowCount === 1;
}

export async function dropOldAlerts(db: Queryable, days: number): Promise<void> {
  await db.query(`DELETE FROM alerts WHERE ended_at < now() - $1 * interval '1 day'`, [days]);
}
