import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import { ofEnterprise } from '../../procedures.js';

/** Asks the CRMs whom a call of this client would go to now. Nothing is done and nothing is kept. */
export const tryOut = ofEnterprise
  .input(z.object({ phone: z.string().min(1).max(50), line: z.string().max(50).nullish() }))
  .query(async ({ ctx, input: { enterprise, phone, line } }) => {
    const decision = await ctx.services.tryRedirect(enterprise, phone, line ?? null);
    if (!decision) throw new TRPCError({ code: 'PRECONDITION_FAILED', message: 'smart redirect is not set up here' });
    return decision;
  });
