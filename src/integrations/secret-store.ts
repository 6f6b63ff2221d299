import type { Queryable } from '../db/pool.js';

export interface SecretRow {
  enterprise: string;
  type: string;
  field: string;
  keyId: string;
  sealed: Buffer;
}

const COLUMNS = 'enterprise_number AS enterprise, integration_type AS type, field, key_id AS "keyId", sealed';

/** All sealed values, or those of one enterprise. */
export async function readSecrets(db: Queryable, enterprise: string | null = null): Promise<SecretRow[]> {
  const { rows } = await db.query<SecretRow>(
    `SELECT ${COLUMNS} FROM integration_secrets WHERE $1::text IS NULL OR enterprise_number = $1`,
    [enterprise],
  );
  return rows;
}

export async function writeSecret(db: Queryable, row: SecretRow): Promise<void> {
  await db.query(
    `INSERT INTO integration_secrets (enterprise_number, integration_type, field, key_id, sealed) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (enterprise_number, integration_type, field)
     DO UPDATE SET key_id = EXCLUDED.key_id, sealed = EXCLUDED.sealed, updated_at = now()`,
    [row.enterprise, row.type, row.field, row.keyId, row.sealed],
  );
}

export async function deleteSecret(
  db: Queryable,
  { enterprise, type, field }: Pick<SecretRow, 'enterprise' | 'type' | 'field'>,
): Promise<void> {
  await db.query(
    'DELETE FROM integration_secrets WHERE enterprise_number = $1 AND integration_type = $2 AND field = $3',
    [enterprise, type, field],
  );
}

/** All of one integration. */
export async function deleteSecretsOf(db: Queryable, enterprise: string, type: string): Promise<void> {
  await db.query('DELETE FROM integration_secrets WHERE enterprise_number = $1 AND integration_type = $2', [
    enterprise,
    type,
  ]);
}

/** Rows sealed with another key than this one, locked, at most `limit` (null: all). */
export async function lockSealedOtherwise(db: Queryable, keyId: string, limit: number | null): Promise<SecretRow[]> {
  const { rows } = await db.query<SecretRow>(
    `SELECT ${COLUMNS} FROM integration_secrets WHERE key_id <> $1
      ORDER BY enterprise_number, integration_type, field LIMIT $2 FOR UPDATE`,
    [keyId, limit],
  );
  return rows;
}

/** Who is about to seal says so first: the key is read after this, so that none seals with one that is being retired. */
export async function announceSealing(db: Queryable): Promise<void> {
  await db.query('LOCK TABLE integration_secrets IN ROW EXCLUSIVE MODE');
}

/** Nobody seals until the transaction ends. */
export async function forbidSealing(db: Queryable): Promise<void> {
  await db.query('LOCK TABLE integration_secrets IN SHARE ROW EXCLUSIVE MODE');
}
