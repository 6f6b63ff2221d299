/** An enterprise as it stands in the database this moment: a page that saves must not show what a cache remembers. */
import { hasPlain, integrationsOf, objectIn, ownColumnOf } from '../integrations/enterprise-row.js';
import { readEnterprise } from '../integrations/store.js';
import type { EnterpriseRow } from '../integrations/store.js';
import { TrunklineError } from '../platform/errors.js';
import type { AdminServices } from './services.js';
import type { Queryable } from './store.js';

export interface StoredIntegration {
  /** Secrets in clear: never leaves the process. Empty where there is no such integration. */
  settings: Record<string, unknown>;
  configured: boolean;
  /** Of one that was taken away, too. */
  version: number;
}

export interface StoredEnterprise {
  row: EnterpriseRow;
  mode: 'off' | 'shadow' | 'on';
  integration(type: string): StoredIntegration;
}

/** @throws TrunklineError ENTERPRISE_UNKNOWN */
export async function storedEnterprise(
  { save }: Pick<AdminServices, 'save'>,
  db: Queryable,
  number: string,
): Promise<StoredEnterprise> {
  const row = await readEnterprise(db, number);
  if (!row) throw new TrunklineError('ENTERPRISE_UNKNOWN', `there is no enterprise ${number}`);
  const secrets = await save.vault.open(db, number);
  const [lookup, sealed] = [secrets.lookup(number), secrets.fields(number)];
  const { versions } = ownColumnOf(row);
  const plain = integrationsOf(row);
  return {
    row,
    mode: modeOf(row),
    integration(type) {
      const settings = { ...plain[type] };
      for (const field of plain[type] ? (sealed[type] ?? []) : []) {
        const value = hasPlain(settings, field) ? null : lookup(type, field);
        if (value !== null) settings[field] = value;
      }
      return { settings, configured: plain[type] !== undefined, version: versions[type] ?? 0 };
    },
  };
}

/** Without a mode of ours it is another system's enterprise, and off. */
export function modeOf(row: EnterpriseRow): 'off' | 'shadow' | 'on' {
  const mode = objectIn(row.trunkline)?.['mode'];
  return mode === 'on' || mode === 'shadow' ? mode : 'off';
}
