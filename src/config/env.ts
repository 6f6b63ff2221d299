/**
 * The daemon's configuration from text: environment, systemd credentials, and the file `TRUNKLINE_CONFIG` names, in
 * that order of precedence. Nothing here reads `process.env` or a file by itself.
 */
import path from 'node:path';
import { z } from 'zod';
import { TrunklineError } from '../platform/errors.js';
import { parseKeys } from '../platform/secret-key.js';
import { describeIssues } from './issues.js';
import { tunables } from './tunables.js';
import type { Tunables } from './tunables.js';
import * as kind from './variables.js';
import { parseYaml } from './yaml.js';

/** @returns the file's text, or null when there is no such file */
export type ReadFile = (file: string) => string | null;

/** Each is a variable and a key of the file alike. */
const variables = {
  DATABASE_URL: kind.databaseUrl,
  TRUNKLINE_DATA_DIR: kind.text.default('./data'),
  TRUNKLINE_HTTP_HOST: kind.text.default('127.0.0.1'),
  TRUNKLINE_HTTP_PORT: kind.port.default(8000),
  TRUNKLINE_PUBLIC_URL: kind.publicUrl,
  TRUNKLINE_SECRET_KEY: kind.optionalText,
  TRUNKLINE_ALLOW_TARGETS: kind.targets,
  TRUNKLINE_ADMIN_PASSWORD: kind.optionalText,
  TRUNKLINE_TRUST_PROXY: kind.trustProxy,
  TRUNKLINE_METRICS_TOKEN: kind.optionalText,
  TRUNKLINE_LOG_LEVEL: kind.logLevel,
};

type Variable = keyof typeof variables;
export const VARIABLES = [...Object.keys(variables), 'TRUNKLINE_CONFIG'] as readonly string[];

/** Secrets that systemd may hand over as files of `$CREDENTIALS_DIRECTORY`. */
export const CREDENTIALS: Partial<Record<Variable, string>> = {
  DATABASE_URL: 'trunkline.database-url',
  TRUNKLINE_SECRET_KEY: 'trunkline.secret-key',
  TRUNKLINE_ADMIN_PASSWORD: 'trunkline.admin-password',
  TRUNKLINE_METRICS_TOKEN: 'trunkline.metrics-token',
};

const schema = z.strictObject({ ...variables, ...tunables });

export interface AppConfig extends Tunables {
  /** Null: the embedded database. */
  databaseUrl: string | null;
  /** Absolute or as given, relative to the working directory. */
  dataDir: string;
  http: { host: string; port: number };
  /** Without a trailing slash; may have a path. */
  publicUrl: string | null;
  /** Null: the key file of the data directory. The first seals, all open. */
  secretKeys: readonly Buffer[] | null;
  /** Host names, addresses and networks exempt from the address guard. */
  allowTargets: string[];
  adminPassword: string | null;
  /** Whom client addresses are taken from: nobody, anybody, so many hops, or these addresses. */
  trustProxy: boolean | number | string[];
  metricsToken: string | null;
  logLevel: string;
}

/** @throws TrunklineError CONFIG_INVALID, one line per fault, each naming its variable or key; values are never told */
export function parseEnv(env: Readonly<Record<string, string | undefined>>, readFile: ReadFile): AppConfig {
  const given: Record<string, unknown> = readConfigFile(env['TRUNKLINE_CONFIG'], readFile);
  for (const name of Object.keys(variables) as Variable[]) {
    // An empty variable is one that was not set: unit files and compose files cannot say it otherwise.
    const value = env[name]?.trim() || credential(env, name, readFile);
    if (value) given[name] = value;
  }
  const result = schema.safeParse(given);
  if (!result.success) throw new TrunklineError('CONFIG_INVALID', describeIssues(result.error.issues));
  return toConfig(result.data);
}

function toConfig(settings: z.infer<typeof schema>): AppConfig {
  const { delivery, ami, calls, journal, retention, database, directory, recovery, recordings } = settings;
  const key = settings.TRUNKLINE_SECRET_KEY;
  return {
    databaseUrl: settings.DATABASE_URL ?? null,
    dataDir: settings.TRUNKLINE_DATA_DIR,
    http: { host: settings.TRUNKLINE_HTTP_HOST, port: settings.TRUNKLINE_HTTP_PORT },
    publicUrl: settings.TRUNKLINE_PUBLIC_URL ?? null,
    secretKeys: key === undefined ? null : parseKeys(key, 'TRUNKLINE_SECRET_KEY'),
    allowTargets: settings.TRUNKLINE_ALLOW_TARGETS,
    adminPassword: settings.TRUNKLINE_ADMIN_PASSWORD ?? null,
    trustProxy: settings.TRUNKLINE_TRUST_PROXY,
    metricsToken: settings.TRUNKLINE_METRICS_TOKEN ?? null,
    logLevel: settings.TRUNKLINE_LOG_LEVEL,
    ...{ delivery, ami, calls, journal, retention, database, directory, recovery, recordings },
  };
}

function readConfigFile(file: string | undefined, readFile: ReadFile): Record<string, unknown> {
  if (!file) return {};
  const text = readFile(file);
  if (text === null) throw new TrunklineError('CONFIG_INVALID', `TRUNKLINE_CONFIG: there is no file ${file}`);
  const document = parseYaml(text, `TRUNKLINE_CONFIG: ${file} is `);
  if (document === null || document === undefined) return {};
  if (typeof document !== 'object' || Array.isArray(document)) {
    throw new TrunklineError('CONFIG_INVALID', `TRUNKLINE_CONFIG: ${file} must hold keys and values`);
  }
  return { ...document };
}

function credential(
  env: Readonly<Record<string, string | undefined>>,
  name: Variable,
  readFile: ReadFile,
): string | undefined {
  const directory = env['CREDENTIALS_DIRECTORY'];
  const file = CREDENTIALS[name];
  if (!directory || !file) return undefined;
  return readFile(path.join(directory, file))?.trim();
}

/** The configuration as one log line may show it: of secrets only whether they are set. */
export function describeConfig(config: AppConfig): Record<string, unknown> {
  const { databaseUrl, secretKeys, adminPassword, metricsToken, recordings, ...rest } = config;
  const { s3, ...lane } = recordings;
  return {
    ...rest,
    engine: databaseUrl === null ? 'embedded' : 'external',
    secretKeys: secretKeys === null ? 'file' : secretKeys.length,
    adminPassword: { configured: adminPassword !== null },
    recordings: s3 ? { ...lane, s3: { ...s3, secretAccessKey: { configured: true } } } : lane,
    metricsToken: { configured: metricsToken !== null },
  };
}
