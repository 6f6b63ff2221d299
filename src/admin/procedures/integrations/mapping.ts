import { z } from 'zod';
import { mappingHealth } from '../../../integrations/mapping-health.js';
import { chosenExtensions, peopleOf } from '../../../integrations/people.js';
import { integrationInput } from '../../integration-input.js';
import { ofEnterprise } from '../../procedures.js';
import { saveSettings } from '../../save-settings.js';
import { storedEnterprise } from '../../stored-enterprise.js';

/** Who is who between extensions and users of the CRM: what was chosen here, what the CRM says, and what is wrong with it. */
export const mapping = ofEnterprise.input(integrationInput).query(async ({ ctx, input }) => {
  const { services } = ctx;
  const stored = await storedEnterprise(services, services.pool, input.enterprise);
  const { settings, version } = stored.integration(input.type);
  const chosen = chosenExtensions(settings['user_extensions'] as Parameters<typeof chosenExtensions>[0]);
  const loaded = services.crmUsers.state(input.enterprise, input.type);
  const extensions = services.directory.byNumber(input.enterprise)?.extensions ?? [];
  const people = peopleOf(chosen, loaded.users);
  return {
    version,
    extensions: extensions.map(({ number, name }) => ({ number, name: name ?? null, user: people.userOf(number) })),
    users: loaded.users.map(({ id, name, extension, active }) => ({
      id,
      name,
      active,
      /** As the CRM has it. */
      own: extension,
      /** As it was chosen here, which wins. */
      chosen: chosen[id] ?? null,
      extension: people.extensionOf(id),
    })),
    /** Chosen, also of users the CRM does not know. */
    chosen,
    loadedAt: loaded.loadedAt === null ? null : new Date(loaded.loadedAt).toISOString(),
    problem: loaded.problem,
    findings: mappingHealth(
      extensions.map(({ number }) => number),
      chosen,
      loaded.users,
    ),
  };
});

/** CRM user id → extension, all of it; a user left out, or null, has what the CRM itself says. */
export const saveMapping = ofEnterprise
  .input(
    integrationInput.extend({
      version: z.number().int().min(0),
      chosen: z.record(
        z.string().regex(/^\d{1,20}$/),
        z
          .string()
          .regex(/^[\w.*#-]{1,40}$/)
          .nullable(),
      ),
    }),
  )
  .mutation(async ({ ctx, input: { chosen, ...which } }) => {
    const user_extensions = Object.fromEntries(Object.entries(chosen).filter(([, extension]) => extension !== null));
    const save = { ...which, settings: { user_extensions }, unchecked: true };
    const [version = 0] = await saveSettings(ctx.services, [save], ctx.audit);
    return { version };
  });
