import { messageOf } from '../../src/ami/message.js';
import type { AmiMessage } from '../../src/ami/message.js';

/** A message of headers in order; the first is `Event` or `Response`. */
export function createMessage(headers: readonly (readonly [string, string])[]): AmiMessage {
  return messageOf(
    headers.map(([name]) => name),
    headers.map(([, value]) => value),
  );
}
