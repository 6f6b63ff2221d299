import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import { readLogEntry } from '../../logs-store.js';
import { ofEnterprise } from '../../procedures.js';

/** One line with what was asked and answered. Secrets were masked when it was written. */
export const get = ofEnterprise
  .input(
    z.object({
      type: z.string().max(50),
      at: z.iso.datetime({ precision: 6 }),
      id: z.string().regex(/^\d{1,19}$/),
    }),
  )
  .query(async ({ ctx, input }) => {
    const entry = await readLogEntry(ctx.services.pool, input);
    if (!entry) throw new TRPCError({ code: 'NOT_FOUND', message: 'there is no such line' });
    return entry;
  });
