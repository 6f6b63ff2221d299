/**
 * How far the PBX's clock is off ours, as the answers to pings tell it. Complained of when it is more than two seconds for
 * sure: half the round trip is not known.
 */
import type { Logger } from '../platform/log.js';

const TOLERATED_MS = 2_000;

export class Skew {
  readonly #log: Logger;
  #ms: number | null = null;
  #complained = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** The PBX's clock less ours; null until it told its time. */
  get ms(): number | null {
    return this.#ms;
  }

  /** `stamp`: the PBX's time, Unix ms, told on a round trip of so many ms that ended at `now` by our clock. */
  learn(stamp: number, now: number, roundTripMs: number): void {
    this.#ms = stamp - (now - roundTripMs / 2);
    const off = Math.abs(this.#ms);
    const skewMs = Math.round(this.#ms);
    if (!this.#complained && off - roundTripMs / 2 > TOLERATED_MS) {
      this.#complained = true;
      this.#log.warn({ skewMs }, "the PBX's clock is off ours: one of the two is wrong");
    } else if (this.#complained && off + roundTripMs / 2 < TOLERATED_MS) {
      this.#complained = false;
      this.#log.info({ skewMs }, "the PBX's clock agrees with ours again");
    }
  }

  /** Our clock was set by so much. */
  ourClockStepped(byMs: number): void {
    if (this.#ms !== null) this.#ms -= byMs;
  }
}
