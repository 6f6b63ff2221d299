/** Saving and testing an integration, as the page and the REST twin do it. */
import type { Connection } from '../integrations/contract.js';
import { saveIntegration } from '../integrations/save-integration.js';
import { lockEnterprise } from '../integrations/store.js';
import { TrunklineError } from '../platform/errors.js';
import type { Audit } from './context.js';
import { connectorOf } from './integration-input.js';
import type { AdminServices } from './services.js';
import { checkSettings, layOver } from './settings-form.js';
import type { Laid } from './settings-form.js';
import { inTransaction } from './store.js';
import type { PoolClient, Queryable } from './store.js';
import { storedEnterprise } from './stored-enterprise.js';

export interface Save {
  enterprise: string;
  type: string;
  settings: Record<string, unknown>;
  /** The version the form was filled with; absent: whatever stands. */
  version?: number | undefined;
  /** What is only switched off may hold anything. */
  unchecked?: boolean;
}

/**
 * All in one transaction under the enterprise's lock: what is checked is what is saved, and of several all or none.
 * @returns the new version of each
 * @throws TrunklineError CONFIG_CHANGED, ENTERPRISE_UNKNOWN; FieldErrors
 */
export async function saveSettings(services: AdminServices, saves: readonly Save[], audit: Audit): Promise<number[]> {
  return inTransaction(services.pool, async (tx) => {
    const versions: number[] = [];
    for (const save of saves) versions.push(await saveOne(services, tx, save, audit));
    return versions;
  });
}

async function saveOne(services: AdminServices, tx: PoolClient, save: Save, audit: Audit): Promise<number> {
  const connector = connectorOf(services, save.type);
  await lockEnterprise(tx, save.enterprise);
  const found = await standing(services, tx, save);
  if (save.version !== undefined && save.version !== found.version)
    throw new TrunklineError(
      'CONFIG_CHANGED',
      `${save.type} of ${save.enterprise} was changed by somebody else: read it again`,
    );
  const { patch, whole } = layOver(connector, found.settings, save.settings, services.save.secretFields);
  if (!save.unchecked) checkSettings(connector, whole, services.refusesHost);
  const version = await saveIntegration(tx, services.save, {
    enterprise: save.enterprise,
    type: save.type,
    settings: patch,
    expectedVersion: found.version,
  });
  await audit({ type: save.type, version, fields: changedFields(patch, found.settings) }, tx);
  return version;
}

/**
 * A connection with settings as a form holds them, saved or not, and their secrets, which its answers must not repeat. Where it
 * is the account that runs already, its own: two would renew one pair of tokens.
 */
export async function connectionFor(
  services: AdminServices,
  { enterprise, type, settings }: Pick<Save, 'enterprise' | 'type' | 'settings'>,
): Promise<{ connection: Connection; laid: Laid; close(): Promise<void> }> {
  const connector = connectorOf(services, type);
  const found = await standing(services, services.pool, { enterprise, type });
  const laid = layOver(connector, found.settings, settings, services.save.secretFields);
  const parsed = checkSettings(connector, laid.whole, services.refusesHost);
  const running = laid.otherAccount ? null : services.connections.of(enterprise, type);
  if (running) return { connection: running.connection, laid, close: async () => {} };
  const connection = services.connect({ enterprise, type, settings: parsed, saved: !laid.otherAccount });
  return { connection, laid, close: () => connection.close() };
}

async function standing(
  services: AdminServices,
  db: Queryable,
  { enterprise, type }: { enterprise: string; type: string },
) {
  return (await storedEnterprise(services, db, enterprise)).integration(type);
}

/** Names only. */
function changedFields(patch: Record<string, unknown>, before: Record<string, unknown>): string[] {
  return Object.keys(patch).filter((field) => JSON.stringify(patch[field]) !== JSON.stringify(before[field]));
}
