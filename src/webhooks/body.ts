/** A post's body: read from bytes, and made fit to be stored. */
import { TrunklineError } from '../platform/errors.js';
import { wellFormed } from '../platform/well-formed.js';

/** Real posts have two levels. Beyond this neither PostgreSQL nor a reader gains anything. */
const MOST_LEVELS = 20;

/**
 * The JSON value in a body (UTF-8), whatever the content type says. Dialplans paste variables into JSON by hand: a line end within
 * a text and a text in doubled quotes are read as meant.
 * @throws TrunklineError WEBHOOK_MALFORMED
 */
export function readBody(body: Buffer | string): unknown {
  const text = quoteUniqueId(body.toString().replace(/^\uFEFF/, ''));
  try {
    return JSON.parse(text);
  } catch {
    return parseMended(text);
  }
}

function parseMended(text: string): unknown {
  const mended = text.replace(/[\u0000-\u001f]+/g, ' ').replace(/:\s*""([^"\\]*)""(?=\s*[,}])/g, ':"$1"');
  try {
    return JSON.parse(mended);
  } catch (error) {
    throw new TrunklineError('WEBHOOK_MALFORMED', 'the body is not JSON', { cause: error });
  }
}

/** As a number `1700000000.10` would lose its zero and be the id of another channel. */
function quoteUniqueId(text: string): string {
  return text.replace(/("UniqueId"\s*:\s*)(\d+\.\d+)(?=\s*[,}])/gi, '$1"$2"');
}

/**
 * The same object without any token in it, and without what `jsonb` cannot hold (NUL, half a surrogate pair).
 * @throws TrunklineError WEBHOOK_MALFORMED when it is no object or nested beyond reason
 */
export function toStored(raw: unknown): object {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw new TrunklineError('WEBHOOK_MALFORMED', 'the body is not a JSON object');
  }
  return storable(raw, 1) as object;
}

function storable(value: unknown, level: number): unknown {
  if (typeof value === 'string') return wellFormed(value);
  if (typeof value !== 'object' || value === null) return value;
  if (level > MOST_LEVELS) throw new TrunklineError('WEBHOOK_MALFORMED', 'the body is nested too deeply');
  if (Array.isArray(value)) return value.map((item) => storable(item, level + 1));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name.toLowerCase() !== 'token')
      .map(([name, item]) => [wellFormed(name), storable(item, level + 1)]),
  );
}
