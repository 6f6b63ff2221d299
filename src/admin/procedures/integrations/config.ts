import { z } from 'zod';
import { maskedSettings } from '../../integration-form.js';
import { settingsInput } from '../../integration-input.js';
import { ofEnterprise } from '../../procedures.js';
import { saveSettings } from '../../save-settings.js';
import { storedEnterprise } from '../../stored-enterprise.js';

/** All integrations as scripts of the old plan read them: by type, secrets masked. */
export const config = ofEnterprise.query(async ({ ctx, input }) => {
  const { services } = ctx;
  const stored = await storedEnterprise(services, services.pool, input.enterprise);
  return Object.fromEntries(
    services.registry.flatMap(({ id }) => {
      const { configured, settings } = stored.integration(id);
      return configured ? [[id, maskedSettings(id, settings, services.save.secretFields)] as const] : [];
    }),
  );
});

/** Lays settings over what stands, of several integrations all or none. What is switched off need not parse. */
export const saveConfig = ofEnterprise
  .input(z.object({ config: z.record(z.string(), settingsInput) }))
  .mutation(async ({ ctx, input: { enterprise, config: sent } }) => {
    const saves = Object.entries(sent).map(([type, settings]) => {
      return { enterprise, type, settings, unchecked: settings['enabled'] === false };
    });
    await saveSettings(ctx.services, saves, ctx.audit);
    return { success: true as const };
  });
