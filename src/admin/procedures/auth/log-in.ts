import { z } from 'zod';
import { writeAudit } from '../../audit-store.js';
import { open } from '../../procedures.js';
import { meOf } from './me.js';

/** Gives the session by a cookie alone: no script ever sees it. */
export const logIn = open
  .input(z.object({ login: z.string().min(1).max(200), password: z.string().min(1).max(1_000) }))
  .mutation(async ({ ctx, input }) => {
    const { token, identity } = await ctx.services.sessions.logIn(input.login, input.password, ctx.door);
    ctx.setCookie?.(token);
    await writeAudit(ctx.services.pool, {
      actor: identity.actor,
      enterprise: identity.enterprise,
      action: 'auth.logIn',
      detail: { address: ctx.door.address },
    });
    return meOf(identity);
  });
