import { z } from 'zod';
import { maskedEntry } from '../../../integrations/export-enterprises.js';
import { TrunklineError } from '../../../platform/errors.js';
import { operator } from '../../procedures.js';

/** An enterprise as an import file would have it, secrets masked (`********` means "as it was"). */
export const get = operator.input(z.object({ enterprise: z.string().max(50) })).query(async ({ ctx, input }) => {
  const found = await maskedEntry(ctx.services.pool, ctx.services.save, input.enterprise);
  if (!found) throw new TrunklineError('ENTERPRISE_UNKNOWN', `there is no enterprise ${input.enterprise}`);
  return { version: found.version, entry: found.entry as Record<string, unknown> };
});
