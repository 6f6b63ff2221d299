import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import { readAccount, setPassword } from '../../accounts-store.js';
import { FieldErrors } from '../../field-errors.js';
import { hashPassword, weakness } from '../../passwords.js';
import { signedIn } from '../../procedures.js';
import { inTransaction } from '../../store.js';

/** Of one's own account, with the old one given again. Ends every log-in, this one too. */
export const changePassword = signedIn
  .input(z.object({ old: z.string().max(1_000), password: z.string().max(1_000) }))
  .mutation(async ({ ctx, input }) => {
    const { identity, services, door } = ctx;
    const account = identity.accountId === null ? null : await readAccount(services.pool, identity.accountId);
    if (!account) throw new TRPCError({ code: 'FORBIDDEN', message: 'this log-in has no password here' });
    const why = weakness(input.password, account.login);
    if (why !== null) throw new FieldErrors([{ path: 'password', message: why }]);
    if ((await services.sessions.verify(account.login, input.old, door.address)) === null)
      throw new FieldErrors([{ path: 'old', message: 'is not the password' }]);
    const password = await hashPassword(input.password);
    await inTransaction(services.pool, async (tx) => {
      await setPassword(tx, account.id, password);
      await ctx.audit({ login: account.login }, tx);
    });
    await services.watch.ask();
    ctx.setCookie?.(null);
    return { changed: true };
  });
