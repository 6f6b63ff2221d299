import { integrationInput } from '../../integration-input.js';
import { ofEnterprise } from '../../procedures.js';

/** Where a person goes, or what he enters there, to let us into an account with OAuth; null where settings are all it takes. */
export const howToLetIn = ofEnterprise.input(integrationInput).query(({ ctx, input }) => {
  const connection = ctx.services.connections.of(input.enterprise, input.type)?.connection;
  return connection?.howToLetIn?.(ctx.services.letInState(input.enterprise)) ?? null;
});
