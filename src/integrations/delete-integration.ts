import { TrunklineError } from '../platform/errors.js';
import { forgetUsers } from './crm-users-store.js';
import { integrationsOf, ownColumnOf } from './enterprise-row.js';
import { deleteSecretsOf } from './secret-store.js';
import { announceChange, lockEnterprise, removeIntegration, unwrapIntegrations, writeTrunkline } from './store.js';
import type { Queryable } from './store.js';

/**
 * Takes one integration away with its secrets, in the caller's transaction. Its version grows all the same: a form that is
 * still open must not bring it back unseen.
 * @throws TrunklineError ENTERPRISE_UNKNOWN; CONFIG_CHANGED when somebody else saved in between
 */
export async function deleteIntegration(
  tx: Queryable,
  which: { enterprise: string; type: string; expectedVersion?: number },
): Promise<void> {
  const { enterprise, type, expectedVersion } = which;
  const row = await lockEnterprise(tx, enterprise);
  if (!row) throw new TrunklineError('ENTERPRISE_UNKNOWN', `there is no enterprise ${enterprise}`);
  const own = ownColumnOf(row);
  const version = own.versions[type] ?? 0;
  if (expectedVersion !== undefined && expectedVersion !== version)
    throw new TrunklineError('CONFIG_CHANGED', `${type} of ${enterprise} was changed by somebody else: read it again`);
  await unwrapIntegrations(tx, enterprise, integrationsOf(row));
  await removeIntegration(tx, enterprise, type);
  await deleteSecretsOf(tx, enterprise, type);
  await forgetUsers(tx, enterprise, type);
  await writeTrunkline(tx, enterprise, {
    ...own,
    version: own.version + 1,
    versions: { ...own.versions, [type]: version + 1 },
  });
  await announceChange(tx, enterprise);
}
