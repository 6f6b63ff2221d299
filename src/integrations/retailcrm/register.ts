/**
 * Tells RetailCRM who we are: an integration module with the addresses it calls back and the whole table of codes. An
 * edit replaces the table, so it is always sent whole; repeating it is harmless.
 */
import { isStrongId } from '../../platform/strong-id.js';
import type { CheckResult } from '../contract.js';
import type { RetailCrmClient } from './client.js';
import type { RetailCrmSettings } from './settings.js';

export interface RegisterDeps {
  publicUrl: string | null;
  /** The enterprise's callback id, used when the settings have none that is strong enough. */
  clientId: string | null;
}

export async function register(
  client: RetailCrmClient,
  settings: RetailCrmSettings,
  deps: RegisterDeps,
  signal: AbortSignal,
): Promise<CheckResult> {
  if (!deps.publicUrl)
    return {
      ok: false,
      code: 'PUBLIC_URL_MISSING',
      why: 'RetailCRM must be able to call us back: set TRUNKLINE_PUBLIC_URL',
    };
  const clientId = [settings.client_id, deps.clientId].find((id) => id && isStrongId(id));
  if (!clientId) {
    const why =
      'client_id is the only proof of a callback and needs 128 random bits: 32 hexadecimal digits, or 22 letters and digits';
    return { ok: false, code: 'CLIENT_ID_WEAK', why };
  }
  const path = `/api/v5/integration-modules/${encodeURIComponent(settings.module_code)}/edit`;
  const answer = await client.post(path, { integrationModule: moduleOf(settings, deps.publicUrl, clientId) }, signal);
  if (!answer.ok) return { ok: false, code: answer.failure.code, why: answer.failure.why };
  return { ok: true, account: new URL(settings.origin).host, warnings: warningsOf(answer.body['info']) };
}

function moduleOf(settings: RetailCrmSettings, publicUrl: string, clientId: string): Record<string, unknown> {
  const additionalCodes = Object.entries(settings.user_extensions).map(([userId, code]) => ({
    userId: Number(userId),
    code,
  }));
  const externalPhones = settings.site
    ? Object.values(settings.external_phones).map((externalPhone) => ({ siteCode: settings.site, externalPhone }))
    : [];
  return {
    code: settings.module_code,
    // RetailCRM wants the code to begin with this.
    integrationCode: settings.module_code,
    active: true,
    freeze: false,
    name: settings.module_name,
    ...(settings.logo_url ? { logo: settings.logo_url } : {}),
    clientId,
    baseUrl: publicUrl,
    accountUrl: `${publicUrl}/`,
    integrations: {
      telephony: {
        makeCallUrl: `${publicUrl}/retailcrm/make-call`,
        changeUserStatusUrl: `${publicUrl}/retailcrm/status`,
        allowEdit: false,
        inputEventSupported: true,
        outputEventSupported: true,
        hangupEventSupported: true,
        additionalCodes,
        externalPhones,
      },
    },
  };
}

/** `info` is an object, or an empty list when there is nothing to say. */
function warningsOf(info: unknown): string[] {
  if (typeof info !== 'object' || info === null) return [];
  const { notExistUsersIds: users, notExistSiteCodes: sites } = info as Record<string, unknown>;
  return [
    ...(Array.isArray(users) && users.length > 0 ? [`RetailCRM has no user ${users.map(String).join(', ')}`] : []),
    ...(Array.isArray(sites) && sites.length > 0 ? [`RetailCRM has no shop ${sites.map(String).join(', ')}`] : []),
  ];
}
