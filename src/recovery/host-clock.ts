/**
 * What a host's own stamps mean. They are local to it, in the enterprise's zone as a rule; a host that keeps another one
 * (UTC, as a container does) is known by its unique ids, which are made of Unix seconds when a channel is.
 */
import { epochOf } from '../calls/tracker-time.js';
import { localIso } from '../platform/time-zone.js';
import { readStamp } from './when.js';

const QUARTER_MS = 15 * 60_000;
/** A stamp of a beginning is made this soon. */
const SOON_MS = 60_000;

export class HostClock {
  readonly #zone: string;
  /** How far its stamps lie behind what they mean, beyond the zone. */
  offMs: number;
  /** The stamp last read, by the zone alone. */
  #last: { stamp: unknown; at: number | null } = { stamp: null, at: null };

  constructor(zone: string, offMs = 0) {
    this.#zone = zone;
    this.offMs = offMs;
  }

  /** A stamp of the moment the channel of this uid was made. */
  learn(stamp: unknown, uid: string | null): void {
    const at = readStamp(stamp, this.#zone);
    const born = uid === null ? null : epochOf(uid);
    if (at === null || born === null) return;
    const off = Math.round((at - born) / QUARTER_MS) * QUARTER_MS;
    const rest = at - born - off;
    if (Math.abs(off) <= 14 * 3_600_000 && rest > -SOON_MS && rest < SOON_MS) this.offMs = off;
  }

  /** Unix ms, or null when it is no stamp. */
  at(stamp: unknown): number | null {
    // Stamps are of whole seconds, and a host writes several rows in one.
    if (stamp !== this.#last.stamp) this.#last = { stamp, at: readStamp(stamp, this.#zone) };
    const { at } = this.#last;
    return at === null ? null : at - this.offMs;
  }

  /** The host's date at this moment. */
  dateAt(at: number): string {
    return localIso(at + this.offMs, this.#zone).slice(0, 10);
  }
}

export function nextDay(day: string): string {
  return new Date(Date.parse(`${day}T12:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}
