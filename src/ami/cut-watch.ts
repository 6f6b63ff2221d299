/**
 * What a caller wrote into the middle of an event. CR LF in his number cut it in two, and what stands between is his:
 *
 * - the **head**: the event up to the number, refused for what it lacks; or, where the number he dialled could complete it,
 *   an event that looks whole;
 * - **pieces** he wrote, refused unless he found room for all the headers of a class;
 * - the **rest**: it begins with no `Event:`, or hangs on his last piece and shows the end of a channel without its beginning.
 *
 * So an event is held until what follows it is seen, as far as it was read at once: a PBX writes each event in one go. A
 * rest takes back what came since its head, or the event it was torn from when that passed for whole. What honest events
 * say is never taken back: between head and rest there are none.
 */
import { isCutShort, isHead, isKnownEvent, isRest } from './headers.js';
import type { AmiMessage } from './message.js';
import { lowerNamesOf } from './message.js';

export interface HeldEvent {
  message: AmiMessage;
  /** Unix ms by our clock. */
  arrivedAt: number;
}

/** What was readable of a message that was refused; names in lower case. */
export interface Refused {
  event: string;
  names: readonly string[];
  channel: string | null;
}

export interface CutWatchDeps {
  /** In the order they came. */
  onEvent(event: HeldEvent): void;
  /** An event that passed for whole and was forged. */
  onForged(): void;
  /** A head: the event was a real one, but its channel's caller cut it, or wrote more into it than it may hold. */
  onHead(head: Refused): void;
}

export class CutWatch {
  readonly #deps: CutWatchDeps;
  #held: HeldEvent[] = [];
  /** A head came and its rest did not yet. */
  #cut = false;
  #settling: NodeJS.Immediate | null = null;

  constructor(deps: CutWatchDeps) {
    this.#deps = deps;
  }

  /** When the oldest event still held came; null when none is. */
  get heldSince(): number | null {
    return this.#held[0]?.arrivedAt ?? null;
  }

  /** An unasked event that passed the header checks. */
  passed(event: HeldEvent): void {
    const isKnown = isKnownEvent(event.message.name);
    if (!isKnown && isRest(lowerNamesOf(event.message))) return this.rest();
    if (!this.#cut && isKnown) this.#release();
    this.#held.push(event);
    this.#settling ??= setImmediate(() => this.settle());
  }

  /** A message that did not pass. */
  refused(message: Refused): void {
    if (!isHead(message.event, message.names)) {
      if (isRest(message.names)) this.rest();
      return;
    }
    this.#release();
    this.#cut = isCutShort(message.event, message.names);
    this.#deps.onHead(message);
  }

  /** Bytes that are no message; or an event that was seen to hang on one. */
  rest(): void {
    for (const { message } of this.#held) if (isKnownEvent(message.name)) this.#deps.onForged();
    this.#held = [];
    this.#cut = false;
  }

  /** What is written by itself comes next, so nothing is torn; or nothing more is there to be read. */
  settle(): void {
    if (this.#settling) clearImmediate(this.#settling);
    this.#settling = null;
    this.#cut = false;
    this.#release();
  }

  #release(): void {
    if (this.#held.length === 0) return;
    const events = this.#held;
    this.#held = [];
    for (const event of events) this.#deps.onEvent(event);
  }
}
