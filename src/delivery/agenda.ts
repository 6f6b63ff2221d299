import type { Clock } from '../platform/clock.js';
import { laneKey } from './ports.js';
import type { LaneId } from './ports.js';

/** Which lanes to look at, and when. Only a hint: the table is asked what is really due. */
export interface Agenda {
  now(lane: LaneId): void;
  /** In `ms`; an earlier time that is noted already stands. */
  in(ms: number, lane: LaneId): void;
  /** Takes the lanes that are due. */
  take(): LaneId[];
  /** Milliseconds until one is due; null when none is noted. */
  nextMs(): number | null;
}

export function createAgenda(clock: Pick<Clock, 'monotonic'>): Agenda {
  const times = new Map<string, { lane: LaneId; at: number }>();

  function note(lane: LaneId, at: number): void {
    const key = laneKey(lane);
    const known = times.get(key);
    if (!known || known.at > at) times.set(key, { lane: { enterprise: lane.enterprise, type: lane.type }, at });
  }

  return {
    now: (lane) => note(lane, 0),
    in: (ms, lane) => note(lane, clock.monotonic() + Math.max(0, ms)),
    take() {
      const now = clock.monotonic();
      const due = [...times].filter(([, entry]) => entry.at <= now);
      for (const [key] of due) times.delete(key);
      return due.map(([, entry]) => entry.lane);
    },
    nextMs() {
      let first = Number.POSITIVE_INFINITY;
      for (const { at } of times.values()) first = Math.min(first, at);
      return first === Number.POSITIVE_INFINITY ? null : Math.max(0, first - clock.monotonic());
    },
  };
}
