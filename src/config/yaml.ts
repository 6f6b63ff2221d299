import { parse } from 'yaml';
import { TrunklineError } from '../platform/errors.js';

/**
 * Reads YAML. The parser's own message quotes the lines around a fault, and a secret may stand there: only the place is told.
 * @throws TrunklineError CONFIG_INVALID, beginning with `what`
 */
export function parseYaml(text: string, what: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    const at = (error as { linePos?: [{ line: number; col: number }] }).linePos?.[0];
    throw new TrunklineError('CONFIG_INVALID', `${what}not YAML${at ? ` at line ${at.line}, column ${at.col}` : ''}`);
  }
}
