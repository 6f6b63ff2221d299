import { formOf, maskedSettings } from '../../integration-form.js';
import { connectorOf, integrationInput } from '../../integration-input.js';
import { ofEnterprise } from '../../procedures.js';
import { storedEnterprise } from '../../stored-enterprise.js';

/** What the form of one integration needs. Secrets are masked: `••••1234`; a form sends `unchanged` for those it left. */
export const get = ofEnterprise.input(integrationInput).query(async ({ ctx, input }) => {
  const { services } = ctx;
  const connector = connectorOf(services, input.type);
  const stored = await storedEnterprise(services, services.pool, input.enterprise);
  const { settings, configured, version } = stored.integration(input.type);
  return {
    type: input.type,
    title: connector.title,
    version,
    /** False of one that was never set, or was taken away. */
    configured,
    enabled: settings['enabled'] === true,
    settings: maskedSettings(input.type, settings, services.save.secretFields),
    ...formOf(connector, services.save.secretFields),
  };
});
