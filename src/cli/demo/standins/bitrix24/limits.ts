/** The two limits of a portal in the cloud: requests in a leaky bucket, and the time its methods took in ten minutes. */

export interface BucketOptions {
  /** What leaks out in a second; 0: no limit. */
  perSecond: number;
  most: number;
}

/** One bucket per portal and address of whoever asks; everybody who asks from one machine shares it. */
export class LeakyBucket {
  readonly #options: BucketOptions;
  #level = 0;
  #at = 0;
  /** How often it was full. */
  overflowed = 0;

  constructor(options: BucketOptions) {
    this.#options = options;
  }

  /** False: one too many. */
  take(now: number): boolean {
    const { perSecond, most } = this.#options;
    if (perSecond === 0) return true;
    this.#level = Math.max(0, this.#level - ((now - this.#at) / 1000) * perSecond);
    this.#at = now;
    if (this.#level + 1 > most) {
      this.overflowed += 1;
      return false;
    }
    this.#level += 1;
    return true;
  }
}

const WINDOW_MS = 10 * 60_000;

/** Adds up what each method took, per application. */
export class OperatingTime {
  readonly #limitSeconds: number;
  readonly #spent = new Map<string, { at: number; seconds: number }[]>();

  constructor(limitSeconds: number) {
    this.#limitSeconds = limitSeconds;
  }

  /** Unix seconds at which a part of it is free again, when the method is blocked. */
  blockedUntil(key: string, now: number): number | null {
    const spent = this.#recent(key, now);
    return this.of(key, now) > this.#limitSeconds ? Math.ceil(((spent[0]?.at ?? now) + WINDOW_MS) / 1000) : null;
  }

  of(key: string, now: number): number {
    return this.#recent(key, now).reduce((sum, { seconds }) => sum + seconds, 0);
  }

  add(key: string, seconds: number, now: number): void {
    this.#spent.set(key, [...this.#recent(key, now), { at: now, seconds }]);
  }

  #recent(key: string, now: number): { at: number; seconds: number }[] {
    return (this.#spent.get(key) ?? []).filter(({ at }) => at > now - WINDOW_MS);
  }
}
