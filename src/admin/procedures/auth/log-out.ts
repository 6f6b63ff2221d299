import { signedIn } from '../../procedures.js';

/** Ends this log-in, whoever made it, and what it had open. */
export const logOut = signedIn.mutation(async ({ ctx }) => {
  await ctx.audit({});
  await leave(ctx, false);
  return { ended: 1 };
});

/** Ends every log-in of this account, or of this user of the existing system. */
export const logOutEverywhere = signedIn.mutation(async ({ ctx }) => {
  await ctx.audit({});
  const ended = await leave(ctx, true);
  await ctx.services.watch.ask();
  return { ended };
});

async function leave(
  ctx: Parameters<Parameters<typeof signedIn.mutation>[0]>[0]['ctx'],
  everywhere: boolean,
): Promise<number> {
  const { token } = ctx.door;
  if (token === null) return 0;
  const ended = await ctx.services.sessions.logOut(token, everywhere);
  ctx.services.watch.closed(token);
  ctx.setCookie?.(null);
  return ended;
}
