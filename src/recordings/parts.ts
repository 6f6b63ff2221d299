/**
 * Which files make the recording of a call. One call may have several: of each channel that was recorded (a transfer to a channel with
 * another unique id), of the halves of a Local channel, of a leg that was recorded again by another context. Those of one time
 * hold the same talk, so one of them is taken; those one after another are joined. Pure.
 */
import type { Part } from './look.js';

/** Hosts tell times in whole seconds, so two files that follow each other may seem to overlap by one; */
const STAMP_MS = 1_000;
/** they close one file while they open the next, */
const TOUCHING_MS = 2_000;
const TOUCHING_SHARE = 0.3;
/** and what overlaps by most of its length is the same talk, however short it was. */
const SAME_SHARE = 0.7;
/** Of two of about the same length the main channel's is taken. */
const MAIN_WEIGHT = 1.1;

export function chooseParts(parts: readonly Part[], mainUid: string): Part[] {
  const weight = (part: Part) => (part.durationMs ?? part.bytes) * (part.uid === mainUid ? MAIN_WEIGHT : 1);
  const chosen: Part[] = [];
  for (const part of parts.toSorted((a, b) => weight(b) - weight(a))) {
    const [first] = chosen;
    if (!first || (isLike(part, first) && chosen.every((other) => isApart(part, other)))) chosen.push(part);
  }
  return chosen.toSorted((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0));
}

/** Sound of another format cannot stand behind it in one file. */
function isLike(one: Part, other: Part): boolean {
  return one.head.kind === 'wave' && other.head.kind === 'wave' && one.head.format.equals(other.head.format);
}

function isApart(one: Part, other: Part): boolean {
  const [a, b] = [spanOf(one), spanOf(other)];
  if (a === null || b === null) return false;
  const shorter = Math.min(a.to - a.from, b.to - b.from);
  const touching = Math.min(TOUCHING_MS, shorter * SAME_SHARE, Math.max(STAMP_MS, shorter * TOUCHING_SHARE));
  return a.to <= b.from + touching || b.to <= a.from + touching;
}

function spanOf({ endedAt, durationMs }: Part): { from: number; to: number } | null {
  return endedAt === null || durationMs === null ? null : { from: endedAt - durationMs, to: endedAt };
}
