import type { ServerFault } from '../platform/errors.js';
import type { Messages } from './ru.js';

/** A fault of a field as the server words it, in the reader's language; what is not known stays readable. */
export function faultText(message: string, t: Messages): string {
  const known = t.errors.fields.find(([pattern]) => pattern.test(message))?.[1];
  if (known !== undefined) return known;
  const said = t.said(message);
  if (said !== message) return said;
  return t.errors.fields.length === 0
    ? `${message.charAt(0).toUpperCase()}${message.slice(1)}`
    : `${t.errors.field}: ${message}`;
}

type Faults = ServerFault['fields'];

/** The first fault of this place of the input, or of what is in it. */
export function faultAt(faults: Faults, place: string): Faults[number] | undefined {
  return faults.find(({ path }) => path === place || path.startsWith(`${place}.`));
}

/** … in the reader's language. */
export function faultTextAt(faults: Faults, place: string, t: Messages): string | undefined {
  const found = faultAt(faults, place);
  return found && faultText(found.message, t);
}
