/** What is wrong between the extensions of an enterprise and the users of one of its CRM accounts. Pure. */
import type { CrmUser } from './contract.js';

export type MappingFinding =
  /** An extension nobody in the CRM has: its calls show no card. */
  | { kind: 'unmapped'; extension: string }
  /** One extension, several users: only the first is shown cards. */
  | { kind: 'shared'; extension: string; users: string[] }
  /** Mapped to a user who has left. */
  | { kind: 'dismissed'; extension: string; user: string }
  /** Mapped to a user the CRM does not know. */
  | { kind: 'unknown-user'; extension: string; user: string };

export function mappingHealth(
  extensions: readonly string[],
  /** CRM user id → extension, by the settings. */
  chosen: Readonly<Record<string, string>>,
  users: readonly CrmUser[],
): MappingFinding[] {
  const byExtension = new Map<string, string[]>();
  const claim = (extension: string, user: string) =>
    byExtension.set(extension, [...(byExtension.get(extension) ?? []), user]);
  for (const [user, extension] of Object.entries(chosen)) claim(extension, user);
  for (const { id, extension, active } of users)
    if (active && extension !== null && chosen[id] === undefined) claim(extension, id);

  const known = new Map(users.map((user) => [user.id, user]));
  const findings: MappingFinding[] = extensions
    .filter((extension) => !byExtension.has(extension))
    .map((extension) => ({ kind: 'unmapped', extension }));
  for (const [extension, mapped] of byExtension) {
    if (mapped.length > 1) findings.push({ kind: 'shared', extension, users: mapped });
    // Before the list was ever loaded nobody is unknown.
    if (users.length === 0) continue;
    for (const user of mapped) {
      const found = known.get(user);
      if (!found) findings.push({ kind: 'unknown-user', extension, user });
      else if (!found.active) findings.push({ kind: 'dismissed', extension, user });
    }
  }
  return findings;
}
