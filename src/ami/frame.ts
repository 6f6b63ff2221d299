/**
 * The bytes of one AMI connection, as messages. Lines end with CR LF, a blank line ends a message; the connection begins
 * with one line of greeting.
 *
 * States: `greeting` (nothing but a possible greeting was read), `reading`, `skipping` (a line or message was over its
 * limit; everything up to the next blank line is thrown away and counted once), `broken` (so much was skipped that
 * there is no telling where messages begin; the connection has to go).
 * Invariants: bytes are searched, text is decoded only between two ends of a message, so a chunk may end anywhere, inside
 * CR LF and inside a character; no byte is looked at more than a constant number of times; memory is bounded by
 * `messageLimit` plus one chunk. Half a message when the connection ends is never delivered.
 */
import type { AmiEncoding } from './encoding.js';
import { decode } from './encoding.js';
import type { AmiMessage } from './message.js';
import { lowerName, messageOf } from './message.js';

/** Why something a PBX sent was not used. Each is counted by name. */
export type DropReason =
  /** A line over the limit; its whole message is dropped. */
  | 'line-too-long'
  | 'message-too-long'
  /** Begins with something else than `Event:` or `Response:`: garbage, or the tail of a forged message. */
  | 'not-a-message'
  /** A line that is no header. */
  | 'malformed'
  /** The connection ended inside a message. */
  | 'half-message'
  /** An unasked event whose second header is not `Privilege`. */
  | 'no-privilege'
  /** A header that is never repeated came twice. */
  | 'repeated-header'
  /** A header that events of its class always have is missing or out of order. */
  | 'missing-header'
  /** It passed for a whole event, and what followed showed that a caller had torn it from one. */
  | 'forged'
  /** A list event or response to no action of ours, or to one that gave up waiting. */
  | 'unasked';

/** What is no message, and what could be read of it: its headers up to the line that is none. */
export interface Unread {
  reason: DropReason;
  names: readonly string[];
  values: readonly string[];
}

export interface FrameOptions {
  encoding: AmiEncoding;
  /** Longest line, bytes. */
  lineLimit: number;
  /** Longest message, bytes. */
  messageLimit?: number;
  onMessage(message: AmiMessage): void;
  onDrop(reason: DropReason, unread?: Unread): void;
  /** Framing is lost. Called once; whatever is pushed afterwards is ignored. */
  onBroken(): void;
}

export const DEFAULT_LINE_LIMIT = 1024 * 1024;
const DEFAULT_MESSAGE_LIMIT = 8 * DEFAULT_LINE_LIMIT;
const SKIP_LIMIT = 16 * DEFAULT_LINE_LIMIT;

const GREETING = 'Asterisk Call Manager';
const BLANK_LINE = Buffer.from('\r\n\r\n');
const CRLF = Buffer.from('\r\n');

export class FrameParser {
  readonly #options: FrameOptions;
  readonly #messageLimit: number;
  #state: 'greeting' | 'reading' | 'skipping' | 'broken' = 'greeting';
  /** The unfinished message: the first `#used` bytes of a buffer that grows by doubling. */
  #pending = Buffer.alloc(0);
  #used = 0;
  #skipped = 0;

  constructor(options: FrameOptions) {
    this.#options = options;
    this.#messageLimit = options.messageLimit ?? DEFAULT_MESSAGE_LIMIT;
  }

