import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { cacheFolder, probeParts, type Part, type PartName } from '../../scripts/test-parts.mjs';

/**
 * What a test needs beyond npm's packages. A missing part leaves the test out under a name that says why; with CI=true
 * it fails instead, because there nothing may be left out.
 */
export function missingParts(parts: readonly PartName[]): string[] {
  const said = reasons();
  return probeParts()
    .filter((part) => parts.includes(part.part) && part.missing !== null)
    .map((part) => `${part.part}: ${said.get(part.part) ?? part.missing ?? ''}`);
}

/** The root folder or the command of a part that must be there. */
export function pathOf(part: PartName): string {
  const found = probeParts().find((one) => one.part === part);
  if (!found || found.missing !== null)
    throw new Error(`${part} is not available: ${found?.missing ?? 'unknown part'}`);
  return found.path;
}

export function describeWith(parts: readonly PartName[], name: string, tests: () => void): void {
  const missing = missingParts(parts);
  if (missing.length === 0) describe(name, tests);
  else if (process.env['CI'] === 'true') {
    describe(name, () => {
      it('has what it needs', () => {
        throw new Error(`CI=true and nothing may be left out: ${missing.join('; ')}`);
      });
    });
  } else {
    describe(`${name} [left out: ${missing.join('; ')}]`, () => {
      it.skip('has what it needs');
    });
  }
}

/** Why the preparation could not bring a part: it knows more than a look at the disk. */
function reasons(): Map<PartName, string> {
  try {
    const { parts } = JSON.parse(readFileSync(join(cacheFolder(), 'prepared.json'), 'utf8')) as { parts: Part[] };
    return new Map(parts.flatMap((part) => (part.missing === null ? [] : [[part.part, part.missing] as const])));
  } catch {
    return new Map();
  }
}
