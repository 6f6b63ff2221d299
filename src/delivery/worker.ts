/**
 * Delivers what is owed. See README.md for states, invariants and failures.
 *
 * Two loops: one claims as soon as a lane may have work (a commit, a free slot, a token, a time that has come), one keeps
 * house at the poll's pace (leases, expiry, lanes nobody told us of). Both can be turned by hand with `tick`.
 */
import { setMaxListeners } from 'node:events';
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import { createAgenda } from './agenda.js';
import { tryDelivery } from './attempt.js';
import type { Claimed, Tried } from './attempt.js';
import { createClaimer } from './claimer.js';
import type { HttpRecorder } from './http-recorder.js';
import { createLane } from './lane.js';
import type { Lane } from './lane.js';
import { createLimits } from './limits.js';
import type { Limit } from './limits.js';
import { payloadToLanes } from './outbox.js';
import { createPauses } from './pauses.js';
import type { Pause } from './pauses.js';
import { laneKey } from './ports.js';
import type { Accounts, DeliveryMetrics, LaneId, LiveAccount, MayDeliver } from './ports.js';
import { DEFAULT_SETTINGS } from './settings.js';
import type { DeliverySettings } from './settings.js';
import { createSettler } from './settler.js';
import { bringForward, lanesWithWork, releaseFormerBoot } from './store.js';
import type { Pool } from './store.js';
import { expire, supersede } from './sweep-store.js';
import type { Swept } from './sweep-store.js';

export interface DeliveryWorkerDeps {
  pool: Pool;
  accounts: Accounts;
  /** Its `client` must be the `http` every connection was made with. */
  recorder: HttpRecorder;
  /** Default: send. */
  mayDeliver?: MayDeliver;
  clock: Clock;
  log: Logger;
  /**
   * `<instance>#<boot>`: another boot of the same instance is taken to be dead, so name an instance only where a lock makes
   * sure that it runs once. Without `#`: unique per process.
   */
  holder: string;
  settings?: DeliverySettings;
  metrics?: DeliveryMetrics;
  /** Lines were written to the log of this lane. */
  onLogged?(lane: LaneId): void;
  random?: () => number;
}

export interface LaneStatus extends LaneId {
  inFlight: number;
  paused: Pause | null;
  breaker: 'closed' | 'open' | 'half-open';
  /** False while another daemon works this limit. */
  leased: boolean;
}

export interface DeliveryWorker {
  readonly name: 'delivery';
  /** After a commit; without lanes: look everywhere. */
  wake(lanes?: readonly LaneId[] | null): void;
  /** The payload of a NOTIFY on `trunkline_deliveries`: another process committed. */
  heard(payload: string): void;
  /** One turn by hand: house-keeping, then claims. Resolves with the number of attempts started. */
  tick(): Promise<number>;
  /** Resolves when nothing is in flight. */
  idle(): Promise<void>;
  /** Lifts the pause of a lane. */
  resume(lane: LaneId): void;
  status(): LaneStatus[];
  /** Until the signal; then in-flight attempts get `stopMs`, and leases are released. */
  run(signal: AbortSignal): Promise<void>;
}

interface Task extends Claimed {
  limit: Limit;
}

/** Rows one expiry statement settles; the next turn takes the rest. */
const EXPIRE_BATCH = 500;
const FORWARD_BATCH = 10_000;

