import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import type { LoadedUsers } from '../../../integrations/crm-users.js';
import { integrationInput } from '../../integration-input.js';
import { ofEnterprise } from '../../procedures.js';

/** The users of the CRM as last loaded. */
export const users = ofEnterprise
  .input(integrationInput)
  .query(({ ctx, input }) => viewOf(ctx.services.crmUsers.state(input.enterprise, input.type)));

/** Asks the CRM for them now. `force` believes even an answer that lacks most of those who were known. */
export const loadUsers = ofEnterprise
  .input(integrationInput.extend({ force: z.boolean().default(false) }))
  .mutation(async ({ ctx, input, signal }) => {
    const { connections, crmUsers } = ctx.services;
    if (!connections.of(input.enterprise, input.type))
      throw new TRPCError({
        code: 'PRECONDITION_FAILED',
        message: 'save the settings and switch the integration on first',
      });
    const loaded = await crmUsers.load(input.enterprise, input.type, {
      force: input.force,
      ...(signal ? { signal } : {}),
    });
    await ctx.audit({ type: input.type, users: loaded.users.length, problem: loaded.problem });
    return viewOf(loaded);
  });

function viewOf({ users, loadedAt, problem }: LoadedUsers) {
  return {
    users: users.map(({ id, name, extension, active }) => ({ id, name, extension, active })),
    loadedAt: loadedAt === null ? null : new Date(loadedAt).toISOString(),
    /** Why the list may be old; null when it is not. */
    problem,
  };
}
