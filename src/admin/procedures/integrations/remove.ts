import { z } from 'zod';
import { deleteIntegration } from '../../../integrations/delete-integration.js';
import { integrationInput } from '../../integration-input.js';
import { ofEnterprise } from '../../procedures.js';
import { inTransaction } from '../../store.js';

/** Settings, secrets and the list of users. What is in the log stays. */
export const remove = ofEnterprise
  .input(integrationInput.extend({ version: z.number().int().min(0) }))
  .mutation(async ({ ctx, input: { version, ...which } }) => {
    await inTransaction(ctx.services.pool, async (tx) => {
      await deleteIntegration(tx, { ...which, expectedVersion: version });
      await ctx.audit({ type: which.type }, tx);
    });
    return { removed: true };
  });
