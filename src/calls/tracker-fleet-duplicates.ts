/**
 * A host posts some events twice. Two posts are one when they are equal, come within ten seconds and nothing else about
 * that call came between: a group tried twice is two equal dials that both happened. A channel cannot come to a bridge
 * twice or leave it twice: there it does not matter what came between.
 */
import type { FleetEvent } from './facts.js';
import type { CallState } from './tracker-types.js';
import type { Work } from './tracker-work.js';
import { legOf } from './tracker-work.js';

const WITHIN_MS = 10_000;
const REMEMBERED = 16;

/** Judges a post about a channel of this call. */
export function isDuplicate(work: Work, call: CallState, fleet: FleetEvent): boolean {
  const checksum = checksumOf(fleet);
  const { recent } = call.fleet;
  const since = isMove(call, fleet) ? 0 : recent.length - 1;
  return recent.some((post, index) => index >= since && post.checksum === checksum && work.now - post.at <= WITHIN_MS);
}

export function remember(work: Work, call: CallState, fleet: FleetEvent): void {
  const post = { checksum: checksumOf(fleet), at: work.now };
  call.fleet.recent = [...call.fleet.recent, post].slice(-REMEMBERED);
}

/** A move that is none: a channel comes where it was, or leaves where it is not. */
function isMove(call: CallState, { event, uid, bridge }: FleetEvent): boolean {
  return event === 'bridge' || (event === 'bridge_leave' && legOf(call, uid)?.bridge !== bridge);
}

/** A post is judged and, if it is no double, remembered. */
const known = new WeakMap<FleetEvent, number>();

export function checksumOf(fleet: FleetEvent): number {
  const seen = known.get(fleet);
  if (seen !== undefined) return seen;
  const checksum = checksumOfText(JSON.stringify(fleet));
  known.set(fleet, checksum);
  return checksum;
}

/** 53 bits are plenty to tell two posts of one call apart (cyrb53, public domain). */
function checksumOfText(text: string): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return 4294967296 * (2097151 & low) + (high >>> 0);
}
