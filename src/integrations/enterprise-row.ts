import { z } from 'zod';
import { enterpriseEntry } from '../config/enterprise.js';
import type { Enterprise, EnterpriseEntry } from '../config/enterprise.js';
import { describeIssues } from '../config/issues.js';
import { resolveEnterprise } from '../config/resolve.js';
import { TrunklineError } from '../platform/errors.js';
import type { EnterpriseRow } from './store.js';

/** Our own column: the entry of the import file without what old columns and sealed secrets hold. */
const ownColumn = z.looseObject({
  takeoverAt: z.number().nullable().default(null),
  version: z.number().int().default(0),
  versions: z.record(z.string(), z.number().int()).default({}),
});

export type OwnColumn = z.infer<typeof ownColumn>;

/** A sealed value by type and field, in clear. */
export type SecretLookup = (type: string, field: string) => string | null;

/** Where secrets that are not an integration's are kept. */
export const PBX_SECRET = { type: 'pbx', field: 'secret' } as const;
export const REDIRECT_SECRET = { type: 'smart_redirect', field: 'secret' } as const;
export const SSH_PASSWORD = { type: 'ssh', field: 'password' } as const;
export const RECORDINGS_PASSWORD = { type: 'recordings', field: 'password' } as const;
export const SSH_KEY = { type: 'ssh', field: 'privateKey' } as const;

/**
 * An enterprise as it runs. A secret that stands in the JSON is newer than a sealed one: only other systems write it there.
 * @throws TrunklineError CONFIG_INVALID naming the place when what is stored does not parse
 */
export function enterpriseOf(
  row: EnterpriseRow,
  secrets: SecretLookup,
  sealedFields: Record<string, string[]>,
): Enterprise {
  const own = ownColumnOf(row);
  const entry = storedEntry(row, own);
  return resolveEnterprise(entry, {
    name: row.name,
    token: row.token === '' ? null : row.token,
    clientId: row.client_id,
    address: row.address === '' ? null : row.address,
    takeoverAt: own.takeoverAt,
    version: own.version,
    pbxSecret: entry.pbx?.secret ?? secrets(PBX_SECRET.type, PBX_SECRET.field) ?? '',
    smartRedirectSecret: entry.smartRedirect?.secret ?? secrets(REDIRECT_SECRET.type, REDIRECT_SECRET.field),
    sshPassword: entry.ssh?.password ?? secrets(SSH_PASSWORD.type, SSH_PASSWORD.field),
    recordingsPassword: entry.recordings?.password ?? secrets(RECORDINGS_PASSWORD.type, RECORDINGS_PASSWORD.field),
    sshPrivateKey: entry.ssh?.privateKey ?? secrets(SSH_KEY.type, SSH_KEY.field),
    integrations: withSealed(integrationsOf(row), secrets, sealedFields),
  });
}

export function ownColumnOf(row: EnterpriseRow): OwnColumn {
  const result = ownColumn.safeParse(objectIn(row.trunkline) ?? {});
  if (result.success) return result.data;
  throw new TrunklineError(
    'CONFIG_INVALID',
    `enterprise ${row.number}, column trunkline: ${describeIssues(result.error.issues)}`,
  );
}

function storedEntry(row: EnterpriseRow, own: OwnColumn): EnterpriseEntry {
  // Without a mode of ours it is another system's enterprise: nothing of it runs until an operator says so.
  const result = enterpriseEntry.safeParse({ mode: 'off', ...own, number: row.number });
  if (result.success) return result.data;
  throw new TrunklineError(
    'CONFIG_INVALID',
    `enterprise ${row.number}, column trunkline: ${describeIssues(result.error.issues)}`,
  );
}

/** The integrations as objects; what is none is left out. */
export function integrationsOf(row: EnterpriseRow): Record<string, Record<string, unknown>> {
  const found: Record<string, Record<string, unknown>> = {};
  for (const [type, value] of Object.entries(objectIn(row.integrations) ?? {})) {
    const settings = objectIn(value);
    if (settings) found[type] = settings;
  }
  return found;
}

function withSealed(
  plain: Record<string, Record<string, unknown>>,
  secrets: SecretLookup,
  sealedFields: Record<string, string[]>,
): Record<string, Record<string, unknown>> {
  const whole: Record<string, Record<string, unknown>> = {};
  for (const [type, settings] of Object.entries(plain)) {
    whole[type] = { ...settings };
    for (const field of sealedFields[type] ?? []) {
      const sealed = hasPlain(settings, field) ? null : secrets(type, field);
      if (sealed !== null) whole[type][field] = sealed;
    }
  }
  return whole;
}

/** A secret that stands in the JSON in clear; an emptied form field is none. */
export function hasPlain(settings: Record<string, unknown>, field: string): boolean {
  return typeof settings[field] === 'string' && settings[field] !== '';
}

/** Old writers stored some objects as text; some columns hold neither. */
export function objectIn(value: unknown): Record<string, unknown> | null {
  if (typeof value === 'string') {
    try {
      return objectIn(JSON.parse(value) as unknown);
    } catch {
      return null;
    }
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}
