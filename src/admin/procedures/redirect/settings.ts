import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import { smartRedirect } from '../../../config/smart-redirect.js';
import { objectIn, ownColumnOf } from '../../../integrations/enterprise-row.js';
import { saveOwn } from '../../../integrations/save-own.js';
import { fieldErrors } from '../../field-errors.js';
import { ofEnterprise } from '../../procedures.js';
import { inTransaction } from '../../store.js';
import { storedEnterprise } from '../../stored-enterprise.js';

/** Into which contexts callers may be led, and how phones are dialled, is the operator's: it is the PBX's, not the enterprise's. */
const OPERATORS = ['localContexts', 'fleetContexts', 'tech', 'waitSeconds', 'perSecond', 'secret'];

export const get = ofEnterprise.query(async ({ ctx, input }) => {
  const { row } = await storedEnterprise(ctx.services, ctx.services.pool, input.enterprise);
  const own = ownColumnOf(row);
  const { secret: _secret, ...settings } = objectIn((own as Record<string, unknown>)['smartRedirect']) ?? {};
  return {
    version: own.version,
    /** Null: it has none, and calls are left alone. */
    settings: 'smartRedirect' in own && own['smartRedirect'] !== null ? settings : null,
    /** Those only the operator changes. */
    operators: OPERATORS,
    schema: z.toJSONSchema(smartRedirect, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>,
  };
});

/** What is named changes, everything else stays. */
export const save = ofEnterprise
  .input(z.object({ version: z.number().int().min(0), settings: z.record(z.string(), z.json()) }))
  .mutation(async ({ ctx, input: { enterprise, version, settings } }) => {
    const wrong = Object.keys(settings).filter(
      (name) => name === 'secret' || (ctx.identity.kind !== 'super' && OPERATORS.includes(name)),
    );
    if (wrong.length > 0)
      throw new TRPCError({ code: 'FORBIDDEN', message: `${wrong.join(', ')}: only the operator sets this` });
    return inTransaction(ctx.services.pool, async (tx) => {
      const saved = await saveOwn(tx, { enterprise, expectedVersion: version }, (own) => {
        const merged = { ...objectIn((own as Record<string, unknown>)['smartRedirect']), ...settings };
        const parsed = smartRedirect.safeParse(merged);
        if (!parsed.success) throw fieldErrors(parsed.error.issues);
        return { smartRedirect: merged };
      });
      await ctx.audit({ fields: Object.keys(settings) }, tx);
      return { version: saved };
    });
  });
