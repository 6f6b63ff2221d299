import { z } from 'zod';
import { TrunklineError } from '../../../platform/errors.js';
import { ofEnterprise } from '../../procedures.js';

/** Lays a day side by side now: the PBX's calls, ours, and each CRM's records. Repairs nothing; asked again it says the same. */
export const run = ofEnterprise.input(z.object({ day: z.iso.date() })).mutation(async ({ ctx, input }) => {
  const result = await ctx.services.reconcile(input.enterprise, input.day);
  if (!result) throw new TrunklineError('ENTERPRISE_UNKNOWN', `${input.enterprise} does not run`);
  return result;
});
