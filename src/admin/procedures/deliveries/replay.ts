import { z } from 'zod';
import { replayDeliveries } from '../../../delivery/inspect.js';
import { countDeliveries, statesOf } from '../../deliveries-store.js';
import { ofEnterprise } from '../../procedures.js';

const ids = z.array(z.string().regex(/^\d{1,19}$/)).max(1_000);

/** Sends these again: dead, expired and skipped ones that are not cards. Answers which will be. */
export const replay = ofEnterprise
  .input(z.object({ ids: ids.min(1) }))
  .mutation(async ({ ctx, input: { enterprise, ids: wanted } }) => {
    const { pool, replayLifeMs } = ctx.services;
    const replayed = await replayDeliveries(pool, { ids: wanted, enterprise }, replayLifeMs);
    await ctx.audit({ replayed: replayed.length });
    return { ids: replayed.map(({ id }) => id) };
  });

/**
 * Sends the dead ones again, oldest first, so many at a time: a page asks until none is left, and shows how far it is.
 */
export const replayDead = ofEnterprise
  .input(z.object({ type: z.string().max(50).optional(), limit: z.number().int().min(1).max(1_000).default(200) }))
  .mutation(async ({ ctx, input: { enterprise, type, limit } }) => {
    const { pool, replayLifeMs } = ctx.services;
    const filter = { enterprise, limit, ...(type ? { type } : {}) };
    const replayed = await replayDeliveries(pool, { filter }, replayLifeMs);
    await ctx.audit({ type: type ?? null, replayed: replayed.length });
    const counted = (await countDeliveries(pool, enterprise)).filter((one) => type === undefined || one.type === type);
    return { ids: replayed.map(({ id }) => id), left: counted.reduce((sum, { dead }) => sum + dead, 0) };
  });

/** What became of these so far: how many are in which state. */
export const progress = ofEnterprise
  .input(z.object({ ids }))
  .query(({ ctx, input }) => statesOf(ctx.services.pool, input.enterprise, input.ids));
