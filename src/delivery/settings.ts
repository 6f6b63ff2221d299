import type { DeliveryClass } from '../integrations/contract.js';

export interface Backoff {
  baseMs: number;
  maxMs: number;
}

export interface BreakerSettings {
  windowMs: number;
  /** Attempts in the window before their ratio means anything. */
  minAttempts: number;
  failureRatio: number;
  openMs: number;
  maxOpenMs: number;
}

/** Everything about time and amount in delivery; milliseconds. */
export interface DeliverySettings {
  /** How long a delivery is worth making, from the arrival of its event. */
  lifeMs: Record<DeliveryClass, number>;
  backoff: Record<DeliveryClass, Backoff>;
  /** Longest `Retry-After` a durable row waits for. */
  retryAfterMaxMs: number;
  /** Whole attempt, all its requests. Shorter than `leaseMs`. */
  attemptMs: number;
  leaseMs: number;
  limitLeaseMs: number;
  /** A limit key without work for this long is given up. */
  limitIdleMs: number;
  /** Attempts in flight per lane, and how many of them only cards may use. */
  parallel: number;
  cardSlots: number;
  /** Part of a limit kept for finished calls while cards want all of it. */
  finishShare: number;
  breaker: BreakerSettings;
  /** A lane paused for its settings tries one row this often. */
  pauseProbeMs: number;
  pollMs: number;
  /** How long in-flight attempts may take after a stop. */
  stopMs: number;
}

export const DEFAULT_SETTINGS: DeliverySettings = {
  lifeMs: { perishable: 15_000, closing: 10 * 60_000, durable: 3 * 24 * 3_600_000 },
  backoff: {
    perishable: { baseMs: 300, maxMs: 5_000 },
    closing: { baseMs: 1_000, maxMs: 30_000 },
    durable: { baseMs: 2_000, maxMs: 5 * 60_000 },
  },
  retryAfterMaxMs: 15 * 60_000,
  attemptMs: 20_000,
  leaseMs: 30_000,
  limitLeaseMs: 10_000,
  limitIdleMs: 60_000,
  parallel: 8,
  cardSlots: 2,
  finishShare: 0.5,
  breaker: { windowMs: 60_000, minAttempts: 5, failureRatio: 0.5, openMs: 2_000, maxOpenMs: 30_000 },
  pauseProbeMs: 15 * 60_000,
  pollMs: 500,
  stopMs: 10_000,
};

export type DeepPartial<T> = { [K in keyof T]?: T[K] extends object ? DeepPartial<T[K]> : T[K] };

/** Defaults with what the caller changes, two levels deep. */
export function deliverySettings(changes: DeepPartial<DeliverySettings> = {}): DeliverySettings {
  const merged: Record<string, unknown> = { ...DEFAULT_SETTINGS };
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) continue;
    merged[key] = typeof value === 'object' ? mergeTwo(merged[key] as object, value) : value;
  }
  return merged as unknown as DeliverySettings;
}

function mergeTwo(base: object, changes: object): object {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(changes)) {
    merged[key] = typeof value === 'object' ? { ...(merged[key] as object), ...(value as object) } : value;
  }
  return merged;
}
