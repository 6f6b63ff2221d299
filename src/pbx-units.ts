/**
 * Every PBX of the enterprises this daemon serves, one unit each, following the settings. Part of the composition. One
 * pair of statements a second keeps all leases and all "stored up to" marks.
 */
import { setImmediate } from 'node:timers/promises';
import type { Owner } from './calls/owner.js';
import { pbxsWithPosts, saveStoredUpTo } from './calls/store.js';
import type { Fact } from './calls/facts.js';
import type { Enterprise } from './config/enterprise.js';
import { sessionOf } from './app-joints.js';
import { callProfiles } from './config/profile.js';
import { renewLeases } from './db/leases.js';
import type { Pool, PoolClient } from './db/pool.js';
import { startPbxUnit } from './pbx-unit.js';
import type { PbxUnit, PbxUnitDeps } from './pbx-unit.js';
import type { Clock } from './platform/clock.js';
import { TrunklineError } from './platform/errors.js';
import type { Logger } from './platform/log.js';

type Shared = Omit<
  PbxUnitDeps,
  'key' | 'hasLink' | 'profiles' | 'tracker' | 'onHeld' | 'pool' | 'clock' | 'log' | 'askPbx'
>;

export interface PbxUnitsDeps extends Shared {
  pool: Pool;
  clock: Clock;
  log: Logger;
  tracker: Omit<PbxUnitDeps['tracker'], 'confirmHangups'>;
  askPbx(key: string, uids: string[]): Promise<void>;
  /** When this PBX was last heard on a link that is caught up; null while there is none. Unix ms. */
  heardAt(key: string): number | null;
  /** The PBXs whose link may run, after each change. */
  onHeld(keys: ReadonlySet<string>): void;
}

export interface PbxUnits {
  /** Starts, stops and informs units as the enterprises ask for it. */
  apply(enterprises: readonly Enterprise[]): Promise<void>;
  offer(key: string, fact: Fact): void;
  /** Our clock was set by so much, and shows `now`. */
  clockStepped(by: number, now: number): void;
  /** The inbox of this PBX, or of all, has something new. */
  inboxChanged(key?: string): void;
  states(): { key: string; state: string; backlog: number; live: number }[];
  held(): ReadonlySet<string>;
  /** False when another daemon folds what this PBX's webhooks tell. */
  isOurs(key: string): boolean;
  /** One transaction under the lease of this PBX, between two of its folds. Rejects while it is not ours. */
  between<T>(key: string, work: (tx: PoolClient, epoch: number) => Promise<T>): Promise<T>;
  /** What is left of the lease of this PBX, milliseconds: nothing is done there with little of it. */
  leaseLeftMs(key: string): number;
  /** Keeps leases and marks until the signal aborts. */
  keep(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

const KEEP_MS = 1_000;
const MARK_MS = 250;
const POSTS_MS = 5_000;
/** What the PBX tells may be on its way this long. */
const MARK_MARGIN_MS = 1_000;

export function createPbxUnits(deps: PbxUnitsDeps): PbxUnits {
  const units = new Map<string, PbxUnit>();
  /** What a unit was started with and cannot change while it runs, by key. */
  const modes = new Map<string, string>();
  const held = new Set<string>();
  let byPbx = new Map<string, Enterprise[]>();

  function start(key: string, enterprises: readonly Enterprise[]): void {
    const target = sessionOf(enterprises);
    modes.set(key, modeOf(enterprises));
    units.set(
      key,
      startPbxUnit({
        ...deps,
        key,
        hasLink: target !== null,
        log: deps.log.child({ pbx: key }),
        tracker: { ...deps.tracker, confirmHangups: target !== null && !target.provenClean },
        profiles: () => callProfiles(byPbx.get(key) ?? []),
        askPbx: (uids) => deps.askPbx(key, uids),
        onHeld: (isHeld) => {
          if (isHeld) held.add(key);
          else held.delete(key);
          deps.onHeld(held);
        },
      }),
    );
  }

  async function stopUnits(keys: readonly string[]): Promise<void> {
    await Promise.all(
      keys.map(async (key) => {
        const unit = units.get(key);
        units.delete(key);
        await unit?.stop();
      }),
    );
  }

  async function keepOnce(): Promise<void> {
    const marks = owners().flatMap((owner) => {
      const at = owner.storedUpTo();
      return at === null ? [] : [{ pbx: owner.pbx, at }];
    });
    await saveStoredUpTo(deps.pool, marks);
    // One taken while the statement is under way is not in its answer, and not lost.
    const ours = [...units.values()].filter((unit) => unit.lease());
    const askedAt = deps.clock.monotonic();
    const renewed = new Set(await renewLeases(deps.pool, 'pbx', deps.holder, deps.leaseTtlMs));
    for (const unit of ours) {
      if (!unit.lease()) continue;
      if (renewed.has(unit.key)) unit.leaseRenewed(askedAt);
      else unit.leaseLost();
    }
  }

  function owners(): Owner[] {
    return [...units.values()].flatMap((unit) => unit.owner() ?? []);
  }

  /**
   * After a pause of this process (a busy host, a long collection) facts wait in the sockets although it is late already: a
   * whole turn of the event loop reads them. A PBX that says nothing may be gone, so its mark stays where it was last heard.
   */
  async function markAll(): Promise<void> {
    const began = deps.clock.monotonic();
    await setImmediate();
    await setImmediate();
    // Told by the clock as it is now: it may have been set meanwhile.
    const now = deps.clock.now() - (deps.clock.monotonic() - began);
    for (const owner of owners()) {
      const heardAt = deps.heardAt(owner.pbx);
      if (heardAt !== null) owner.mark(Math.min(now, heardAt) - MARK_MARGIN_MS);
    }
  }

  async function marking(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await markAll();
      await deps.clock.sleep(MARK_MS, signal);
    }
  }

  async function keeping(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await keepOnce().catch((error: unknown) => deps.log.debug({ err: error }, 'leases could not be renewed'));
      await deps.clock.sleep(KEEP_MS, signal);
    }
  }

