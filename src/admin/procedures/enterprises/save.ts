import { z } from 'zod';
import { enterpriseEntry } from '../../../config/enterprise.js';
import { ownColumnOf } from '../../../integrations/enterprise-row.js';
import { importEnterprises } from '../../../integrations/import-enterprises.js';
import { saveOwn } from '../../../integrations/save-own.js';
import { lockEnterprise } from '../../../integrations/store.js';
import { TrunklineError } from '../../../platform/errors.js';
import { fieldErrors } from '../../field-errors.js';
import { operator } from '../../procedures.js';
import { inTransaction } from '../../store.js';

/**
 * Creates an enterprise or replaces what is set of it, as `trunkline import` does with the same entry: what it does not name goes
 * back to its default, but for name, token, client id, secrets and integrations. `version` null: it must not be there yet.
 */
export const save = operator
  .input(z.object({ version: z.number().int().min(0).nullable(), entry: z.record(z.string(), z.json()) }))
  .mutation(async ({ ctx, input }) => {
    const parsed = enterpriseEntry.safeParse(input.entry);
    if (!parsed.success) throw fieldErrors(parsed.error.issues);
    const { number } = parsed.data;
    return inTransaction(ctx.services.pool, async (tx) => {
      const before = await lockEnterprise(tx, number);
      const version = before ? ownColumnOf(before).version : null;
      if (version !== input.version)
        throw new TrunklineError('CONFIG_CHANGED', `${number} was changed by somebody else: read it again`);
      const { warnings } = await importEnterprises(tx, ctx.services.save, [parsed.data]);
      await ctx.audit({ number, created: before === null, fields: Object.keys(input.entry) }, tx);
      return { number, warnings };
    });
  });

/** `off`: nothing is tracked, nobody told; `shadow`: logged what would be sent; `on`: sent, from now on. */
export const setMode = operator
  .input(
    z.object({
      enterprise: z.string().max(50),
      mode: z.enum(['off', 'shadow', 'on']),
      version: z.number().int().min(0).optional(),
    }),
  )
  .mutation(async ({ ctx, input: { enterprise, mode, version } }) =>
    inTransaction(ctx.services.pool, async (tx) => {
      const saved = await saveOwn(tx, { enterprise, expectedVersion: version }, () => ({ mode }));
      await ctx.audit({ mode }, tx);
      return { version: saved };
    }),
  );
