import { randomUUID } from 'node:crypto';
import type { Clock } from '../platform/clock.js';
import { TrunklineError } from '../platform/errors.js';
import type { AmiMessage } from './message.js';

/** The PBX answered an action with an error. `reply` is its text (`Permission denied`, `No such channel`). */
export class AmiRefusal extends TrunklineError {
  readonly reply: string;

  constructor(action: string, response: AmiMessage) {
    const reply = response.get('Message') ?? response.name;
    super('AMI_REFUSED', `the PBX refused ${action}: ${reply}`);
    this.reply = reply;
  }
}

interface Waiting {
  action: string;
  /** Collected events of a list; null for an action with one answer. */
  items: AmiMessage[] | null;
  /** True once the response to a list came. */
  answered: boolean;
  resolve(messages: AmiMessage[]): void;
  reject(error: TrunklineError): void;
  deadlineMs: number;
  /** By the monotonic clock. */
  deadlineAt: number;
}

const MAX_LIST_ITEMS = 100_000;

/** 122 random bits: nobody who writes into the PBX's stream can guess what we wait for. */
export function newActionId(): string {
  return randomUUID();
}

/**
 * The actions of one connection that have no answer yet. Every one of them ends: answered, refused, too late or lost. One
 * sleep watches over the nearest deadline of all, and is not woken when an answer comes: most actions cost no timer.
 */
export class PendingActions {
  readonly #clock: Clock;
  readonly #gone: AbortSignal;
  readonly #waiting = new Map<string, Waiting>();
  #watchedUntil = Infinity;

  /** `gone` is aborted when the connection has ended. */
  constructor(clock: Clock, gone: AbortSignal) {
    this.#clock = clock;
    this.#gone = gone;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /**
   * Waits for the answer to `actionId`: one response, or all events of a list.
   * @throws AmiRefusal, TrunklineError `AMI_TIMEOUT`, or what `rejectAll` is given.
   */
  wait(actionId: string, action: string, isList: boolean, deadlineMs: number): Promise<AmiMessage[]> {
    return new Promise((resolve, reject) => {
      const deadlineAt = this.#clock.monotonic() + deadlineMs;
      const items = isList ? [] : null;
      this.#waiting.set(actionId, { action, items, answered: false, resolve, reject, deadlineMs, deadlineAt });
      if (deadlineAt < this.#watchedUntil) void this.#watch(deadlineAt);
    });
  }

  /** Takes a message that answers one of these; false when it answers none. */
  take(message: AmiMessage): boolean {
    const actionId = message.get('ActionID');
    const waiting = actionId === undefined ? undefined : this.#waiting.get(actionId);
    if (actionId === undefined || !waiting) return false;
    if (message.type === 'response') this.#response(actionId, waiting, message);
    else if (waiting.items === null || !waiting.answered) return false;
    else this.#item(actionId, waiting, waiting.items, message);
    return true;
  }

  /** Everything that waits fails with this. */
  rejectAll(why: TrunklineError): void {
    for (const actionId of [...this.#waiting.keys()]) this.#settle(actionId)?.reject(why);
  }

  #response(actionId: string, waiting: Waiting, message: AmiMessage): void {
    if (message.name.toLowerCase() === 'error') {
      this.#settle(actionId)?.reject(new AmiRefusal(waiting.action, message));
    } else if (waiting.items === null) {
      this.#settle(actionId)?.resolve([message]);
    } else {
      waiting.answered = true;
    }
  }

  #item(actionId: string, { action }: Waiting, items: AmiMessage[], message: AmiMessage): void {
    const list = message.get('EventList')?.toLowerCase();
    if (list === 'complete' || message.name.endsWith('Complete')) {
      this.#settle(actionId)?.resolve(items);
    } else if (list === 'cancelled' || items.length >= MAX_LIST_ITEMS) {
      this.#settle(actionId)?.reject(
        new TrunklineError('AMI_PROTOCOL', `the PBX did not finish its list for ${action}`),
      );
    } else {
      items.push(message);
    }
  }

  #settle(actionId: string): Waiting | undefined {
    const waiting = this.#waiting.get(actionId);
    this.#waiting.delete(actionId);
    return waiting;
  }

  async #watch(until: number): Promise<void> {
    this.#watchedUntil = until;
    await this.#clock.sleep(Math.max(0, until - this.#clock.monotonic()), this.#gone);
    // A nearer deadline took over meanwhile, and watches what is left.
    if (this.#gone.aborted || this.#watchedUntil !== until) return;
    this.#watchedUntil = Infinity;
    let next = Infinity;
    for (const [actionId, { deadlineAt, deadlineMs, action }] of [...this.#waiting]) {
      // A timer may fire a moment early.
      if (deadlineAt > this.#clock.monotonic() + 1) next = Math.min(next, deadlineAt);
      else this.#settle(actionId)?.reject(tooLate(action, deadlineMs));
    }
    if (next < Infinity) await this.#watch(next);
  }
}

function tooLate(action: string, deadlineMs: number): TrunklineError {
  return new TrunklineError('AMI_TIMEOUT', `the PBX did not answer ${action} within ${String(deadlineMs)} ms`);
}
