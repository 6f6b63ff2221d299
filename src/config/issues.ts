import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** One line per fault, `path: what is wrong`. Values are left out: they may be secrets. `note` adds to a path's line. */
export function describeIssues(issues: readonly Issue[], note: (path: PropertyKey[]) => string = () => ''): string {
  return issues.flatMap((issue) => describe(issue, [], note)).join('\n');
}

function describe(issue: Issue, above: PropertyKey[], note: (path: PropertyKey[]) => string): string[] {
  const path = [...above, ...issue.path];
  // Of a union's branches, the one that got furthest says what the writer meant.
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const furthest = issue.errors.reduce((best, branch) => (depth(branch) > depth(best) ? branch : best));
    if (depth(furthest) > 0) return furthest.flatMap((inner) => describe(inner, path, note));
  }
  return [`${formatPath(path)}: ${issue.message}${note(path)}`];
}

function depth(issues: readonly Issue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length));
}

/** `enterprises[0].pbx.port` */
function formatPath(path: readonly PropertyKey[]): string {
  const parts = path.map((part, index) => {
    if (typeof part === 'number') return `[${part}]`;
    return index === 0 ? String(part) : `.${String(part)}`;
  });
  return parts.join('') || 'the file';
}
