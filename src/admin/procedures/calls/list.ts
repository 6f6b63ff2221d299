import { z } from 'zod';
import { pageOfCalls } from '../../calls-store.js';
import { phoneOf } from '../../log-filter.js';
import { ofEnterprise } from '../../procedures.js';

/** Newest first, also those that go on. */
export const list = ofEnterprise
  .input(
    z.object({
      direction: z.enum(['in', 'out', 'internal']).optional(),
      result: z.enum(['answered', 'missed', 'busy', 'abandoned', 'failed', 'live']).optional(),
      phone: z.string().max(50).optional(),
      extension: z.string().max(50).optional(),
      line: z.string().max(50).optional(),
      from: z.iso.datetime({ offset: true }).optional(),
      until: z.iso.datetime({ offset: true }).optional(),
      before: z.object({ at: z.iso.datetime({ precision: 6 }), id: z.uuid() }).nullish(),
      limit: z.number().int().min(1).max(200).default(50),
    }),
  )
  .query(async ({ ctx, input }) => {
    const { pool, directory } = ctx.services;
    const phone =
      input.phone === undefined ? undefined : phoneOf(input.phone, directory.byNumber(input.enterprise)?.country);
    const rows = await pageOfCalls(pool, { ...input, phone }, input.before ?? null, input.limit);
    const last = rows.at(-1);
    return { rows, next: last && rows.length === input.limit ? { at: last.startedAt, id: last.id } : null };
  });
