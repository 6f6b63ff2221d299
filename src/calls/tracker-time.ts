/** Times that are not told as such: the start in a unique id, and the PBX-local stamps webhooks post. */

const MAX_AGE_MS = 86_400_000;
/** Clocks of two hosts may differ a little. */
const AHEAD_MS = 5_000;

/** `1736931900.12`, `pbx1-1736931900.12`: Unix ms of the second in it, or null. */
function epochOf(uid: string): number | null {
  const match = /(?:^|-)(\d{9,10})\.\d+$/.exec(uid);
  return match ? Number(match[1]) * 1000 : null;
}

/** When the channel of this uid was made, if that fits with `at`: not after it, and not longer ago than `within` ms. */
export function startOf(uid: string, at: number, within = MAX_AGE_MS): number | null {
  const epoch = epochOf(uid);
  if (epoch === null || epoch - at > AHEAD_MS || at - epoch > within) return null;
  return Math.min(epoch, at);
}

const QUARTER_MS = 15 * 60_000;

/**
 * A local stamp (`2025-01-15 12:05:30`) as Unix ms. `anchor` is a local stamp of the moment the uid was made: their
 * difference, to the quarter of an hour, is the PBX's zone. Null when one of them is missing or they do not fit.
 */
export function anchored(stamp: string | null, anchor: string | null, uid: string): number | null {
  const epoch = epochOf(uid);
  const local = asUtc(stamp);
  const start = asUtc(anchor);
  if (epoch === null || local === null || start === null) return null;
  const offset = Math.round((start - epoch) / QUARTER_MS) * QUARTER_MS;
  if (Math.abs(offset) > 14 * 3_600_000) return null;
  return local - offset;
}

function asUtc(stamp: string | null): number | null {
  if (stamp === null) return null;
  const ms = Date.parse(`${stamp.replace(' ', 'T')}Z`);
  return Number.isNaN(ms) ? null : ms;
}
