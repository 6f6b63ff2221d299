import { z } from 'zod';
import { ofEnterprise } from '../../procedures.js';
import { callBuckets, integrationBuckets } from '../../stats-store.js';

const STEPS = { hour: 3_600, day: 86_400 } as const;
const LONGEST_MS = { hour: 8 * 86_400_000, day: 100 * 86_400_000 } as const;

/** Calls and attempts over time, in hours or days counted from the beginning, with how long CRMs took. */
export const overTime = ofEnterprise
  .input(
    z
      .object({
        from: z.iso.datetime({ offset: true }),
        until: z.iso.datetime({ offset: true }),
        step: z.enum(['hour', 'day']).default('hour'),
      })
      .refine(({ from, until, step }) => Date.parse(until) - Date.parse(from) <= LONGEST_MS[step], {
        path: ['until'],
        error: 'is too far from the beginning for this step',
      }),
  )
  .query(async ({ ctx, input: { enterprise, from, until, step } }) => {
    const { pool } = ctx.services;
    return {
      calls: await callBuckets(pool, enterprise, from, until, STEPS[step]),
      integrations: await integrationBuckets(pool, enterprise, from, until, STEPS[step]),
    };
  });
