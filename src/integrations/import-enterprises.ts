import { randomBytes } from 'node:crypto';
import { enterpriseEntry } from '../config/enterprise.js';
import type { EnterpriseEntry } from '../config/enterprise.js';
import { refuseOverlaps } from '../config/selector-overlap.js';
import { TrunklineError } from '../platform/errors.js';
import {
  enterpriseOf,
  ownColumnOf,
  PBX_SECRET,
  RECORDINGS_PASSWORD,
  REDIRECT_SECRET,
  SSH_KEY,
  SSH_PASSWORD,
} from './enterprise-row.js';
import { writeIntegration } from './save-integration.js';
import type { SaveDeps } from './save-integration.js';
import * as store from './store.js';
import type { EnterpriseRow, Queryable } from './store.js';

export interface Imported {
  created: string[];
  updated: string[];
  /** What the operator should know, though the import went through. */
  warnings: string[];
}

/** Bits of a client id that was made here: it is as good as a password. */
const CLIENT_ID_BYTES = 16;
const SHORTEST_CLIENT_ID = 22;

/**
 * Creates or updates enterprises by their number, all or none, in the caller's transaction. What an entry does not name
 * keeps its value (name, token, client id, secrets) or goes back to its default; integrations it does not name stay.
 * @throws TrunklineError CONFIG_INVALID, CONFIG_OVERLAP
 */
export async function importEnterprises(
  tx: Queryable,
  deps: SaveDeps,
  entries: readonly EnterpriseEntry[],
): Promise<Imported> {
  const imported: Imported = { created: [], updated: [], warnings: [] };
  await store.lockImports(tx);
  for (const entry of entries) await importOne(tx, deps, entry, imported);
  await refuseForeignOverlaps(tx, entries, imported);
  for (const { number } of entries) await store.announceChange(tx, number);
  return imported;
}

async function importOne(tx: Queryable, deps: SaveDeps, entry: EnterpriseEntry, imported: Imported): Promise<void> {
  const { number } = entry;
  const before = await store.lockEnterprise(tx, number);
  const columns = await oldColumns(tx, entry, before);
  if (before) await store.updateOldColumns(tx, columns);
  else await store.insertEnterprise(tx, columns);
  const row = before ?? {
    ...columns,
    client_id: columns.clientId,
    address: null,
    integrations: null,
    trunkline: null,
    running: true,
  };

  await putSecret(tx, deps, number, PBX_SECRET, entry.pbx?.secret);
  await putSecret(tx, deps, number, REDIRECT_SECRET, entry.smartRedirect?.secret);
  await putSecret(tx, deps, number, SSH_PASSWORD, entry.ssh?.password);
  await putSecret(tx, deps, number, SSH_KEY, entry.ssh?.privateKey);
  await putSecret(tx, deps, number, RECORDINGS_PASSWORD, entry.recordings?.password);
  await store.writeTrunkline(tx, number, await ownColumn(tx, entry, before));
  for (const [type, settings] of Object.entries(entry.integrations)) {
    await writeIntegration(tx, deps, row, type, settings);
  }
  (before ? imported.updated : imported.created).push(number);
  if (!row.running) imported.warnings.push(`${number} is switched off in the old system's columns and stays so`);
  if (entry.clientId !== undefined && entry.clientId.length < SHORTEST_CLIENT_ID) {
    imported.warnings.push(`${number}: clientId is short enough to be guessed; use at least 128 random bits`);
  }
}

async function oldColumns(
  tx: Queryable,
  entry: EnterpriseEntry,
  before: EnterpriseRow | null,
): Promise<store.OldColumns> {
  const { number } = entry;
  const token = entry.token ?? before?.token ?? null;
  const other = token === null ? null : await store.holderOfToken(tx, token, number);
  if (other !== null)
    throw new TrunklineError('CONFIG_INVALID', `enterprises: ${number} and ${other} have the same token`);
  return {
    number,
    name: entry.name ?? before?.name ?? number,
    token,
    clientId: entry.clientId ?? (before?.client_id || randomBytes(CLIENT_ID_BYTES).toString('hex')),
  };
}

/** What goes into our own column: the entry without what old columns, integrations and sealed secrets hold. */
async function ownColumn(
  tx: Queryable,
  entry: EnterpriseEntry,
  before: EnterpriseRow | null,
): Promise<Record<string, unknown>> {
  const own = before ? ownColumnOf(before) : { takeoverAt: null, version: 0, versions: {} };
  const { number: _number, name: _name, token: _token, clientId: _clientId, integrations, ...rest } = entry;
  const versions = { ...own.versions };
  for (const type of Object.keys(integrations)) versions[type] = (versions[type] ?? 0) + 1;
  const switchedOn = entry.mode === 'on' && before !== null && modeOf(before) !== 'on';
  // Keys of the file's own go back to their defaults when it does not name them; what others put there stays.
  const foreign = Object.entries(own).filter(([key]) => !(key in enterpriseEntry.shape));
  return {
    ...Object.fromEntries(foreign),
    ...rest,
    pbx: without(entry.pbx, 'secret'),
    smartRedirect: without(entry.smartRedirect, 'secret'),
    ssh: without(without(entry.ssh, 'password'), 'privateKey'),
    recordings: without(entry.recordings, 'password'),
    // Where another system served it until now, what is older than this moment is that system's.
    takeoverAt: switchedOn ? await store.databaseNow(tx) : own.takeoverAt,
    version: own.version + 1,
    versions,
  };
}

function modeOf(row: EnterpriseRow): unknown {
  return (ownColumnOf(row) as Record<string, unknown>)['mode'] ?? 'off';
}

function without<T extends object, K extends keyof T>(value: T | null, key: K): Omit<T, K> | null {
  if (value === null) return null;
  const { [key]: _dropped, ...rest } = value;
  return rest;
}

async function putSecret(
  tx: Queryable,
  { vault }: SaveDeps,
  enterprise: string,
  place: { type: string; field: string },
  plain: string | undefined,
): Promise<void> {
  if (plain !== undefined) await vault.put(tx, { enterprise, ...place }, plain);
}

/** Only pairs the file has a part in: what stood before and is not touched must not hold an import up. */
async function refuseForeignOverlaps(
  tx: Queryable,
  entries: readonly EnterpriseEntry[],
  imported: Imported,
): Promise<void> {
  const touched = new Set(entries.map((entry) => entry.number));
  const all = (await store.readRunning(tx)).flatMap((row) => {
    try {
      return [enterpriseOf(row, () => null, {})];
    } catch (error) {
      if (touched.has(row.number)) throw error;
      return [];
    }
  });
  for (const one of all.filter((enterprise) => touched.has(enterprise.number))) {
    for (const other of all) {
      if (other === one || other.pbxKey !== one.pbxKey) continue;
      refuseOverlaps([one, other]);
      if (touched.has(other.number) && other.number < one.number) continue;
      if (one.pbx?.username !== other.pbx?.username) {
        imported.warnings.push(
          `${one.number} and ${other.number} share a PBX, which has one session: the lower number's user is used`,
        );
      }
    }
  }
}
