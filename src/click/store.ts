import type { Pool, PoolClient } from '../db/pool.js';
import { inTransaction } from '../db/tx.js';

export type { Pool } from '../db/pool.js';

export interface NewClick {
  id: string;
  enterprise: string;
  pbx: string;
  uid: string;
  extension: string;
  phone: string;
  source: string;
  refs: Record<string, string>;
  /** After which it is looked at whether anything came of it. */
  settleMs: number;
}

export interface ClickLimits {
  extension: number;
  enterprise: number;
}

/** Clicks of one extension on one number within this are one. */
const DOUBLE = `interval '30 seconds'`;

export type Claimed = 'new' | 'double' | 'extension limit' | 'enterprise limit';

/** Writes the click down unless it is one too many. Daemons and requests take turns, per enterprise. */
export async function claimClick(pool: Pool, click: NewClick, limits: ClickLimits): Promise<Claimed> {
  return inTransaction(pool, async (tx) => {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext('trunkline click ' || $1))`, [click.enterprise]);
    const seen = await recent(tx, click);
    if (seen.doubles > 0) return 'double';
    if (seen.extension >= limits.extension) return 'extension limit';
    if (seen.enterprise >= limits.enterprise) return 'enterprise limit';
    await tx.query(
      `INSERT INTO click_calls (id, enterprise_number, pbx, unique_id, extension, phone, source, refs, settle_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now() + $9 * interval '1 millisecond')`,
      [
        click.id,
        click.enterprise,
        click.pbx,
        click.uid,
        click.extension,
        click.phone,
        click.source,
        JSON.stringify(click.refs),
        click.settleMs,
      ],
    );
    return 'new';
  });
}

async function recent(tx: PoolClient, { enterprise, extension, phone }: NewClick) {
  const { rows } = await tx.query<{ doubles: number; extension: number; enterprise: number }>(
    `SELECT count(*) FILTER (WHERE extension = $2 AND phone = $3 AND state <> 'failed' AND asked_at > now() - ${DOUBLE})::int AS doubles,
            count(*) FILTER (WHERE extension = $2)::int AS extension, count(*)::int AS enterprise
       FROM click_calls WHERE enterprise_number = $1 AND NOT refused AND asked_at > now() - interval '1 minute'`,
    [enterprise, extension, phone],
  );
  return rows[0] ?? { doubles: 0, extension: 0, enterprise: 0 };
}

export async function markPlaced(pool: Pool, id: string): Promise<void> {
  await pool.query(`UPDATE click_calls SET state = 'placed', placed_at = now() WHERE id = $1 AND state = 'asked'`, [
    id,
  ]);
}

/** Nothing was dialled. Whoever asked is told as soon as he can be. */
export async function markFailed(pool: Pool, id: string, why: string): Promise<void> {
  await pool.query(
    `UPDATE click_calls SET state = 'failed', error = $2, settle_at = now() WHERE id = $1 AND state <> 'over'`,
    [id, why],
  );
}

/** What the CRM of this type knows a call by that it asked for; null of any other call. */
export async function askedFor(
  pool: Pool,
  enterprise: string,
  type: string,
  uid: string,
): Promise<Record<string, string> | null> {
  const { rows } = await pool.query<{ refs: Record<string, string> }>(
    `SELECT refs FROM click_calls WHERE enterprise_number = $1 AND unique_id = $2 AND source = $3`,
    [enterprise, uid, type],
  );
  return rows[0]?.refs ?? null;
}

export type RefusedClick = Pick<NewClick, 'id' | 'enterprise' | 'pbx' | 'extension' | 'phone' | 'source' | 'refs'> & {
  why: string;
};

/** Writes down that nothing comes of it; unless this very call of the CRM was asked for in the last hour, and is on its way. */
export async function keepRefused(pool: Pool, click: RefusedClick): Promise<void> {
  await pool.query(
    `INSERT INTO click_calls (id, enterprise_number, pbx, unique_id, extension, phone, source, refs, state, error, refused, settle_at)
     SELECT $1, $2, $3, '', $4, $5, $6, $7::jsonb, 'failed', $8, true, now()
      WHERE NOT EXISTS (SELECT FROM click_calls WHERE enterprise_number = $2 AND source = $6 AND refs = $7::jsonb
                           AND asked_at > now() - interval '1 hour')`,
    [
      click.id,
      click.enterprise,
      click.pbx,
      click.extension,
      click.phone,
      click.source,
      JSON.stringify(click.refs),
      click.why,
    ],
  );
}

export interface Unsettled {
  id: string;
  enterprise: string;
  source: string;
  refs: Record<string, string>;
  phone: string;
  extension: string;
  error: string | null;
  /** A call with a client came of it: its own deliveries tell the CRM. */
  came: boolean;
}

/** Clicks whose time has come, each for the daemon that gets it: it comes up again in a minute unless it is settled. */
export async function takeUnsettled(pool: Pool, limit: number): Promise<Unsettled[]> {
  const { rows } = await pool.query<Unsettled>(
    `WITH due AS (
       SELECT id FROM click_calls WHERE state <> 'over' AND settle_at <= now()
        ORDER BY settle_at LIMIT $1 FOR UPDATE SKIP LOCKED
     )
     UPDATE click_calls c SET settle_at = now() + interval '1 minute' FROM due WHERE c.id = due.id
     RETURNING c.id, c.enterprise_number AS enterprise, c.source, c.refs, c.phone, c.extension, c.error,
               EXISTS (SELECT FROM calls WHERE calls.enterprise_number = c.enterprise_number AND calls.pbx = c.pbx
                          AND calls.unique_id = c.unique_id AND calls.direction <> 'internal') AS came`,
    [limit],
  );
  return rows;
}

export async function markOver(pool: Pool, id: string): Promise<void> {
  await pool.query(`UPDATE click_calls SET state = 'over' WHERE id = $1`, [id]);
}

/** A month of clicks is kept. */
export async function dropOldClicks(pool: Pool): Promise<void> {
  await pool.query(`DELETE FROM click_calls WHERE state = 'over' AND asked_at < now() - interval '31 days'`);
}
