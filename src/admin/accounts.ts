/** Accounts of ours: those of an enterprise's administrators, and those of super-admins (`enterprise` null). */
import { TRPCError } from '@trpc/server';
import * as store from './accounts-store.js';
import type { Account } from './accounts-store.js';
import type { Audit } from './context.js';
import { FieldErrors } from './field-errors.js';
import { hashPassword, weakness } from './passwords.js';
import type { Identity } from './rights.js';
import { inTransaction } from './store.js';
import type { Pool } from './store.js';

const LOGIN = /^[a-z0-9][a-z0-9._@+-]{1,99}$/;

export interface Acting {
  pool: Pool;
  identity: Identity;
  audit: Audit;
}

export async function createAccount(
  { pool, audit }: Pick<Acting, 'pool' | 'audit'>,
  {
    login: text,
    name,
    password,
    enterprise,
  }: { login: string; name: string; password: string; enterprise: string | null },
): Promise<Account> {
  const login = store.loginOf(text);
  if (!LOGIN.test(login))
    throw new FieldErrors([{ path: 'login', message: 'must be Latin letters, digits and . _ @ + -' }]);
  refuseWeak(password, login);
  const hashed = await hashPassword(password);
  return inTransaction(pool, async (tx) => {
    const account = await store.insertAccount(tx, { login, name, password: hashed, enterprise });
    if (!account) throw new FieldErrors([{ path: 'login', message: 'is taken' }]);
    await audit({ login, for: enterprise }, tx);
    return account;
  });
}

export async function updateAccount(
  { pool, identity, audit }: Acting,
  enterprise: string | null,
  { id, name, disabled }: { id: string; name: string; disabled: boolean },
): Promise<void> {
  if (disabled) refuseSelf(identity, id);
  await inTransaction(pool, async (tx) => {
    const account = accountOf(await store.readAccount(tx, id), enterprise);
    await store.setAccount(tx, id, { name, disabled });
    await audit({ login: account.login, disabled }, tx);
  });
}

export async function resetPassword(
  { pool, audit }: Acting,
  enterprise: string | null,
  { id, password }: { id: string; password: string },
): Promise<void> {
  const account = accountOf(await store.readAccount(pool, id), enterprise);
  refuseWeak(password, account.login);
  const hashed = await hashPassword(password);
  await inTransaction(pool, async (tx) => {
    await store.setPassword(tx, id, hashed);
    await audit({ login: account.login }, tx);
  });
}

export async function removeAccount(
  { pool, identity, audit }: Acting,
  enterprise: string | null,
  id: string,
): Promise<void> {
  refuseSelf(identity, id);
  await inTransaction(pool, async (tx) => {
    const account = accountOf(await store.readAccount(tx, id), enterprise);
    await store.deleteAccount(tx, id);
    await audit({ login: account.login }, tx);
  });
}

/** Somebody else's is not there. */
function accountOf(account: Account | null, enterprise: string | null): Account {
  if (!account || account.enterprise !== enterprise)
    throw new TRPCError({ code: 'NOT_FOUND', message: 'there is no such account' });
  return account;
}

function refuseWeak(password: string, login: string): void {
  const why = weakness(password, login);
  if (why !== null) throw new FieldErrors([{ path: 'password', message: why }]);
}

function refuseSelf(identity: Identity, id: string): void {
  if (identity.accountId === id) throw new TRPCError({ code: 'BAD_REQUEST', message: 'you cannot lock yourself out' });
}
