import { z } from 'zod';
import { reportOf } from '../../../redirect/report.js';
import { decisionsSince } from '../../../redirect/store.js';
import { ofEnterprise } from '../../procedures.js';
import { pageOfDecisions } from '../../redirect-store.js';

const DAY_MS = 86_400_000;

/** What was decided of each waiting call and why, newest first, with what became of it. */
export const decisions = ofEnterprise
  .input(
    z.object({
      before: z
        .string()
        .regex(/^\d{1,19}$/)
        .nullish(),
      limit: z.number().int().min(1).max(200).default(50),
    }),
  )
  .query(async ({ ctx, input }) => {
    const rows = await pageOfDecisions(ctx.services.pool, input.enterprise, input.before ?? null, input.limit);
    return { rows, next: rows.length === input.limit ? (rows.at(-1)?.id ?? null) : null };
  });

/** What decisions came to: for whoever wonders whether to switch it on. */
export const report = ofEnterprise
  .input(z.object({ days: z.number().int().min(1).max(92).default(7) }))
  .query(async ({ ctx, input: { enterprise, days } }) => {
    const { pool, clock } = ctx.services;
    return reportOf(await decisionsSince(pool, enterprise, clock.now() - days * DAY_MS));
  });
