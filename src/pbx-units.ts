/**
 * Every PBX of the enterprises this daemon serves, one unit each, following the settings. Part of the composition. One
 * pair of statements a second keeps all leases and all "stored up to" marks.
 */
import { saveStoredUpTo } from './calls/store.js';
import type { Fact } from './calls/facts.js';
import type { Enterprise } from './config/enterprise.js';
import { callProfiles } from './config/profile.js';
import { renewLeases } from './db/leases.js';
import type { Pool } from './db/pool.js';
import { startPbxUnit } from './pbx-unit.js';
import type { PbxUnit, PbxUnitDeps } from './pbx-unit.js';
import type { Clock } from './platform/clock.js';
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
  /** The PBXs whose link may run, after each change. */
  onHeld(keys: ReadonlySet<string>): void;
}

export interface PbxUnits {
  /** Starts, stops and informs units as the enterprises ask for it. */
  apply(enterprises: readonly Enterprise[]): Promise<void>;
  offer(key: string, fact: Fact): void;
  /** The inbox of this PBX, or of all, has something new. */
  inboxChanged(key?: string): void;
  states(): { key: string; state: string; backlog: number; live: number }[];
  held(): ReadonlySet<string>;
  /** False when another daemon folds what this PBX's webhooks tell. */
  isOurs(key: string): boolean;
  /** Keeps leases and marks until the signal aborts. */
  keep(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

const KEEP_MS = 1_000;
/** A fact may have been on its way when we looked. */
const MARK_MARGIN_MS = 250;

export function createPbxUnits(deps: PbxUnitsDeps): PbxUnits {
  const units = new Map<string, PbxUnit>();
  const held = new Set<string>();
  let byPbx = new Map<string, Enterprise[]>();

  function start(key: string, enterprises: readonly Enterprise[]): void {
    const target = enterprises.find((one) => one.pbx !== null && one.sources.includes('ami'))?.pbx ?? null;
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
    const now = deps.clock.now();
    const owners = [...units.values()].flatMap((unit) => unit.owner() ?? []);
    const marks = owners
      .filter((owner) => owner.linked())
      .map((owner) => ({ pbx: owner.pbx, at: Math.min(owner.storedUpTo(), now) - MARK_MARGIN_MS }));
    await saveStoredUpTo(deps.pool, marks);
    const renewed = new Set(await renewLeases(deps.pool, 'pbx', deps.holder, deps.leaseTtlMs));
    for (const unit of units.values()) if (unit.lease() && !renewed.has(unit.key)) unit.leaseLost();
  }

  return {
    async apply(enterprises) {
      const running = enterprises.filter((enterprise) => enterprise.mode !== 'off');
      byPbx = new Map();
      for (const one of running) byPbx.set(one.pbxKey, [...(byPbx.get(one.pbxKey) ?? []), one]);
      await stopUnits([...units.keys()].filter((key) => !byPbx.has(key)));
      for (const [key, own] of byPbx) {
        const unit = units.get(key);
        if (unit) unit.profilesChanged();
        else start(key, own);
      }
    },
    offer: (key, fact) => units.get(key)?.offer(fact),
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
    async keep(signal) {
      while (!signal.aborted) {
        await keepOnce().catch((error: unknown) => deps.log.debug({ err: error }, 'leases could not be renewed'));
        await deps.clock.sleep(KEEP_MS, signal);
      }
    },
    stop: () => stopUnits([...units.keys()]),
  };
}
