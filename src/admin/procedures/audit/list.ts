import { z } from 'zod';
import { pageOfAudit } from '../../audit-store.js';
import type { AuditListed } from '../../audit-store.js';
import { ofEnterprise, operator } from '../../procedures.js';

const page = z.object({
  before: z
    .string()
    .regex(/^\d{1,19}$/)
    .nullish(),
  limit: z.number().int().min(1).max(200).default(50),
});

/** Who changed what of an enterprise, newest first. */
export const list = ofEnterprise
  .input(page)
  .query(async ({ ctx, input: { enterprise, before, limit } }) =>
    paged(await pageOfAudit(ctx.services.pool, enterprise, before ?? null, limit), limit),
  );

/** Of all enterprises, and what belongs to none. */
export const all = operator
  .input(page)
  .query(async ({ ctx, input: { before, limit } }) =>
    paged(await pageOfAudit(ctx.services.pool, null, before ?? null, limit), limit),
  );

function paged(rows: AuditListed[], limit: number) {
  return { rows, next: rows.length === limit ? (rows.at(-1)?.id ?? null) : null };
}
