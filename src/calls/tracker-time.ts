/** Times that are not told as such: the start in a unique id, and the PBX-local stamps webhooks post. */
import { momentsOf } from '../platform/time-zone.js';

const MAX_AGE_MS = 86_400_000;
/** Clocks of two hosts may differ a little. */
const AHEAD_MS = 5_000;

/** `1736931900.12`, `pbx1-1736931900.12`: Unix ms of the second in it, or null. */
export function epochOf(uid: string): number | null {
  const match = /(?:^|-)(\d{9,10})\.\d+$/.exec(uid);
  return match ? Number(match[1]) * 1000 : null;
}

/** When the channel of this uid was made, if that fits with `at`: not after it, and not longer ago than `within` ms. */
export function startOf(uid: string, at: number, within = MAX_AGE_MS): number | null {
  const epoch = epochOf(uid);
  if (epoch === null || epoch - at > AHEAD_MS || at - epoch > within) return null;
  return Math.min(epoch, at);
}

/** What helps to read a host's local stamps (`2025-01-15 12:05:30`). */
export interface LocalTime {
  uid: string;
  /** A local stamp of the moment the uid was made, or soon after. */
  anchor: string | null;
  /** Where the enterprise is; most hosts keep its time. Null when not known. */
  zone: string | null;
  /** Our clock when the stamps came. */
  arrivedAt: number;
}

const QUARTER_MS = 15 * 60_000;
const HOUR_MS = 3_600_000;
/** What has happened may lie this far in our future by the PBX's clock. */
const FUTURE_MS = 10 * 60_000;

/** A local stamp of the call's beginning as Unix ms, by the PBX's clock; null when it cannot be told. */
export function localStart(stamp: string | null, time: LocalTime): number | null {
  return read(stamp, time, epochOf(time.uid) ?? 0);
}

/** The same of its end, which is told soon after it. */
export function localEnd(stamp: string | null, time: LocalTime): number | null {
  return read(stamp, time, time.arrivedAt);
}

/**
 * The unique id tells when the anchor was. A host whose anchor fits the enterprise's zone keeps that zone's time, changes of
 * the hour included; of the two moments an hour that comes twice offers, the one nearer to `near` is meant. Any other host's
 * offset is what its anchor differs by, to the quarter of an hour; a stamp that would lie before the call or in the future
 * was made after a change of the hour.
 */
function read(stamp: string | null, { uid, anchor, zone, arrivedAt }: LocalTime, near: number): number | null {
  const epoch = epochOf(uid);
  const local = asUtc(stamp);
  const start = asUtc(anchor);
  if (epoch === null || local === null || start === null) return null;
  const earliest = epoch - AHEAD_MS;
  if (zone !== null && momentsOf(start, zone).some((at) => Math.abs(at - epoch) <= QUARTER_MS / 2)) {
    const moments = momentsOf(local, zone).filter((at) => at >= earliest);
    const past = moments.filter((at) => at <= arrivedAt + FUTURE_MS);
    return nearest(past.length > 0 ? past : moments, near);
  }
  const offset = Math.round((start - epoch) / QUARTER_MS) * QUARTER_MS;
  if (Math.abs(offset) > 14 * HOUR_MS) return null;
  const at = local - offset;
  if (at < earliest) return at + HOUR_MS;
  return at > arrivedAt + QUARTER_MS * 2 ? at - HOUR_MS : at;
}

/** A local stamp in this zone means that moment, to within so many ms. */
export function isMomentOf(stamp: string | null, zone: string, at: number, withinMs: number): boolean {
  const local = asUtc(stamp);
  return local !== null && momentsOf(local, zone).some((moment) => Math.abs(moment - at) <= withinMs);
}

function nearest(moments: readonly number[], to: number): number | null {
  return moments.toSorted((one, other) => Math.abs(one - to) - Math.abs(other - to))[0] ?? null;
}

function asUtc(stamp: string | null): number | null {
  if (stamp === null) return null;
  const ms = Date.parse(`${stamp.replace(' ', 'T')}Z`);
  return Number.isNaN(ms) ? null : ms;
}
