/**
 * Limit keys: what shares a rate, a breaker and one daemon. A key is leased when there is work for it, renewed while there
 * is, and given up when idle. Without a lease nothing of the key is claimed (the claim checks holder and epoch itself).
 */
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import { createBreaker } from './breaker.js';
import type { Breaker } from './breaker.js';
import { acquireLimits, leaseKeyOf, releaseLimits, renewLimits } from './lease-store.js';
import type { HeldLimit } from './lease-store.js';
import { createLimiter } from './limiter.js';
import type { Limiter } from './limiter.js';
import type { LaneId, LiveAccount } from './ports.js';
import type { DeliverySettings } from './settings.js';
import type { Pool } from './store.js';

export interface Limit {
  readonly key: string;
  readonly type: string;
  readonly limiter: Limiter;
  readonly breaker: Breaker;
  /** Lanes seen under this key. */
  readonly lanes: Map<string, LaneId>;
  /** Null while another daemon has it, or nobody asked. */
  epoch: string | null;
  /** Monotonic: when asking for the lease makes sense again. */
  askAt: number;
  lastWork: number;
  inFlight: number;
}

export interface Limits {
  of(account: LiveAccount): Limit;
  all(): Iterable<Limit>;
  /** Tries to lease those that are not. */
  lease(wanted: Iterable<Limit>): Promise<void>;
  /** Renews what is in use, gives up what is idle. */
  renew(): Promise<void>;
  release(): Promise<void>;
}

export function createLimits(deps: {
  pool: Pool;
  holder: string;
  clock: Clock;
  log: Logger;
  settings: DeliverySettings;
}): Limits {
  const { pool, holder, clock, log, settings } = deps;
  const limits = new Map<string, Limit>();
  let renewAt = 0;

  const held = (): (HeldLimit & { limit: Limit })[] =>
    [...limits.values()].flatMap((limit) =>
      limit.epoch === null ? [] : [{ key: limit.key, epoch: limit.epoch, limit }],
    );

  return {
    of(account) {
      const key = leaseKeyOf(account.connector.id, account.limitKey);
      const known = limits.get(key);
      if (known) {
        known.limiter.setRate(account.rate);
        return known;
      }
      const limit: Limit = {
        key,
        type: account.connector.id,
        limiter: createLimiter(clock, account.rate, settings.finishShare),
        breaker: createBreaker(clock, settings.breaker),
        lanes: new Map(),
        epoch: null,
        askAt: 0,
        lastWork: clock.monotonic(),
        inFlight: 0,
      };
      limits.set(key, limit);
      return limit;
    },

    all: () => limits.values(),

    async lease(wanted) {
      const now = clock.monotonic();
      const asked = [...wanted].filter((limit) => limit.epoch === null && limit.askAt <= now);
      if (asked.length === 0) return;
      const got = await acquireLimits(
        pool,
        asked.map((limit) => limit.key),
        holder,
        settings.limitLeaseMs,
      );
      const epochs = new Map(got.map((lease) => [lease.key, lease.epoch]));
      for (const limit of asked) {
        limit.epoch = epochs.get(limit.key) ?? null;
        // Another daemon has it: it may stop or die at any time, so look again well within the lease.
        limit.askAt = limit.epoch === null ? clock.monotonic() + Math.min(1_000, settings.limitLeaseMs / 4) : 0;
        limit.lastWork = clock.monotonic();
      }
    },

    async renew() {
      const now = clock.monotonic();
      if (now < renewAt) return;
      const idle = held().filter(({ limit }) => limit.inFlight === 0 && now - limit.lastWork > settings.limitIdleMs);
      for (const { limit } of idle) limit.epoch = null;
      if (idle.length > 0) await releaseLimits(pool, idle, holder);
      const inUse = held();
      if (inUse.length > 0) {
        const ours = new Set(await renewLimits(pool, inUse, holder, settings.limitLeaseMs));
        for (const { limit, epoch } of inUse) {
          if (ours.has(limit.key) || limit.epoch !== epoch) continue;
          limit.epoch = null;
          log.warn(
            { integration: limit.type, limit: limit.key, code: 'DB_EPOCH_STALE' },
            'another daemon works this limit now',
          );
        }
      }
      renewAt = now + settings.limitLeaseMs / 3;
    },

    async release() {
      const leases = held();
      for (const { limit } of leases) limit.epoch = null;
      if (leases.length > 0) await releaseLimits(pool, leases, holder);
    },
  };
}