  /** Takes the next bytes; calls back for every message they complete. The chunk may be reused afterwards. */
  push(chunk: Buffer): void {
    if (this.#state === 'broken') return;
    if (this.#used === 0) {
      this.#keep(chunk, this.#consume(chunk, 0));
      return;
    }
    // Only what the new bytes can complete is searched: a blank line may have begun three bytes before them.
    const from = Math.max(0, this.#used - BLANK_LINE.length + 1);
    this.#append(chunk);
    const whole = this.#pending.subarray(0, this.#used);
    this.#keep(whole, this.#consume(whole, from));
  }

  /** The connection ended. */
  end(): void {
    if (this.#used > 0 && this.#state === 'reading') this.#options.onDrop('half-message');
    this.#used = 0;
    this.#state = 'broken';
  }

  /** Delivers what is complete in `bytes` and returns where the unfinished rest begins. `searchFrom` saves a search. */
  #consume(bytes: Buffer, searchFrom: number): number {
    let start = 0;
    let from = searchFrom;
    if (this.#state === 'greeting') {
      start = this.#greeting(bytes);
      if (start < 0) return 0;
      from = Math.max(from, start);
    }
    for (;;) {
      // Stray blank lines between messages are nothing.
      while (bytes[start] === 13 && bytes[start + 1] === 10 && this.#state === 'reading') start += 2;
      from = Math.max(from, start);
      const end = bytes.indexOf(BLANK_LINE, from);
      if (end < 0) return this.#unfinished(bytes, start);
      if (this.#state === 'skipping') this.#state = 'reading';
      else this.#block(bytes, start, end);
      // A listener may have closed the connection over this message.
      if (this.#isBroken()) return bytes.length;
      start = end + BLANK_LINE.length;
      from = start;
    }
  }

  /** Where messages begin: behind the greeting, or at once; negative while that cannot be told yet. */
  #greeting(bytes: Buffer): number {
    const end = bytes.indexOf(CRLF);
    if (end < 0 && bytes.length < 256) return -1;
    this.#state = 'reading';
    const line = end < 0 ? '' : decode(bytes, 'latin1', 0, Math.min(end, 256));
    if (!line.startsWith(GREETING)) return 0;
    this.#options.onMessage(messageOf(['Greeting'], [line]));
    return end + CRLF.length;
  }

  #block(bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    if (length > this.#messageLimit) return this.#options.onDrop('message-too-long');
    if (length > this.#options.lineLimit && hasLongLine(bytes, start, end, this.#options.lineLimit)) {
      return this.#options.onDrop('line-too-long');
    }
    const message = parseBlock(decode(bytes, this.#options.encoding, start, end));
    if ('reason' in message) this.#options.onDrop(message.reason, message);
    else this.#options.onMessage(message);
  }

  /** Bounds what waits for its end; returns where the bytes worth keeping begin. */
  #unfinished(bytes: Buffer, start: number): number {
    const length = bytes.length - start;
    if (this.#state !== 'skipping') {
      const tooLong =
        length > this.#messageLimit
          ? 'message-too-long'
          : length > this.#options.lineLimit && lastLineLength(bytes, start) > this.#options.lineLimit
            ? 'line-too-long'
            : null;
      if (!tooLong) return start;
      this.#state = 'skipping';
      this.#skipped = 0;
      this.#options.onDrop(tooLong);
    }
    const keepFrom = Math.max(start, bytes.length - BLANK_LINE.length + 1);
    this.#skipped += keepFrom - start;
    if (this.#skipped > SKIP_LIMIT) {
      this.#state = 'broken';
      this.#options.onBroken();
      return bytes.length;
    }
    return keepFrom;
  }

  #isBroken(): boolean {
    return this.#state === 'broken';
  }

  #append(chunk: Buffer): void {
    const needed = this.#used + chunk.length;
    if (needed > this.#pending.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#pending.length * 2, 1024));
      this.#pending.copy(grown, 0, 0, this.#used);
      this.#pending = grown;
    }
    chunk.copy(this.#pending, this.#used);
    this.#used = needed;
  }

  /** Keeps `bytes` from `start` for the next chunk. */
  #keep(bytes: Buffer, start: number): void {
    const rest = bytes.length - start;
    if (rest > this.#pending.length || (rest === 0 && this.#pending.length > 4096)) {
      // Between messages a connection holds next to nothing, so that a thousand idle ones cost little.
      this.#pending = rest === 0 ? Buffer.alloc(0) : Buffer.allocUnsafeSlow(Math.max(rest, 1024));
    }
    if (rest > 0) bytes.copy(this.#pending, 0, start);
    this.#used = rest;
  }
}

function hasLongLine(bytes: Buffer, start: number, end: number, limit: number): boolean {
  for (let at = start; at < end;) {
    const found = bytes.indexOf(CRLF, at);
    const lineEnd = found < 0 || found > end ? end : found;
    if (lineEnd - at > limit) return true;
    at = lineEnd + CRLF.length;
  }
  return false;
}

function lastLineLength(bytes: Buffer, start: number): number {
  const lineStart = bytes.lastIndexOf(CRLF) + CRLF.length;
  return bytes.length - Math.max(start, lineStart);
}

/** The text between two blank lines as a message, or why it is none. */
export function parseBlock(text: string): AmiMessage | Unread {
  const names: string[] = [];
  const values: string[] = [];
  let oldCommand = false;
  let isMalformed = false;
  for (let at = 0; at <= text.length;) {
    const found = text.indexOf('\r\n', at);
    const end = found < 0 ? text.length : found;
    const colon = text.indexOf(':', at);
    const isHeader = colon > at && colon < end;
    const name = isHeader ? text.slice(at, colon).trim() : '';
    if (oldCommand && !OLD_COMMAND_HEADERS.has(lowerName(name))) {
      return oldCommandOutput(names, values, text.slice(at));
    }
    if (names.length === 0 && !isFirstHeader(name)) return { reason: 'not-a-message', names, values };
    if (!isHeader) {
      // What stands behind an odd line still tells whether the event came whole.
      isMalformed = true;
      at = end + 2;
      continue;
    }
    names.push(name);
    values.push(text.slice(text.charCodeAt(colon + 1) === 32 ? colon + 2 : colon + 1, end));
    oldCommand ||= names.length === 1 && isOldCommand(name, values[0] ?? '');
    at = end + 2;
  }
  return isMalformed ? { reason: 'malformed', names, values } : messageOf(names, values);
}

function isFirstHeader(name: string): boolean {
  const lower = lowerName(name);
  return lower === 'event' || lower === 'response';
}

const OLD_COMMAND_HEADERS = new Set(['privilege', 'actionid', 'message']);

function isOldCommand(name: string, value: string): boolean {
  return value.length === 7 && value.toLowerCase() === 'follows' && lowerName(name) === 'response';
}

/** Asterisk 13 answers `Command` with bare text behind a few headers; later ones with `Output:` headers, as here. */
function oldCommandOutput(names: string[], values: string[], rest: string): AmiMessage {
  const text = rest.replace(/--END COMMAND--\s*$/, '').replace(/\r?\n$/, '');
  const lines = text === '' ? [] : text.split(/\r?\n/);
  return messageOf([...names, ...lines.map(() => 'Output')], [...values, ...lines]);
}
