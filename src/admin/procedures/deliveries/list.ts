import { z } from 'zod';
import { listDeliveries } from '../../../delivery/inspect.js';
import { ofEnterprise } from '../../procedures.js';

const STATES = ['pending', 'started', 'done', 'expired', 'skipped', 'dead'] as const;

/** What is owed to CRMs, newest first; those given up on unless told otherwise. */
export const list = ofEnterprise
  .input(
    z.object({
      type: z.string().max(50).optional(),
      states: z.array(z.enum(STATES)).min(1).default(['dead']),
      before: z
        .string()
        .regex(/^\d{1,19}$/)
        .nullish(),
      limit: z.number().int().min(1).max(200).default(50),
    }),
  )
  .query(async ({ ctx, input }) => {
    const { enterprise, type, states, before, limit } = input;
    const filter = { enterprise, states, limit, ...(type ? { type } : {}), ...(before ? { beforeId: before } : {}) };
    const rows = await listDeliveries(ctx.services.pool, filter);
    return { rows, next: rows.length === limit ? (rows.at(-1)?.id ?? null) : null };
  });
