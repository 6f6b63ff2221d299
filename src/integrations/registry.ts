import { amocrm } from './amocrm/index.js';
import { bitrix24 } from './bitrix24/index.js';
import type { AnyConnector } from './contract.js';
import { retailcrm } from './retailcrm/index.js';
import { telegram } from './telegram/index.js';
import { createSecretFields } from './secret-fields.js';
import type { SecretFields } from './secret-fields.js';

/** Every kind of CRM there is. Adding one is its folder and a line here. */
export const registry: readonly AnyConnector[] = [retailcrm, bitrix24, amocrm, telegram];

/** Which settings are secrets, by what the connectors say of their own. */
export function secretFieldsOfConnectors(): SecretFields {
  return createSecretFields(Object.fromEntries(registry.map(({ id, secretFields }) => [id, secretFields])));
}
