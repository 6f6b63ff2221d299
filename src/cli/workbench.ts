/**
 * The composition of one-off commands: the database, with its engine started if none runs, and what reads and writes
 * settings. `serve` has its own, app.ts.
 */
import { parseEnv } from '../config/env.js';
import type { AppConfig } from '../config/env.js';
import type { Enterprise } from '../config/enterprise.js';
import { openDatabase } from '../db/engine.js';
import type { Database } from '../db/engine.js';
import { enterpriseOf } from '../integrations/enterprise-row.js';
import { secretFieldsOfConnectors } from '../integrations/registry.js';
import type { SecretFields } from '../integrations/secret-fields.js';
import { createVault } from '../integrations/secrets.js';
import type { Vault } from '../integrations/secrets.js';
import { readAll } from '../integrations/store.js';
import { TrunklineError } from '../platform/errors.js';
import { createLogger } from '../platform/log.js';
import type { Logger } from '../platform/log.js';
import { createSecretBox } from '../platform/secret-box.js';
import type { SecretBox } from '../platform/secret-box.js';
import { readOrMakeKeys } from '../platform/secret-key.js';
import type { CommandContext } from './command.js';

export interface Workbench {
  config: AppConfig;
  log: Logger;
  database: Database;
  box: SecretBox;
  vault: Vault;
  secretFields: SecretFields;
}

/** Runs `work` with an open, migrated database and leaves everything as it was found. */
export async function withWorkbench<T>(context: CommandContext, work: (bench: Workbench) => Promise<T>): Promise<T> {
  const config = parseEnv(context.env, context.readFile);
  // What a command prints is its result; the log of its parts is only worth showing when something is wrong.
  const log = createLogger(context.env['TRUNKLINE_LOG_LEVEL'] ? config.logLevel : 'warn', {
    write: (line: string) => context.stderr(line.trimEnd()),
  });
  const database = await openDatabase({ ...config, ...config.database }, log, { role: 'guest' });
  try {
    const box = secretBoxOf(config);
    const vault = createVault({ box, log });
    return await work({ config, log, database, box, vault, secretFields: secretFieldsOfConnectors() });
  } finally {
    await database.stop();
  }
}

/**
 * An enterprise as it is set up, its secrets opened only where somebody needs them.
 * @throws TrunklineError ENTERPRISE_UNKNOWN
 */
export async function enterpriseIn(
  { database, vault }: Workbench,
  number: string,
  needs: { secrets: boolean },
): Promise<Enterprise> {
  const row = (await readAll(database.pool)).find((one) => one.number === number);
  if (!row) throw new TrunklineError('ENTERPRISE_UNKNOWN', `there is no enterprise ${number}`);
  if (!needs.secrets) return enterpriseOf(row, () => null, {});
  const secrets = await vault.open(database.pool, number);
  return enterpriseOf(row, secrets.lookup(number), secrets.fields(number));
}

/** All enterprises of a PBX, without their secrets. */
export async function enterprisesOnPbx({ database }: Workbench, pbxKey: string): Promise<Enterprise[]> {
  const rows = (await readAll(database.pool)).flatMap((row) => {
    try {
      return [enterpriseOf(row, () => null, {})];
    } catch {
      return [];
    }
  });
  return rows.filter((enterprise) => enterprise.pbxKey === pbxKey);
}

export function secretBoxOf(config: AppConfig): SecretBox {
  return createSecretBox(() => config.secretKeys ?? readOrMakeKeys(config.dataDir));
}
