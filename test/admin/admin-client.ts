/** Somebody who calls the admin of a daemon over HTTP, as a page does: with a cookie jar of one cookie. */
import { createTRPCClient, httpLink } from '@trpc/client';
import type { TRPCClient } from '@trpc/client';
import type { AppRouter } from '../../src/admin/router.js';
import type { TestDb } from '../support/db.js';

export interface Caller {
  api: TRPCClient<AppRouter>;
  /** The token it has now; null when none. */
  token(): string | null;
  fetch: typeof globalThis.fetch;
}

/** `heard` is told each answer as it came, its headers too. */
export function callerOf(
  url: string,
  given: string | null = null,
  heard?: (address: string, answer: Response) => void,
): Caller {
  let token = given;
  const fetchWithCookie: typeof globalThis.fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    if (token !== null) headers.set('cookie', `session_token=${token}`);
    const answer = await globalThis.fetch(input, { ...init, headers });
    heard?.(String(input), answer.clone());
    for (const cookie of answer.headers.getSetCookie()) {
      const value = /^session_token=([^;]*)/.exec(cookie)?.[1];
      if (value !== undefined) token = value === '' ? null : decodeURIComponent(value);
    }
    return answer;
  };
  const link = httpLink({ url: `${url}/trpc`, fetch: fetchWithCookie as never });
  return { api: createTRPCClient<AppRouter>({ links: [link] }), token: () => token, fetch: fetchWithCookie };
}

/** A log-in as the existing system writes it: of a super-admin, or of an administrator of an enterprise. */
export async function oldSession(db: TestDb, enterprise: string | null): Promise<string> {
  const token = `old-session-${enterprise ?? 'super'}-${Math.random().toString(36).slice(2)}`;
  await db.pool.query('INSERT INTO sessions (session_token, enterprise_number) VALUES ($1, $2)', [token, enterprise]);
  return token;
}

/** A user of the existing system with a log-in; what is not said is an active administrator's. */
export async function oldUser(
  db: TestDb,
  enterprise: string,
  user: { admin?: boolean; status?: string; sessionOf?: string; expired?: boolean } = {},
): Promise<string> {
  const unique = Math.random().toString(36).slice(2);
  const { rows } = await db.pool.query<{ id: number }>(
    'INSERT INTO users (enterprise_number, email, is_admin, status) VALUES ($1, $2, $3, $4) RETURNING id',
    [enterprise, `${unique}@example.invalid`, user.admin ?? true, user.status ?? 'active'],
  );
  const token = `old-user-${unique}`;
  await db.pool.query(
    `INSERT INTO user_sessions (session_token, user_id, enterprise_number, expires_at)
     VALUES ($1, $2, $3, now() + $4::interval)`,
    [token, rows[0]?.id, user.sessionOf ?? enterprise, user.expired ? '-1 second' : '1 hour'],
  );
  return token;
}

/** What a call came to: `ok`, or the code it was refused with. */
export async function outcomeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'ok';
  } catch (error) {
    return (error as { data?: { code?: string } }).data?.code ?? String(error);
  }
}
