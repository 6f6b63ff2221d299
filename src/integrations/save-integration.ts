import { MASK } from '../config/enterprise.js';
import { TrunklineError } from '../platform/errors.js';
import { hasPlain, integrationsOf, ownColumnOf } from './enterprise-row.js';
import type { SecretFields } from './secret-fields.js';
import type { Vault } from './secrets.js';
import { announceChange, lockEnterprise, patchIntegration, unwrapIntegrations, writeTrunkline } from './store.js';
import type { EnterpriseRow, Queryable } from './store.js';

export interface SaveDeps {
  vault: Vault;
  secretFields: SecretFields;
}

export interface IntegrationSave {
  enterprise: string;
  type: string;
  /**
   * Laid over what stands there: keys it does not name stay, an empty or masked secret means "as it was", a null one that
   * there is none any more.
   */
  settings: Record<string, unknown>;
  /** The version the writer saw; a save in between makes this one fail. Absent: last writer wins. */
  expectedVersion?: number;
}

/**
 * Saves one integration in the caller's transaction, under a lock of the enterprise's row, and tells every daemon at commit.
 * @returns the integration's new version
 * @throws TrunklineError ENTERPRISE_UNKNOWN; CONFIG_CHANGED when somebody else saved in between
 */
export async function saveIntegration(tx: Queryable, deps: SaveDeps, save: IntegrationSave): Promise<number> {
  const row = await lockEnterprise(tx, save.enterprise);
  if (!row) throw new TrunklineError('ENTERPRISE_UNKNOWN', `there is no enterprise ${save.enterprise}`);
  const own = ownColumnOf(row);
  const version = own.versions[save.type] ?? 0;
  if (save.expectedVersion !== undefined && save.expectedVersion !== version) {
    throw new TrunklineError(
      'CONFIG_CHANGED',
      `${save.type} of ${save.enterprise} was changed by somebody else: read it again`,
    );
  }
  await writeIntegration(tx, deps, row, save.type, save.settings);
  const next = { ...own, version: own.version + 1, versions: { ...own.versions, [save.type]: version + 1 } };
  await writeTrunkline(tx, save.enterprise, next);
  await announceChange(tx, save.enterprise);
  return version + 1;
}

/** The integration's JSON and its secrets; the row must be locked. */
export async function writeIntegration(
  tx: Queryable,
  { vault, secretFields }: SaveDeps,
  row: EnterpriseRow,
  type: string,
  settings: Record<string, unknown>,
): Promise<void> {
  const stored = integrationsOf(row);
  await unwrapIntegrations(tx, row.number, stored);
  const standing = stored[type] ?? {};
  const patch: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(settings)) {
    if (value === null && secretFields.isSecret(type, field)) {
      await vault.drop(tx, { enterprise: row.number, type, field });
      if (field in standing) patch[field] = null;
    } else if (!secretFields.isSecret(type, field) || typeof value !== 'string') {
      patch[field] = value;
    } else if (value !== '' && value !== MASK) {
      // Where an old service still reads the secret in the JSON, that stays its home until `secrets take-over`.
      if (hasPlain(standing, field)) patch[field] = value;
      else await vault.put(tx, { enterprise: row.number, type, field }, value);
    }
  }
  await patchIntegration(tx, row.number, type, patch, []);
}
