import type { Queryable } from './store.js';

export interface Account {
  id: string;
  login: string;
  name: string;
  enterprise: string | null;
  disabled: boolean;
  createdAt: Date;
  lastLoginAt: Date | null;
}

const COLUMNS = `id, login, name, enterprise_number AS enterprise, disabled_at IS NOT NULL AS disabled,
  created_at AS "createdAt", last_login_at AS "lastLoginAt"`;

export function loginOf(text: string): string {
  return text.trim().toLowerCase();
}

export async function readPassword(db: Queryable, login: string): Promise<{ id: string; password: string } | null> {
  const { rows } = await db.query<{ id: string; password: string }>(
    'SELECT id, password FROM admin_accounts WHERE login = $1 AND disabled_at IS NULL',
    [login],
  );
  return rows[0] ?? null;
}

/** All, or those of one enterprise. */
export async function listAccounts(db: Queryable, enterprise: string | null): Promise<Account[]> {
  const { rows } = await db.query<Account>(
    `SELECT ${COLUMNS} FROM admin_accounts WHERE $1::text IS NULL OR enterprise_number = $1 ORDER BY login`,
    [enterprise],
  );
  return rows;
}

export async function findAccount(db: Queryable, login: string): Promise<Account | null> {
  const { rows } = await db.query<Account>(`SELECT ${COLUMNS} FROM admin_accounts WHERE login = $1`, [login]);
  return rows[0] ?? null;
}

export async function readAccount(db: Queryable, id: string): Promise<Account | null> {
  const { rows } = await db.query<Account>(`SELECT ${COLUMNS} FROM admin_accounts WHERE id = $1`, [id]);
  return rows[0] ?? null;
}

export async function hasSuperAdmin(db: Queryable): Promise<boolean> {
  const { rowCount } = await db.query('SELECT FROM admin_accounts WHERE enterprise_number IS NULL LIMIT 1');
  return rowCount === 1;
}

/** Null when there is one of that login. */
export async function insertAccount(
  db: Queryable,
  account: { login: string; name: string; password: string; enterprise: string | null },
): Promise<Account | null> {
  const { rows } = await db.query<Account>(
    `INSERT INTO admin_accounts (login, name, password, enterprise_number) VALUES ($1, $2, $3, $4)
     ON CONFLICT (login) DO NOTHING RETURNING ${COLUMNS}`,
    [account.login, account.name, account.password, account.enterprise],
  );
  return rows[0] ?? null;
}

/** A new password ends every session: whoever had the old one is out. */
export async function setPassword(db: Queryable, id: string, password: string): Promise<void> {
  await db.query(
    `WITH out AS (DELETE FROM admin_sessions WHERE account_id = $1)
     UPDATE admin_accounts SET password = $2 WHERE id = $1`,
    [id, password],
  );
}

export async function setAccount(
  db: Queryable,
  id: string,
  { name, disabled }: { name: string; disabled: boolean },
): Promise<void> {
  await db.query(
    `WITH out AS (DELETE FROM admin_sessions WHERE account_id = $1 AND $3)
     UPDATE admin_accounts SET name = $2, disabled_at = CASE WHEN $3 THEN coalesce(disabled_at, now()) END WHERE id = $1`,
    [id, name, disabled],
  );
}

export async function deleteAccount(db: Queryable, id: string): Promise<void> {
  await db.query('DELETE FROM admin_accounts WHERE id = $1', [id]);
}

export interface OldUser {
  id: string;
  email: string;
  name: string;
  admin: boolean;
  active: boolean;
}

/** People of the existing system, which alone changes them. Columns not all of its versions have are read as they are there. */
export async function listOldUsers(db: Queryable, enterprise: string): Promise<OldUser[]> {
  const { rows } = await db.query<OldUser>(
    `SELECT id::text, coalesce(email, '') AS email,
            trim(concat_ws(' ', to_jsonb(u)->>'last_name', to_jsonb(u)->>'first_name', to_jsonb(u)->>'patronymic')) AS name,
            coalesce(is_admin::text, '') IN ('true', '1') AS admin,
            coalesce(to_jsonb(u)->>'status', 'active') = 'active' AS active
       FROM users u WHERE enterprise_number::text = $1 ORDER BY email`,
    [enterprise],
  );
  return rows;
}
