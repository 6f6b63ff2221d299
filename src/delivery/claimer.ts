/**
 * One look at the lanes that may have work: what may start now, by slots, tokens, breaker and lease, is claimed in one
 * statement and handed on. What may not is noted for later.
 */
import type { Clock } from '../platform/clock.js';
import type { Agenda } from './agenda.js';
import type { Limit, Limits } from './limits.js';
import { laneKey } from './ports.js';
import type { Accounts, DeliveryRow, LaneId, LiveAccount } from './ports.js';
import type { DeliverySettings } from './settings.js';
import { claim } from './store.js';
import type { Pool, Want } from './store.js';
import { skipBeyondBudget } from './sweep-store.js';
import type { Swept } from './sweep-store.js';

/** A lane as the claim sees it. */
export interface Slots {
  free(): number;
  freeForHistory(): number;
}

export interface ClaimerDeps {
  pool: Pool;
  clock: Clock;
  holder: string;
  settings: DeliverySettings;
  accounts: Accounts;
  agenda: Agenda;
  limits: Limits;
  /** The lane's slots, or null while it is paused. `probe`: only one row may go. */
  slots(lane: LaneId, account: LiveAccount): { slots: Slots; probe: boolean } | null;
  /** Ids this process holds although their lease may have run out. */
  held(): string[];
  onSwept(swept: Swept[]): void;
  start(row: DeliveryRow, account: LiveAccount, limit: Limit): void;
}

interface Candidate {
  lane: LaneId;
  account: LiveAccount;
  slots: Slots;
  probe: boolean;
}

/** How often the forecast of one limit is made, milliseconds. */
const FORECAST_MS = 250;

/** A breaker's one try is on its way: the end of it wakes the lanes, this is for certainty. Milliseconds. */
const PROBE_MS = 250;

/** Claims once; resolves with the number of rows started. */
export function createClaimer(deps: ClaimerDeps): () => Promise<number> {
  const { pool, clock, settings, agenda, limits } = deps;
  const forecasts = new WeakMap<Limit, number>();

  function candidates(): Map<Limit, Candidate[]> {
    const byLimit = new Map<Limit, Candidate[]>();
    for (const lane of agenda.take()) {
      const account = deps.accounts.of(lane.enterprise, lane.type);
      const open = account && deps.slots(lane, account);
      // Without an account, paused or full: the poll, a change of settings or a free slot brings it back.
      if (!account || !open || open.slots.free() === 0) continue;
      const limit = limits.of(account);
      limit.lanes.set(laneKey(lane), lane);
      const list = byLimit.get(limit) ?? [];
      list.push({ lane, account, ...open });
      byLimit.set(limit, list);
    }
    return byLimit;
  }

  /** Shares out what one limit allows now among its lanes. */
  function share(limit: Limit, list: Candidate[]): { want: Want; candidate: Candidate }[] {
    let left = Math.min(limit.limiter.available(), limit.breaker.allowed());
    return list.flatMap((candidate, i) => {
      const { lane, slots, probe } = candidate;
      const part = Math.min(Math.ceil(left / (list.length - i)), slots.free(), probe ? 1 : Number.POSITIVE_INFINITY);
      if (part === 0) {
        agenda.in(
          Math.max(limit.limiter.waitMs(), limit.breaker.waitMs(), limit.breaker.allowed() === 0 ? PROBE_MS : 5),
          lane,
        );
        return [];
      }
      left -= part;
      const history = Math.min(part, slots.freeForHistory());
      const kept = Math.min(history, limit.limiter.keptForFinishes(part));
      const want = { ...lane, limitKey: limit.key, epoch: limit.epoch ?? '0', total: part, history, kept };
      return [{ want, candidate }];
    });
  }

  /** Cards that cannot get their turn in time are told so at once. */
  async function forecast(limit: Limit, list: Candidate[]): Promise<void> {
    const now = clock.monotonic();
    if (limit.limiter.available() > 0 || now - (forecasts.get(limit) ?? -FORECAST_MS) < FORECAST_MS) return;
    forecasts.set(limit, now);
    const first = limit.limiter.forecastMs(0);
    const hundred = limit.limiter.forecastMs(100);
    const perSecond = 100_000 / Math.max(1, hundred - first);
    deps.onSwept(
      await skipBeyondBudget(
        pool,
        list.map(({ lane }) => lane),
        { perSecond, pauseMs: first },
      ),
    );
  }

  return async () => {
    const byLimit = candidates();
    if (byLimit.size === 0) return 0;
    await limits.lease(byLimit.keys());
    const wants: { want: Want; candidate: Candidate; limit: Limit }[] = [];
    for (const [limit, list] of byLimit) {
      if (limit.epoch === null) {
        for (const { lane } of list) agenda.in(limit.askAt - clock.monotonic(), lane);
        continue;
      }
      wants.push(...share(limit, list).map((one) => ({ ...one, limit })));
      await forecast(limit, list);
    }
    if (wants.length === 0) return 0;
    let rows: DeliveryRow[];
    try {
      rows = await claim(
        pool,
        wants.map(({ want }) => want),
        { holder: deps.holder, leaseMs: settings.leaseMs, held: deps.held() },
      );
    } catch (error) {
      for (const { want } of wants) agenda.in(settings.pollMs, want);
      throw error;
    }
    const byLane = new Map(wants.map((one) => [laneKey(one.want), { ...one, taken: 0 }]));
    for (const row of rows) {
      const of = byLane.get(laneKey(row));
      if (!of) continue;
      of.taken++;
      of.limit.limiter.spend(row.class === 'durable' ? 0 : 1, row.class === 'durable' ? 1 : 0);
      of.limit.breaker.began();
      of.limit.lastWork = clock.monotonic();
      deps.start(row, of.candidate.account, of.limit);
    }
    // A lane that gave all it was asked for may have more.
    for (const { want, taken } of byLane.values()) if (taken === want.total) agenda.now(want);
    return rows.length;
  };
}
