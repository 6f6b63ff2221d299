import { hasPlain, integrationsOf } from './enterprise-row.js';
import type { SaveDeps } from './save-integration.js';
import { announceChange, lockEnterprise, patchIntegration, readAll, unwrapIntegrations } from './store.js';
import type { Queryable } from './store.js';

/**
 * Moves secrets that stand in the JSON in clear into sealed rows, in the caller's transaction. From then on the old
 * services, which read them in the JSON, have none.
 * @returns what was moved, as `number/type/field`
 */
export async function takeOverSecrets(tx: Queryable, deps: SaveDeps, only: string | null = null): Promise<string[]> {
  const moved: string[] = [];
  const numbers = (await readAll(tx)).map((row) => row.number).filter((number) => only === null || number === only);
  for (const number of numbers) moved.push(...(await takeOverOne(tx, deps, number)));
  return moved;
}

async function takeOverOne(tx: Queryable, { vault, secretFields }: SaveDeps, number: string): Promise<string[]> {
  const row = await lockEnterprise(tx, number);
  if (!row) return [];
  const moved: string[] = [];
  const integrations = integrationsOf(row);
  for (const [type, settings] of Object.entries(integrations)) {
    const fields = Object.keys(settings).filter(
      (field) => secretFields.isSecret(type, field) && hasPlain(settings, field),
    );
    if (fields.length === 0) continue;
    await unwrapIntegrations(tx, number, integrations);
    for (const field of fields) await vault.put(tx, { enterprise: number, type, field }, String(settings[field]));
    await patchIntegration(tx, number, type, {}, fields);
    moved.push(...fields.map((field) => `${number}/${type}/${field}`));
  }
  if (moved.length > 0) await announceChange(tx, number);
  return moved;
}
