import type { Identity } from './rights.js';
import type { Queryable } from './store.js';

export interface NewSession {
  tokenHash: Buffer;
  accountId: string;
  ttlMs: number;
  address: string;
  agent: string;
}

export async function insertSession(db: Queryable, session: NewSession): Promise<void> {
  await db.query(
    `WITH seen AS (UPDATE admin_accounts SET last_login_at = now() WHERE id = $2)
     INSERT INTO admin_sessions (token_hash, account_id, expires_at, address, agent)
     VALUES ($1, $2, now() + $3 * interval '1 millisecond', $4, $5)`,
    [session.tokenHash, session.accountId, session.ttlMs, session.address, session.agent],
  );
}

interface Found {
  kind: 'account' | 'user' | 'session';
  enterprise: string | null;
  who: string;
  name: string;
  account: string | null;
}

/**
 * Whose log-in a token is: ours by its hash, then what the existing system wrote. Its times have no zone and are compared as it
 * compares them. An administrator is one of his user's enterprise; a session that says another one is nobody's.
 */
export async function findIdentity(db: Queryable, token: string, tokenHash: Buffer): Promise<Identity | null> {
  const { rows } = await db.query<Found>({
    name: 'admin-identity',
    text: `WITH found AS (
       SELECT 1 AS rank, 'account' AS kind, a.enterprise_number AS enterprise, a.login AS who, a.name, a.id::text AS account
         FROM admin_sessions s JOIN admin_accounts a ON a.id = s.account_id
        WHERE s.token_hash = $2 AND s.expires_at > now() AND a.disabled_at IS NULL
       UNION ALL
       SELECT 2, 'user', u.enterprise_number::text, coalesce(u.email, u.id::text),
              trim(concat_ws(' ', to_jsonb(u)->>'first_name', to_jsonb(u)->>'last_name')), NULL
         FROM user_sessions s JOIN users u ON u.id = s.user_id
        WHERE s.session_token = $1 AND s.expires_at > now() AND coalesce(u.is_admin::text, '') IN ('true', '1')
          AND coalesce(to_jsonb(u)->>'status', 'active') = 'active'
          AND coalesce(u.enterprise_number::text, '') <> ''
          AND coalesce(nullif(s.enterprise_number::text, ''), u.enterprise_number::text) = u.enterprise_number::text
       UNION ALL
       SELECT 3, 'session', nullif(s.enterprise_number::text, ''), coalesce(nullif(s.enterprise_number::text, ''), 'super'), '', NULL
         FROM sessions s WHERE s.session_token = $1 AND s.created_at > now() - interval '24 hours'
     )
     SELECT kind, enterprise, who, name, account FROM found
      WHERE enterprise IS NULL OR EXISTS (
        SELECT FROM enterprises e WHERE e.number::text = found.enterprise
           AND coalesce(e.active::text, 'true') NOT IN ('false', '0') AND coalesce(e.is_enabled::text, 'true') NOT IN ('false', '0'))
      ORDER BY rank LIMIT 1`,
    values: [token, tokenHash],
  });
  const [row] = rows;
  if (!row) return null;
  return {
    kind: row.enterprise === null ? 'super' : 'enterprise',
    enterprise: row.enterprise,
    actor: `${row.kind}:${row.who}`,
    name: row.name === '' ? row.who : row.name,
    accountId: row.account,
  };
}

/** Ends the log-in of this token, whoever made it. */
export async function endSession(db: Queryable, token: string, tokenHash: Buffer): Promise<void> {
  await db.query('DELETE FROM admin_sessions WHERE token_hash = $1', [tokenHash]);
  await db.query('DELETE FROM user_sessions WHERE session_token = $1', [token]);
  await db.query('DELETE FROM sessions WHERE session_token = $1', [token]);
}

/** Every log-in of an account of ours. */
export async function endSessionsOf(db: Queryable, accountId: string): Promise<number> {
  return (await db.query('DELETE FROM admin_sessions WHERE account_id = $1', [accountId])).rowCount ?? 0;
}

/** Every log-in of the user of the existing system this token belongs to. */
export async function endUserSessions(db: Queryable, token: string): Promise<number> {
  const { rowCount } = await db.query(
    `DELETE FROM user_sessions WHERE user_id = (SELECT user_id FROM user_sessions WHERE session_token = $1)`,
    [token],
  );
  return rowCount ?? 0;
}

/** What has run out. */
export async function dropOldSessions(db: Queryable): Promise<void> {
  await db.query('DELETE FROM admin_sessions WHERE expires_at < now()');
  await db.query('DELETE FROM admin_tries WHERE window_ends < now()');
}
