import { z } from 'zod';
import { TrunklineError } from '../platform/errors.js';
import { enterpriseEntry } from './enterprise.js';
import type { EnterpriseEntry } from './enterprise.js';
import { describeIssues } from './issues.js';
import { parseYaml } from './yaml.js';

const file = z.looseObject({ enterprises: z.array(enterpriseEntry).min(1) });

/**
 * Reads an import file.
 * @throws TrunklineError CONFIG_INVALID naming every wrong place by its path (`enterprises[0].pbx.port`), never a value.
 */
export function parseEnterpriseFile(text: string): EnterpriseEntry[] {
  const document = parseYaml(text, '');
  const result = file.safeParse(document);
  if (!result.success)
    throw new TrunklineError('CONFIG_INVALID', describeIssues(result.error.issues, numberIn(document)));
  return refuseRepeats(result.data.enterprises);
}

/** Says whose entry it is: counting entries in a long file is no help. */
function numberIn(document: unknown): (path: PropertyKey[]) => string {
  const list = (document as { enterprises?: unknown } | null)?.enterprises;
  return (path) => {
    if (path[0] !== 'enterprises' || typeof path[1] !== 'number' || !Array.isArray(list)) return '';
    const number = (list[path[1]] as { number?: unknown } | null)?.number;
    return typeof number === 'string' ? ` (enterprise ${number})` : '';
  };
}

function refuseRepeats(entries: EnterpriseEntry[]): EnterpriseEntry[] {
  const numbers = new Set<string>();
  const tokens = new Map<string, string>();
  for (const { number, token } of entries) {
    if (numbers.has(number)) throw new TrunklineError('CONFIG_INVALID', `enterprises: ${number} stands twice`);
    numbers.add(number);
    if (token === undefined) continue;
    const other = tokens.get(token);
    if (other !== undefined) {
      throw new TrunklineError('CONFIG_INVALID', `enterprises: ${number} and ${other} have the same token`);
    }
    tokens.set(token, number);
  }
  return entries;
}
