/**
 * Who is who between a PBX and a CRM: extensions and staff mobiles on one side, CRM users on the other. What an operator
 * chose (`user_extensions`) wins over the extension the CRM itself remembers of a user; a user who is not active owns
 * nothing by the CRM's word alone.
 */
import { z } from 'zod';
import type { CrmUser } from './contract.js';

export interface People {
  /** The CRM user behind an extension or staff mobile (E.164); null when nobody. */
  userOf(party: string): string | null;
  /** The extension of a CRM user; null when he has none. */
  extensionOf(userId: string): string | null;
  /** A staff mobile as its owner's extension, an extension as itself; null for a mobile that is nobody's. */
  extensionBehind(party: string): string | null;
}

export function peopleOf(
  /** CRM user id → extension. */
  chosen: Readonly<Record<string, string>>,
  known: readonly CrmUser[],
  extensionOfMobile: (mobile: string) => string | null = () => null,
): People {
  const extensions = new Map<string, string>();
  for (const { id, extension, active } of known) if (active && extension !== null) extensions.set(id, extension);
  const users = new Map<string, string>();
  for (const [id, extension] of extensions) if (!users.has(extension)) users.set(extension, id);
  for (const [id, extension] of Object.entries(chosen)) {
    extensions.set(id, extension);
    users.set(extension, id);
  }
  const extensionBehind = (party: string) => (party.startsWith('+') ? extensionOfMobile(party) : party);
  return {
    userOf(party) {
      const extension = extensionBehind(party);
      return extension === null ? null : (users.get(extension) ?? null);
    },
    extensionOf: (userId) => extensions.get(userId) ?? null,
    extensionBehind,
  };
}

/** `user_extensions` as the old pages wrote it: numbers and strings alike, empty fields left behind. */
export function chosenExtensions(
  map: Record<string, string | number | null> | null | undefined,
): Record<string, string> {
  const entries = Object.entries(map ?? {}).map(
    ([user, extension]) => [user.trim(), String(extension ?? '').trim()] as const,
  );
  return Object.fromEntries(entries.filter(([user, extension]) => /^\d+$/.test(user) && extension !== ''));
}

/** The same as a setting: CRM user id → extension. */
export const userExtensions = z
  .record(z.string(), z.union([z.string(), z.number(), z.null()]))
  .nullish()
  .transform(chosenExtensions);
