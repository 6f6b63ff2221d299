import type { Queryable } from './store.js';

export interface StoredSettings {
  scope: string;
  version: number;
  settings: unknown;
}

export async function readAllSettings(db: Queryable): Promise<StoredSettings[]> {
  return (await db.query<StoredSettings>('SELECT scope, version, settings FROM alert_settings')).rows;
}

/** Null: never saved. Locked when a transaction asks for it. */
export async function readSettingsOf(db: Queryable, scope: string, lock = false): Promise<StoredSettings | null> {
  const { rows } = await db.query<StoredSettings>(
    `SELECT scope, version, settings FROM alert_settings WHERE scope = $1${lock ? ' FOR UPDATE' : ''}`,
    [scope],
  );
  return rows[0] ?? null;
}

/** False when it has another version than that by now; 0: none yet. */
export async function writeSettings(
  tx: Queryable,
  scope: string,
  expectedVersion: number,
  settings: object,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    expectedVersion === 0
      ? `INSERT INTO alert_settings (scope, version, settings) VALUES ($1, $2 + 1, $3) ON CONFLICT DO NOTHING`
      : `UPDATE alert_settings SET version = $2 + 1, settings = $3, updated_at = now() WHERE scope = $1 AND version = $2`,
    [scope, expectedVersion, JSON.stringify(settings)],
  );
  return rowCount === 1;
}