  /** A notice between two daemons may be lost; the post is not. */
  async function lookingForPosts(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await deps.clock.sleep(POSTS_MS, signal);
      const waiting = await pbxsWithPosts(deps.pool).catch(() => []);
      for (const key of waiting) units.get(key)?.inboxChanged();
    }
  }

  return {
    async apply(enterprises) {
      const running = enterprises.filter((enterprise) => enterprise.mode !== 'off');
      byPbx = new Map();
      for (const one of running) byPbx.set(one.pbxKey, [...(byPbx.get(one.pbxKey) ?? []), one]);
      const outdated = (key: string) => modes.get(key) !== modeOf(byPbx.get(key) ?? []);
      await stopUnits([...units.keys()].filter(outdated));
      for (const [key, own] of byPbx) {
        const unit = units.get(key);
        if (unit) unit.profilesChanged();
        else start(key, own);
      }
    },
    offer: (key, fact) => units.get(key)?.offer(fact),
    clockStepped(by, now) {
      const fact: Fact = { kind: 'clock.stepped', source: 'system', at: now, arrivedAt: now, stamped: false, by };
      for (const unit of units.values()) unit.offer(fact);
    },
    inboxChanged(key) {
      if (key !== undefined) units.get(key)?.inboxChanged();
      else for (const unit of units.values()) unit.inboxChanged();
    },
    states: () =>
      [...units.values()].map((unit) => {
        const owner = unit.owner();
        const live = owner?.tracker.liveCalls().length ?? 0;
        return { key: unit.key, state: owner?.state() ?? 'waiting', backlog: owner?.backlog() ?? 0, live };
      }),
    held: () => held,
    isOurs: (key) => (units.get(key)?.owner() ?? null) !== null,
    async between(key, work) {
      const unit = units.get(key);
      if (!unit) throw new TrunklineError('DB_EPOCH_STALE', `no enterprise has the PBX ${key}`);
      return unit.between(work);
    },
    leaseLeftMs: (key) => units.get(key)?.leaseLeftMs() ?? 0,
    async keep(signal) {
      await Promise.all([keeping(signal), marking(signal), lookingForPosts(signal)]);
    },
    stop: () => stopUnits([...units.keys()]),
  };
}

/** Nothing, webhooks only, or a link whose hang-ups are believed or confirmed. */
function modeOf(enterprises: readonly Enterprise[]): string {
  const session = sessionOf(enterprises);
  if (enterprises.length === 0) return 'none';
  return session === null ? 'webhooks' : session.provenClean ? 'believed' : 'confirmed';
}