export function createDeliveryWorker(deps: DeliveryWorkerDeps): DeliveryWorker {
  const { pool, accounts, recorder, clock, log, holder, metrics } = deps;
  const settings = deps.settings ?? DEFAULT_SETTINGS;
  const attemptDeps = {
    recorder,
    mayDeliver: deps.mayDeliver ?? (() => 'send' as const),
    clock,
    log,
    settings,
    random: deps.random ?? Math.random,
  };
  const agenda = createAgenda(clock);
  const limits = createLimits({ pool, holder, clock, log, settings });
  const settler = createSettler({ pool, holder, clock, log });
  const pauses = createPauses({ clock, log, probeMs: settings.pauseProbeMs, ...(metrics ? { metrics } : {}) });
  const lanes = new Map<string, { id: LaneId; lane: Lane<Task>; limit: Limit | null }>();
  const inFlight = new Map<string, Task>();
  const cutOff = new AbortController();
  // One listener per attempt in flight, each taken off again.
  setMaxListeners(0, cutOff.signal);
  let formerBootReleased = false;
  let poked: (() => void) | null = null;
  const onIdle: (() => void)[] = [];

  function laneOf(id: LaneId, account: LiveAccount) {
    const key = laneKey(id);
    const known = lanes.get(key);
    if (known) return known;
    const lane = createLane<Task>({
      parallel: account.parallel ?? settings.parallel,
      cardSlots: settings.cardSlots,
      isHistory: (task) => task.row.class === 'durable',
      handle,
      onBug: (error) => log.error({ err: error }, 'a delivery was not handled'),
      onFree(task) {
        inFlight.delete(task.row.id);
        task.limit.inFlight--;
        agenda.now(task.row);
        poke();
        if (inFlight.size > 0) return;
        for (const idle of onIdle.splice(0)) idle();
      },
    });
    const entry = { id: { enterprise: id.enterprise, type: id.type }, lane, limit: null };
    lanes.set(key, entry);
    return entry;
  }

  const claimOnce = createClaimer({
    pool,
    clock,
    holder,
    settings,
    accounts,
    agenda,
    limits,
    slots(id, account) {
      const gate = pauses.gate(id, account.connection);
      return gate === 'closed' ? null : { slots: laneOf(id, account).lane, probe: gate === 'probe' };
    },
    held: () => {
      const since = clock.monotonic() - settings.leaseMs + 1_000;
      return [...inFlight]
        .filter(([, task]) => task.row.class === 'perishable' || task.claimedAt < since)
        .map(([id]) => id);
    },
    onSwept,
    start(row, account, limit) {
      const entry = laneOf(row, account);
      entry.limit = limit;
      const task = { row, account, limit, claimedAt: clock.monotonic() };
      inFlight.set(row.id, task);
      limit.inFlight++;
      if (row.attempts === 1) metrics?.waited(row.type, row.class, row.ageMs);
      entry.lane.push(task);
    },
  });

  async function handle(task: Task): Promise<void> {
    const tried = await tryDelivery(task, attemptDeps, cutOff.signal);
    note(task, tried);
    const settled = await settler.add(tried.settle, tried.logs);
    if (!settled) {
      log.warn({ ...idsOf(tried), code: 'DB_EPOCH_STALE' }, 'an attempt ended after its lease: its result is not used');
      return;
    }
    metrics?.settled(tried.row.type, tried.verdict.state, 1);
    deps.onLogged?.(tried.row);
    if (tried.verdict.state === 'pending') agenda.in(tried.verdict.delayMs, tried.row);
    // A card that failed may hold up a finish that is owed by now.
    if (tried.verdict.state === 'pending' && tried.row.class !== 'durable') await sweepSuperseded([tried.row.callId]);
  }

  /** What an attempt says about its lane and its limit. */
  function note(task: Task, tried: Tried): void {
    const { limit, account } = task;
    const { row, outcome } = tried;
    const extra = tried.requests - 1;
    limit.limiter.spend(row.class === 'durable' ? 0 : extra, row.class === 'durable' ? extra : 0);
    if (tried.pauseMs !== null) limit.limiter.pause(tried.pauseMs);
    const turned = limit.breaker.ended(tried.reached);
    if (turned === 'opened') {
      metrics?.breakerOpened(row.type);
      log.warn({ integration: row.type, limit: limit.key, why: 'why' in outcome ? outcome.why : '' }, 'breaker open');
    }
    if (turned === 'closed') {
      log.info({ integration: row.type, limit: limit.key }, 'breaker closed');
      catchUp(limit);
    }
    if (outcome.kind === 'rejected' && outcome.config) pauses.pause(row, account.connection, outcome);
    else if (outcome.kind === 'accepted') pauses.lift(row);
    metrics?.attempted(row.type, outcome.kind, tried.ms);
    log.info(
      {
        ...idsOf(tried),
        outcome: outcome.kind,
        state: tried.verdict.state,
        ...('code' in outcome ? { code: outcome.code } : {}),
        ...('why' in outcome ? { why: outcome.why } : {}),
        ms: Math.round(tried.ms),
      },
      'delivery attempted',
    );
  }

  /** The other side is back: what waits in back-off need not. */
  function catchUp(limit: Limit): void {
    const back = [...limit.lanes.values()];
    bringForward(pool, back, FORWARD_BATCH)
      .then(() => worker.wake(back))
      .catch((error: unknown) => log.warn({ err: error }, 'rows in back-off were not brought forward'));
  }

  /** Rows settled without an attempt: the next of their calls may go. */
  function onSwept(swept: Swept[]): void {
    for (const { type, state, count } of swept) metrics?.settled(type, state, count);
    for (const lane of swept) deps.onLogged?.(lane);
    if (swept.length > 0) worker.wake(swept);
  }

  async function sweepSuperseded(calls: string[] | null): Promise<void> {
    try {
      onSwept(await supersede(pool, calls));
    } catch (error) {
      log.warn({ err: error }, 'superseded cards were not settled; the next turn does it');
    }
  }

  async function keepHouse(): Promise<void> {
    if (!formerBootReleased) {
      const released = await releaseFormerBoot(pool, holder);
      if (released > 0) log.warn({ deliveries: released }, 'attempts of an earlier run have an unknown outcome');
      formerBootReleased = true;
    }
    await limits.renew();
    const ids = [...inFlight.keys()];
    for (let more = true; more;) {
      const freed = await expire(pool, ids, EXPIRE_BATCH);
      more = freed.length > 0;
      onSwept(freed);
    }
    await sweepSuperseded(null);
    for (const limit of limits.all()) {
      // With everything in back-off nobody would find out that the other side is well again.
      const untried = limit.breaker.allowed() === 1 && limit.epoch !== null;
      if (untried) await bringForward(pool, [...limit.lanes.values()], 1);
    }
    await lookEverywhere();
  }

  async function lookEverywhere(): Promise<void> {
    for (const { dueInMs, ...lane } of await lanesWithWork(pool)) {
      // Beyond the next look there is no need to remember.
      if (dueInMs < 2 * settings.pollMs) agenda.in(dueInMs, lane);
    }
    poke();
  }

  function poke(): void {
    poked?.();
  }

  async function rest(signal: AbortSignal): Promise<void> {
    const next = agenda.nextMs();
    if (next === 0 || signal.aborted) return;
    const timer = new AbortController();
    const woken = new Promise<void>((resolve) => (poked = resolve));
    await Promise.race([woken, clock.sleep(next ?? 60_000, timer.signal)]);
    poked = null;
    timer.abort();
  }

  async function claimLoop(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await claimOnce();
        await rest(signal);
      } catch (error) {
        log.warn({ err: error }, 'deliveries could not be claimed');
        await clock.sleep(settings.pollMs, signal);
      }
    }
  }

  async function houseLoop(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await keepHouse();
      } catch (error) {
        log.warn({ err: error }, 'delivery could not keep house');
      }
      await clock.sleep(settings.pollMs, signal);
    }
  }

  function idle(): Promise<void> {
    return inFlight.size === 0 ? Promise.resolve() : new Promise((resolve) => onIdle.push(resolve));
  }

  async function finish(): Promise<void> {
    const over = new AbortController();
    const allDone = idle().then(() => over.abort());
    await clock.sleep(settings.stopMs, over.signal);
    if (inFlight.size > 0) {
      log.warn({ inFlight: inFlight.size }, 'cutting off attempts at the stop');
      cutOff.abort(new Error('the daemon stops'));
      settler.giveUp();
      await Promise.race([allDone, clock.sleep(1_000, over.signal)]);
    }
    await limits
      .release()
      .catch((error: unknown) => log.warn({ err: error }, 'leases were not released; they run out'));
  }

  const worker: DeliveryWorker = {
    name: 'delivery',
    wake(which) {
      if (!which) {
        lookEverywhere().catch((error: unknown) => log.warn({ err: error }, 'deliveries could not be looked for'));
        return;
      }
      for (const lane of which) agenda.now(lane);
      poke();
    },
    heard: (payload) => worker.wake(payloadToLanes(payload)),
    async tick() {
      await keepHouse();
      return claimOnce();
    },
    idle,
    resume(lane) {
      pauses.lift(lane);
      worker.wake([lane]);
    },
    status: () =>
      [...lanes.values()].map(({ id, lane, limit }) => ({
        ...id,
        inFlight: lane.inFlight(),
        paused: pauses.of(id),
        breaker: limit?.breaker.state() ?? 'closed',
        leased: limit !== null && limit.epoch !== null,
      })),
    async run(signal) {
      signal.addEventListener('abort', poke, { once: true });
      await Promise.all([claimLoop(signal), houseLoop(signal)]);
      await finish();
    },
  };
  return worker;
}

function idsOf({ row }: Tried) {
  return {
    enterprise: row.enterprise,
    integration: row.type,
    callId: row.callId,
    externalId: row.event.call.externalId,
    delivery: row.id,
    step: row.step,
    attempt: row.attempts,
  };
}
