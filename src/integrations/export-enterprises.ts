import { stringify } from 'yaml';
import { MASK } from '../config/enterprise.js';
import {
  hasPlain,
  integrationsOf,
  objectIn,
  ownColumnOf,
  PBX_SECRET,
  RECORDINGS_PASSWORD,
  REDIRECT_SECRET,
  SSH_KEY,
  SSH_PASSWORD,
} from './enterprise-row.js';
import type { SecretLookup } from './enterprise-row.js';
import type { SecretFields } from './secret-fields.js';
import type { Vault } from './secrets.js';
import { readAll, readEnterprise } from './store.js';
import type { EnterpriseRow, Queryable } from './store.js';

export interface ExportDeps {
  vault: Vault;
  secretFields: SecretFields;
}

export interface ExportedEntry {
  number: string;
  name: string;
  token: string | undefined;
  clientId: string;
  pbx: Record<string, unknown> | null;
  smartRedirect: Record<string, unknown> | null;
  ssh: Record<string, unknown> | null;
  recordings: Record<string, unknown> | null;
  integrations: Record<string, Record<string, unknown>>;
  [key: string]: unknown;
}

/** Enterprises as an import file. Secrets are masked unless `withSecrets`. */
export async function exportEnterprises(db: Queryable, deps: ExportDeps, withSecrets: boolean): Promise<string> {
  const rows = await readAll(db);
  const secrets = await deps.vault.open(db);
  const enterprises = rows.map((row) => entryOf(row, secrets.fields(row.number), secrets.lookup(row.number)));
  if (!withSecrets) for (const entry of enterprises) maskSecrets(entry, deps.secretFields);
  return stringify({ enterprises }, { lineWidth: 0 });
}

/** One enterprise as an import file would have it, secrets masked; null when there is none. */
export async function maskedEntry(
  db: Queryable,
  deps: ExportDeps,
  number: string,
): Promise<{ entry: ExportedEntry; version: number } | null> {
  const row = await readEnterprise(db, number);
  if (!row) return null;
  const secrets = await deps.vault.open(db, number);
  const entry = entryOf(row, secrets.fields(number), secrets.lookup(number));
  maskSecrets(entry, deps.secretFields);
  return { entry, version: ownColumnOf(row).version };
}

function entryOf(row: EnterpriseRow, sealed: Record<string, string[]>, secret: SecretLookup): ExportedEntry {
  const { takeoverAt: _takeoverAt, version: _version, versions: _versions, ...own } = ownColumnOf(row);
  const settings: Record<string, unknown> = { mode: 'off', ...own };
  const integrations = integrationsOf(row);
  for (const [type, plain] of Object.entries(integrations)) {
    for (const field of sealed[type] ?? []) if (!hasPlain(plain, field)) plain[field] = secret(type, field);
  }
  return {
    number: row.number,
    name: row.name,
    token: row.token ?? undefined,
    ...settings,
    clientId: row.client_id,
    pbx: withSecret(objectIn(settings['pbx']), secret(PBX_SECRET.type, PBX_SECRET.field)),
    smartRedirect: withSecret(objectIn(settings['smartRedirect']), secret(REDIRECT_SECRET.type, REDIRECT_SECRET.field)),
    ssh: [SSH_PASSWORD, SSH_KEY].reduce(
      (ssh, { type, field }) => withSecret(ssh, secret(type, field), field),
      objectIn(settings['ssh']),
    ),
    recordings: withSecret(
      objectIn(settings['recordings']),
      secret(RECORDINGS_PASSWORD.type, RECORDINGS_PASSWORD.field),
      'password',
    ),
    integrations,
  };
}

function maskSecrets(entry: ExportedEntry, fields: SecretFields): void {
  entry.clientId = MASK;
  if (entry.token !== undefined) entry.token = MASK;
  for (const part of [entry.pbx, entry.smartRedirect]) if (part?.['secret'] !== undefined) part['secret'] = MASK;
  for (const field of ['password', 'privateKey']) if (entry.ssh?.[field] !== undefined) entry.ssh[field] = MASK;
  if (entry.recordings?.['password'] !== undefined) entry.recordings['password'] = MASK;
  for (const [type, settings] of Object.entries(entry.integrations)) {
    for (const field of Object.keys(settings)) {
      if (fields.isSecret(type, field) && hasPlain(settings, field)) settings[field] = MASK;
    }
  }
}

function withSecret(
  settings: Record<string, unknown> | null,
  secret: string | null,
  field = 'secret',
): Record<string, unknown> | null {
  return settings === null || secret === null ? settings : { ...settings, [field]: secret };
}
