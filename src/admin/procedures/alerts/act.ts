import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import { acknowledge as acknowledgeAlert, mute as muteAlert } from '../../../alerts/alerts-store.js';
import { ofEnterprise } from '../../procedures.js';

const id = z.string().regex(/^\d{1,18}$/);

/** Somebody knows: no more reminders. That it gets worse, or is over, is told. */
export const acknowledge = ofEnterprise.input(z.object({ id })).mutation(async ({ ctx, input }) => {
  const { pool } = ctx.services;
  if (!(await acknowledgeAlert(pool, input.enterprise, input.id, ctx.identity.name))) throw gone();
  await ctx.audit({ id: input.id });
});

/** Nothing is told of it for so many hours; 0: it is again. */
export const mute = ofEnterprise
  .input(z.object({ id, hours: z.number().min(0).max(720) }))
  .mutation(async ({ ctx, input: { enterprise, id: alert, hours } }) => {
    if (!(await muteAlert(ctx.services.pool, enterprise, alert, hours))) throw gone();
    await ctx.audit({ id: alert, hours });
  });

function gone(): TRPCError {
  return new TRPCError({ code: 'NOT_FOUND', message: 'there is no such alert, or it is over' });
}
