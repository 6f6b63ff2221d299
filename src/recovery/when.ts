/**
 * When an event happened that says so itself, or does not. All by the PBX's clock.
 *
 * A stamp is local to the PBX, as hosts write it; one with a zone, or Unix seconds, needs no zone. Without one a hang-up has
 * the end it tells, a channel's beginning is in its unique id, and what was posted behind it in the same bridge or about the
 * same channel is no earlier.
 */
import type { FleetEvent } from '../calls/facts.js';
import { epochOf, localEnd } from '../calls/tracker-time.js';
import { momentsOf } from '../platform/time-zone.js';

/** Unix ms of a stamp, or null when it is none. Of the two moments an hour that comes twice has, the first. */
export function readStamp(stamp: unknown, zone: string): number | null {
  if (typeof stamp === 'number' || (typeof stamp === 'string' && /^\d{9,13}(\.\d+)?$/.test(stamp.trim()))) {
    const number = Number(stamp);
    return number > 1e11 ? Math.round(number) : Math.round(number * 1_000);
  }
  const text = typeof stamp === 'string' ? stamp.trim() : '';
  const parts = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?)(Z|[+-]\d{2}:?\d{2})?$/.exec(text);
  if (!parts) return null;
  const iso = `${parts[1]}T${(parts[2] ?? '').replace(',', '.')}`;
  if (parts[3] !== undefined) return valid(Date.parse(iso + parts[3].replace(/^([+-]\d{2})(\d{2})$/, '$1:$2')));
  const local = valid(Date.parse(`${iso}Z`));
  if (local === null) return null;
  const whole = Math.floor(local / 1_000) * 1_000;
  return (momentsOf(whole, zone)[0] ?? whole) + (local - whole);
}

const valid = (ms: number): number | null => (Number.isNaN(ms) ? null : ms);

export interface When {
  at: number;
  /** False: concluded. */
  dated: boolean;
}

/** Dates events in the order they are told. */
export function createDater(zone: string, now: () => number): (fleet: FleetEvent, stamp: unknown) => When | null {
  /** The last time of each channel and bridge. */
  const last = new Map<string, number>();

  function concluded(fleet: FleetEvent): number | null {
    const { uid, bridge, event } = fleet;
    const born = uid === null ? null : epochOf(uid);
    const anchor = fleet.startTime ?? fleet.dateReceived;
    const ended =
      event === 'hangup' ? localEnd(fleet.endTime, { uid: uid ?? '', anchor, zone, arrivedAt: now() }) : null;
    const before = [uid, bridge].flatMap((key) => (key === null ? [] : (last.get(key) ?? [])));
    const known = [...before, ...(born === null ? [] : [born]), ...(ended === null ? [] : [ended])];
    return known.length === 0 ? null : Math.max(...known);
  }

  return (fleet, stamp) => {
    const told = readStamp(stamp, zone);
    const at = told ?? concluded(fleet) ?? readStamp(fleet.endTime ?? fleet.startTime ?? fleet.dateReceived, zone);
    if (at === null) return null;
    for (const key of [fleet.uid, fleet.bridge]) if (key !== null) last.set(key, at);
    const sure = told !== null || fleet.event === 'start' || (fleet.event === 'hangup' && fleet.endTime !== null);
    return { at, dated: sure };
  };
}
