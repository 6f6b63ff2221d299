import { z } from 'zod';
import { countCurrent, pageOfAlerts } from '../../../alerts/alerts-store.js';
import { ofEnterprise, operator } from '../../procedures.js';
import type { AdminServices } from '../../services.js';

const page = z.object({
  state: z.enum(['current', 'past']).default('current'),
  before: z
    .string()
    .regex(/^\d{1,18}$/)
    .nullish(),
  limit: z.number().int().min(1).max(200).default(50),
});

/** What is wrong now, or was before, newest first. */
export const list = ofEnterprise
  .input(page)
  .query(({ ctx, input: { enterprise, ...asked } }) => pageOf(ctx.services, enterprise, asked));

/** Of all enterprises. */
export const all = operator.input(page).query(({ ctx, input }) => pageOf(ctx.services, null, input));

/** How many are current. */
export const count = ofEnterprise.query(async ({ ctx, input }) => ({
  current: await countCurrent(ctx.services.pool, input.enterprise),
}));

export const countAll = operator.query(async ({ ctx }) => ({ current: await countCurrent(ctx.services.pool, null) }));

async function pageOf(
  { pool, registry }: AdminServices,
  enterprise: string | null,
  { state, before, limit }: z.infer<typeof page>,
) {
  const rows = await pageOfAlerts(pool, { enterprise, state, before: before ?? null, limit });
  const titleOf = (subject: string) => registry.find(({ id }) => id === subject)?.title ?? subject;
  return {
    rows: rows.map((row) => ({ ...row, title: titleOf(row.subject) })),
    next: rows.length === limit ? (rows.at(-1)?.id ?? null) : null,
  };
}
