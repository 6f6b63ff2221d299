/** Who is who, as the table shows it, with what is wrong in it as it stands now, saved or not. Pure. */
import type { Outputs } from '../../api.js';

export type Mapping = Outputs['integrations']['mapping'];
/** User of the CRM → extension; empty: as the CRM has it. */
export type Chosen = Readonly<Record<string, string>>;

export interface MappingRow {
  user: string;
  /** Null: the CRM does not know him. */
  name: string | null;
  active: boolean;
  /** As the CRM has it. */
  own: string | null;
  chosen: string;
}

export type Remark =
  { kind: 'inactive' } | { kind: 'gone' } | { kind: 'shared'; with: string[] } | { kind: 'no-such-extension' };

export function rowsOf({ users }: Pick<Mapping, 'users'>, chosen: Chosen): MappingRow[] {
  const known = users.map(({ id, name, active, own }) => ({ user: id, name, active, own, chosen: chosen[id] ?? '' }));
  const ids = new Set(users.map(({ id }) => id));
  const others = Object.entries(chosen)
    .filter(([id]) => !ids.has(id))
    .map(([id, extension]) => ({ user: id, name: null, active: false, own: null, chosen: extension }));
  return [...known, ...others];
}

/** The extension that counts. */
export function extensionOf({ chosen, own, active }: MappingRow): string | null {
  return chosen.trim() !== '' ? chosen.trim() : active ? own : null;
}

export function remarksOf(row: MappingRow, rows: readonly MappingRow[], extensions: readonly string[]): Remark[] {
  const extension = extensionOf(row);
  if (extension === null) return [];
  const remarks: Remark[] = [];
  if (row.name === null) remarks.push({ kind: 'gone' });
  else if (!row.active) remarks.push({ kind: 'inactive' });
  const sharing = rows.filter((other) => other.user !== row.user && extensionOf(other) === extension);
  if (sharing.length > 0) remarks.push({ kind: 'shared', with: sharing.map(({ name, user }) => name ?? `№ ${user}`) });
  if (extensions.length > 0 && !extensions.includes(extension)) remarks.push({ kind: 'no-such-extension' });
  return remarks;
}

/** Extensions of the PBX whose calls would show nobody a card. */
export function nobodys(rows: readonly MappingRow[], extensions: readonly string[]): string[] {
  const mapped = new Set(rows.map(extensionOf));
  return extensions.filter((extension) => !mapped.has(extension));
}
