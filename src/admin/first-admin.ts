import type { Logger } from '../platform/log.js';
import { hasSuperAdmin, insertAccount } from './accounts-store.js';
import { hashPassword } from './passwords.js';
import type { Pool } from './store.js';

const FIRST_LOGIN = 'admin';

/** `TRUNKLINE_ADMIN_PASSWORD` makes the first super-admin, `admin`, where none is; later it changes nothing. */
export async function ensureFirstAdmin(pool: Pool, log: Logger, password: string | null): Promise<void> {
  if (password === null || (await hasSuperAdmin(pool))) return;
  const account = { login: FIRST_LOGIN, name: '', password: await hashPassword(password), enterprise: null };
  if (await insertAccount(pool, account)) log.info({ login: FIRST_LOGIN }, 'the first super-admin was made');
}
