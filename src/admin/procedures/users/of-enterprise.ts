import { listAccounts, listOldUsers } from '../../accounts-store.js';
import { createAccount, removeAccount, resetPassword, updateAccount } from '../../accounts.js';
import { ofEnterprise } from '../../procedures.js';
import { accountInput, changeInput, idInput, passwordInput } from './inputs.js';

/** Accounts of ours, and people of the existing system, which alone changes them. */
export const list = ofEnterprise.query(async ({ ctx, input }) => {
  const { pool } = ctx.services;
  return { accounts: await listAccounts(pool, input.enterprise), users: await listOldUsers(pool, input.enterprise) };
});

export const create = ofEnterprise
  .input(accountInput)
  .mutation(({ ctx, input }) => createAccount({ ...ctx, pool: ctx.services.pool }, input));

export const update = ofEnterprise.input(changeInput).mutation(async ({ ctx, input }) => {
  await updateAccount({ ...ctx, pool: ctx.services.pool }, input.enterprise, input);
  await ctx.services.watch.ask();
});

/** Ends every session of that account. */
export const setPassword = ofEnterprise.input(passwordInput).mutation(async ({ ctx, input }) => {
  await resetPassword({ ...ctx, pool: ctx.services.pool }, input.enterprise, input);
  await ctx.services.watch.ask();
});

export const remove = ofEnterprise.input(idInput).mutation(async ({ ctx, input }) => {
  await removeAccount({ ...ctx, pool: ctx.services.pool }, input.enterprise, input.id);
  await ctx.services.watch.ask();
});
