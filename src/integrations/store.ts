/**
 * The `enterprises` table. It may be the old system's, in either of its generations (`active` is a boolean or an
 * integer, `number` is the key or not), so statements name few columns, cast what differs and never rewrite what they
 * do not own: one integration is one `jsonb_set` under a row lock.
 */
import { CHANNELS } from '../db/listen.js';
import type { Queryable } from '../db/pool.js';

export type { Pool, PoolClient, Queryable } from '../db/pool.js';
export { inTransaction } from '../db/tx.js';

export interface EnterpriseRow {
  number: string;
  name: string;
  token: string | null;
  client_id: string;
  address: string | null;
  /** As stored: an object, or text that holds one. */
  integrations: unknown;
  /** Null for an enterprise we never saved. */
  trunkline: unknown;
  /** Switched on in both of the old system's ways. */
  running: boolean;
}

const COLUMNS = `number::text, name::text, name2::text AS token, secret::text AS client_id, ip::text AS address,
  integrations_config AS integrations, trunkline,
  coalesce(active::text, 'true') NOT IN ('false', '0') AND coalesce(is_enabled::text, 'true') NOT IN ('false', '0') AS running`;

/** Every enterprise that is switched on. */
export async function readRunning(db: Queryable): Promise<EnterpriseRow[]> {
  return (await readAll(db)).filter((row) => row.running);
}

export async function readAll(db: Queryable): Promise<EnterpriseRow[]> {
  return (await db.query<EnterpriseRow>(`SELECT ${COLUMNS} FROM enterprises ORDER BY number`)).rows;
}

export async function readEnterprise(db: Queryable, number: string): Promise<EnterpriseRow | null> {
  const { rows } = await db.query<EnterpriseRow>(`SELECT ${COLUMNS} FROM enterprises WHERE number::text = $1`, [
    number,
  ]);
  return rows[0] ?? null;
}

/** Who has subscribed to which bot in the old system, by the bot's token; empty where there is no such table. */
export async function readSubscribers(db: Queryable): Promise<Map<string, string[]>> {
  const known = await db.query<{ columns: string }>(
    `SELECT count(*)::text AS columns FROM pg_attribute
      WHERE attrelid = to_regclass('telegram_users') AND attname IN ('tg_id', 'bot_token') AND NOT attisdropped`,
  );
  if (known.rows[0]?.columns !== '2') return new Map();
  const { rows } = await db.query<{ token: string; chats: string[] }>(
    `SELECT bot_token::text AS token, array_agg(DISTINCT tg_id::text) AS chats FROM telegram_users
      WHERE bot_token IS NOT NULL AND tg_id IS NOT NULL GROUP BY 1`,
  );
  return new Map(rows.map(({ token, chats }) => [token, chats]));
}

/** One enterprise, locked until the transaction ends. */
export async function lockEnterprise(db: Queryable, number: string): Promise<EnterpriseRow | null> {
  const { rows } = await db.query<EnterpriseRow>(
    `SELECT ${COLUMNS} FROM enterprises WHERE number::text = $1 FOR UPDATE`,
    [number],
  );
  return rows[0] ?? null;
}

/** Imports run one after another: two at once could each miss the other's claim on a PBX. */
export async function lockImports(db: Queryable): Promise<void> {
  await db.query(`SELECT pg_advisory_xact_lock(hashtext('trunkline import'))`);
}

/** The enterprise that has this token, other than `number`. */
export async function holderOfToken(db: Queryable, token: string, number: string): Promise<string | null> {
  const { rows } = await db.query<{ number: string }>(
    'SELECT number::text FROM enterprises WHERE name2::text = $1 AND number::text <> $2 LIMIT 1',
    [token, number],
  );
  return rows[0]?.number ?? null;
}

export interface OldColumns {
  number: string;
  name: string;
  token: string | null;
  clientId: string;
}

export async function insertEnterprise(db: Queryable, row: OldColumns): Promise<void> {
  await db.query('INSERT INTO enterprises (number, name, name2, secret) VALUES ($1, $2, $3, $4)', [
    row.number,
    row.name,
    row.token,
    row.clientId,
  ]);
}

export async function updateOldColumns(db: Queryable, row: OldColumns): Promise<void> {
  await db.query('UPDATE enterprises SET name = $2, name2 = $3, secret = $4 WHERE number::text = $1', [
    row.number,
    row.name,
    row.token,
    row.clientId,
  ]);
}

/** The whole of our own column; keys that the caller read and did not know are in `value` again. */
export async function writeTrunkline(db: Queryable, number: string, value: Record<string, unknown>): Promise<void> {
  await db.query('UPDATE enterprises SET trunkline = $2 WHERE number::text = $1', [number, JSON.stringify(value)]);
}

/** Lays `patch` over one integration and takes `remove` out of it; every other key stays as it is. */
export async function patchIntegration(
  db: Queryable,
  number: string,
  type: string,
  patch: Record<string, unknown>,
  remove: readonly string[],
): Promise<void> {
  await db.query(
    `UPDATE enterprises SET integrations_config = jsonb_set(
       coalesce(integrations_config, '{}'), ARRAY[$2::text],
       (CASE jsonb_typeof(integrations_config -> $2) WHEN 'object' THEN integrations_config -> $2 ELSE '{}' END || $3::jsonb) - $4::text[])
     WHERE number::text = $1`,
    [number, type, JSON.stringify(patch), remove],
  );
}

/** Every other integration stays as it is. */
export async function removeIntegration(db: Queryable, number: string, type: string): Promise<void> {
  await db.query(
    'UPDATE enterprises SET integrations_config = integrations_config - $2::text WHERE number::text = $1',
    [number, type],
  );
}

/** Some old writers stored the object as text; before one key of it can be set it must be an object again. */
export async function unwrapIntegrations(db: Queryable, number: string, value: Record<string, unknown>): Promise<void> {
  await db.query(
    `UPDATE enterprises SET integrations_config = $2
      WHERE number::text = $1 AND jsonb_typeof(integrations_config) IS DISTINCT FROM 'object'`,
    [number, JSON.stringify(value)],
  );
}

/** Told at commit, to every daemon and to the old gateway. */
export async function announceChange(db: Queryable, number: string): Promise<void> {
  await db.query('SELECT pg_notify($1, $2)', [CHANNELS.config, number]);
}

/** The database's clock, Unix ms. */
export async function databaseNow(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ now: Date }>('SELECT now()');
  return rows[0]?.now.getTime() ?? Date.now();
}
