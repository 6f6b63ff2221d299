import { z } from 'zod';
import { ofEnterprise, operator } from '../../procedures.js';
import { platformStats, today } from '../../stats-store.js';

/** The figures of an enterprise's first page. */
export const ofToday = ofEnterprise.query(({ ctx, input }) => {
  const { pool, directory } = ctx.services;
  return today(pool, input.enterprise, directory.byNumber(input.enterprise)?.timezone ?? 'UTC');
});

/** All enterprises together, of the last days. */
export const platform = operator
  .input(z.object({ days: z.number().int().min(1).max(92).default(1) }).optional())
  .query(({ ctx, input }) => {
    const { pool, clock } = ctx.services;
    return platformStats(pool, new Date(clock.now() - (input?.days ?? 1) * 86_400_000).toISOString());
  });
