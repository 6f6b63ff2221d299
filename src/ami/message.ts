import { TrunklineError } from '../platform/errors.js';

/**
 * One message of the Asterisk Manager Interface: headers in the order they came, names case-insensitive. A message
 * whose first header is `Event` is an event, `Response` a response; the greeting is the line a PBX says first.
 */
export interface AmiMessage {
  readonly type: 'event' | 'response' | 'greeting';
  /** The event's name (`Newchannel`), the response's word (`Success`, `Error`), or the text of the greeting. */
  readonly name: string;
  /** The first header of that name, in any letter case. */
  get(header: string): string | undefined;
  /** Every header of that name, in order: `ChanVariable` and `Output` are repeated. */
  all(header: string): readonly string[];
  /** All headers in order. The letter case of names is the transport's: compare them in lower case. */
  entries(): Iterable<readonly [string, string]>;
}

/** Header names in lower case, remembered: a PBX uses a few hundred names, and each event has some twenty. */
const lowered = new Map<string, string>();
const MAX_REMEMBERED = 4096;

export function lowerName(name: string): string {
  const known = lowered.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  // A caller can invent names, so what is remembered is bounded.
  if (lowered.size < MAX_REMEMBERED) lowered.set(name, lower);
  return lower;
}

class HeaderMessage implements AmiMessage {
  readonly type: AmiMessage['type'];
  readonly name: string;
  readonly #names: readonly string[];
  readonly #lower: readonly string[];
  readonly #values: readonly string[];

  constructor(names: readonly string[], values: readonly string[]) {
    this.#names = names;
    this.#lower = names.map(lowerName);
    this.#values = values;
    this.type = typeOf(this.#lower[0]);
    this.name = values[0] ?? '';
  }

  get lowerNames(): readonly string[] {
    return this.#lower;
  }

  get(header: string): string | undefined {
    const index = this.#lower.indexOf(lowerName(header));
    return index < 0 ? undefined : this.#values[index];
  }

  all(header: string): readonly string[] {
    const lower = lowerName(header);
    return this.#values.filter((_, index) => this.#lower[index] === lower);
  }

  *entries(): Iterable<readonly [string, string]> {
    for (const [index, name] of this.#names.entries()) yield [name, this.#values[index] ?? ''];
  }
}

/** The names of a message's headers in lower case, in order. */
export function lowerNamesOf(message: AmiMessage): readonly string[] {
  return message instanceof HeaderMessage
    ? message.lowerNames
    : Array.from(message.entries(), ([name]) => lowerName(name));
}

function typeOf(firstHeader: string | undefined): AmiMessage['type'] {
  if (firstHeader === 'event' || firstHeader === 'response' || firstHeader === 'greeting') return firstHeader;
  throw new TrunklineError('AMI_PROTOCOL', 'an AMI message begins with Event or Response');
}

/**
 * A message of headers in order, as two lists of equal length; the first is `Event`, `Response` or (our own) `Greeting`.
 * @throws TrunklineError `AMI_PROTOCOL` when it begins otherwise.
 */
export function messageOf(names: readonly string[], values: readonly string[]): AmiMessage {
  return new HeaderMessage(names, values);
}
