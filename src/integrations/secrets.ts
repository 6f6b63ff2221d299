/**
 * Secrets at rest: the AMI secret, the smart redirect's and those of integrations, each a sealed row bound to its
 * enterprise, type and field. Clear values live in memory only.
 */
import type { SecretBox, SecretPlace } from '../platform/secret-box.js';
import type { Logger } from '../platform/log.js';
import type { SecretLookup } from './enterprise-row.js';
import { announceSealing, deleteSecret, readSecrets, writeSecret } from './secret-store.js';
import type { Queryable } from './store.js';

export interface OpenedSecrets {
  lookup(enterprise: string): SecretLookup;
  /** Sealed fields by type; names only. */
  fields(enterprise: string): Record<string, string[]>;
}

export interface Vault {
  /** All secrets, or one enterprise's, in clear. One that does not open is logged and counts as absent. */
  open(db: Queryable, enterprise?: string): Promise<OpenedSecrets>;
  /** Seals in the caller's transaction. */
  put(tx: Queryable, place: SecretPlace, plain: string): Promise<void>;
  drop(tx: Queryable, place: SecretPlace): Promise<void>;
}

export function createVault({ box, log }: { box: SecretBox; log: Logger }): Vault {
  return {
    async open(db, enterprise) {
      const rows = await readSecrets(db, enterprise ?? null);
      const clear = new Map<string, Map<string, string>>();
      for (const row of rows) {
        const value = tryOpen(row);
        if (value === null) continue;
        const own = clear.get(row.enterprise) ?? new Map<string, string>();
        clear.set(row.enterprise, own.set(keyOf(row.type, row.field), value));
      }
      return {
        lookup: (number) => (type, field) => clear.get(number)?.get(keyOf(type, field)) ?? null,
        fields: (number) => fieldsOf(rows.filter((row) => row.enterprise === number)),
      };
    },
    async put(tx, place, plain) {
      await announceSealing(tx);
      box.reload();
      await writeSecret(tx, { ...place, ...box.seal(plain, place) });
    },
    drop: (tx, place) => deleteSecret(tx, place),
  };

  function tryOpen(row: SecretPlace & { keyId: string; sealed: Buffer }): string | null {
    try {
      return box.open(row, row);
    } catch (error) {
      const { enterprise, type, field } = row;
      log.error(
        { enterprise, type, field, why: error instanceof Error ? error.message : 'unknown' },
        'a secret cannot be read',
      );
      return null;
    }
  }
}

function keyOf(type: string, field: string): string {
  return `${type}/${field}`;
}

function fieldsOf(rows: readonly SecretPlace[]): Record<string, string[]> {
  const fields: Record<string, string[]> = {};
  for (const { type, field } of rows) (fields[type] ??= []).push(field);
  return fields;
}
