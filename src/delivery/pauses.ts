/**
 * Lanes whose account refuses our credentials or settings. Such a lane waits for a person: it goes on when its connection
 * is made anew (the settings changed), when it is resumed by hand, and for one row every so often, because an account can
 * also be mended on the CRM's side.
 */
import type { Connection } from '../integrations/contract.js';
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import { laneKey } from './ports.js';
import type { DeliveryMetrics, LaneId } from './ports.js';

export interface Pause {
  code: string;
  why: string;
  /** Unix ms. */
  since: number;
}

export interface Pauses {
  gate(lane: LaneId, connection: Connection): 'open' | 'probe' | 'closed';
  pause(lane: LaneId, connection: Connection, reason: { code: string; why: string }): void;
  lift(lane: LaneId): void;
  of(lane: LaneId): Pause | null;
}

interface Held extends Pause {
  connection: Connection;
  probeAt: number;
}

export function createPauses(deps: { clock: Clock; log: Logger; probeMs: number; metrics?: DeliveryMetrics }): Pauses {
  const { clock, log, probeMs, metrics } = deps;
  const held = new Map<string, Held>();

  function lift(lane: LaneId): void {
    if (!held.delete(laneKey(lane))) return;
    metrics?.paused(lane.type, -1);
    log.info({ enterprise: lane.enterprise, integration: lane.type }, 'lane goes on');
  }

  return {
    gate(lane, connection) {
      const pause = held.get(laneKey(lane));
      if (!pause) return 'open';
      if (pause.connection !== connection) {
        lift(lane);
        return 'open';
      }
      if (clock.monotonic() < pause.probeAt) return 'closed';
      pause.probeAt = clock.monotonic() + probeMs;
      return 'probe';
    },
    pause(lane, connection, { code, why }) {
      const key = laneKey(lane);
      const known = held.get(key);
      held.set(key, {
        code,
        why,
        connection,
        since: known?.since ?? clock.now(),
        probeAt: clock.monotonic() + probeMs,
      });
      if (known) return;
      metrics?.paused(lane.type, 1);
      log.error(
        { enterprise: lane.enterprise, integration: lane.type, code, why },
        'lane paused: the account refuses our settings',
      );
    },
    lift,
    of(lane) {
      const pause = held.get(laneKey(lane));
      return pause ? { code: pause.code, why: pause.why, since: pause.since } : null;
    },
  };
}
