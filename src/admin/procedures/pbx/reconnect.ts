import { TRPCError } from '@trpc/server';
import { ofEnterprise } from '../../procedures.js';

/** Gives the connection to the PBX up and makes a new one. Of a PBX that several share, the operator's alone. */
export const reconnect = ofEnterprise.mutation(async ({ ctx, input }) => {
  const { directory, pbx } = ctx.services;
  const key = directory.byNumber(input.enterprise)?.pbxKey;
  if (key === undefined || pbx.state(key) === null)
    throw new TRPCError({ code: 'PRECONDITION_FAILED', message: 'there is no link to a PBX here' });
  if (ctx.identity.kind !== 'super' && directory.onPbx(key).length > 1)
    throw new TRPCError({ code: 'FORBIDDEN', message: 'several enterprises share this PBX: ask the operator' });
  pbx.reconnect(key, `asked by ${ctx.identity.actor}`);
  await ctx.audit({ pbx: key });
  return { asked: true };
});
