import { TrunklineError } from '../platform/errors.js';

/** Headers of an action: one value, or several for a header that is repeated (`Variable`). */
export type ActionHeaders = Readonly<Record<string, string | number | readonly string[]>>;

const NAME = /^[A-Za-z0-9_-]+$/;
/** Asterisk refuses a line over about 1 KB and a message over 128 headers, without saying which action it was. */
const MAX_LINE_BYTES = 1000;
const MAX_HEADERS = 120;

/**
 * A value that stays one value. CR and LF would begin a new header, or a new action, in the PBX; NUL ends the line
 * there. They are taken out, wherever the value came from.
 */
function sanitiseValue(value: string): string {
  return value.replace(/[\r\n\0]/g, '');
}

/** @throws TrunklineError `AMI_PROTOCOL` for what is no name of an action. */
export function actionName(name: string): string {
  if (!NAME.test(name)) throw new TrunklineError('AMI_PROTOCOL', 'the name of an AMI action has a forbidden character');
  return name;
}

/**
 * The headers of an action as they may be sent, in order.
 * @throws TrunklineError `AMI_PROTOCOL` for a header name or a length that the PBX would not read as meant. The message
 * names the header, never its value.
 */
export function sanitiseHeaders(headers: ActionHeaders): [string, string][] {
  const clean: [string, string][] = [];
  for (const [name, given] of Object.entries(headers)) {
    if (!NAME.test(name)) throw new TrunklineError('AMI_PROTOCOL', 'an AMI header name has a forbidden character');
    for (const value of Array.isArray(given) ? (given as readonly string[]) : [String(given)]) {
      const line = sanitiseValue(value);
      if (Buffer.byteLength(line) + name.length + 2 > MAX_LINE_BYTES) {
        throw new TrunklineError('AMI_PROTOCOL', `the AMI header ${name} is too long for a PBX to read`);
      }
      clean.push([name, line]);
    }
  }
  if (clean.length > MAX_HEADERS) throw new TrunklineError('AMI_PROTOCOL', 'an AMI action has too many headers');
  return clean;
}
