import { listAccounts } from '../../accounts-store.js';
import { createAccount, removeAccount, resetPassword, updateAccount } from '../../accounts.js';
import { operator } from '../../procedures.js';
import { accountInput, changeInput, idInput, passwordInput } from './inputs.js';

/** Super-admins with an account of ours. */
export const listOperators = operator.query(async ({ ctx }) =>
  (await listAccounts(ctx.services.pool, null)).filter(({ enterprise }) => enterprise === null),
);

export const createOperator = operator
  .input(accountInput)
  .mutation(({ ctx, input }) => createAccount({ ...ctx, pool: ctx.services.pool }, { ...input, enterprise: null }));

export const updateOperator = operator.input(changeInput).mutation(async ({ ctx, input }) => {
  await updateAccount({ ...ctx, pool: ctx.services.pool }, null, input);
  await ctx.services.watch.ask();
});

export const setOperatorPassword = operator.input(passwordInput).mutation(async ({ ctx, input }) => {
  await resetPassword({ ...ctx, pool: ctx.services.pool }, null, input);
  await ctx.services.watch.ask();
});

export const removeOperator = operator.input(idInput).mutation(async ({ ctx, input }) => {
  await removeAccount({ ...ctx, pool: ctx.services.pool }, null, input.id);
  await ctx.services.watch.ask();
});
