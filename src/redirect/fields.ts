/** What a dialplan posts: JSON or a form, whatever the header says. */
import { TrunklineError } from '../platform/errors.js';

/** Every field as text; what is neither text nor a number is left out. */
export type Fields = Readonly<Record<string, string>>;

/** @throws TrunklineError WEBHOOK_MALFORMED */
export function fieldsOf(body: string, readJson: (text: string) => unknown): Fields {
  const text = body.trim();
  if (!/^[{["]/.test(text)) return Object.fromEntries(new URLSearchParams(text));
  const parsed = readJson(text);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new TrunklineError('WEBHOOK_MALFORMED', 'the body is not a JSON object');
  }
  return Object.fromEntries(
    Object.entries(parsed).flatMap(([name, value]: [string, unknown]) =>
      typeof value === 'string' || typeof value === 'number' ? [[name, String(value)]] : [],
    ),
  );
}
