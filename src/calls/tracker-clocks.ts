/**
 * Whose clock a call's times are on. Everything told about a call is on its PBX's clock, so that its seconds are the PBX's
 * own; until a stamp of that PBX was seen it is on ours, and then the call is moved.
 */
import type { CallState } from './tracker-types.js';

/** Moves everything told about a call. What its dialplan posted as local time was on the PBX's clock from the first. */
export function shiftTimes(call: CallState, by: number): void {
  const moved = <T extends number | null>(at: T): T => (at === null ? at : ((at + by) as T));
  call.startedAt += by;
  call.ringingAt = moved(call.ringingAt);
  call.answeredAt = moved(call.answeredAt);
  call.endedAt = moved(call.endedAt);
  call.lastAt += by;
  call.talkingSince = moved(call.talkingSince);
  call.talkEndedAt = moved(call.talkEndedAt);
  for (const transfer of call.transfers) transfer.at += by;
  for (const leg of call.legs) leg.goneAt = moved(leg.goneAt);
  if (call.ring !== null) call.ring.at += by;
  if (call.ending !== null) call.ending.at += by;
  const { shared } = call.fleet;
  if (shared !== null) call.fleet.shared = { from: shared.from + by, to: moved(shared.to) };
}
