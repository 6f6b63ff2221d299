/**
 * Whose clock a time is on.
 *
 * Everything told about a call is on its PBX's clock, so that its seconds are the PBX's own; until a stamp of that PBX was
 * seen it is on ours, and then the call is moved. Deadlines are on ours. When ours is set, all that is on it is moved with
 * it, so no second of a call, and no deadline, is lost or won by that.
 */
import type { CallState } from './tracker-types.js';

/** Moves everything told about a call. What its dialplan posted as local time was on the PBX's clock from the first. */
export function shiftTimes(call: CallState, by: number): void {
  call.startedAt += by;
  call.ringingAt = moved(call.ringingAt, by);
  call.answeredAt = moved(call.answeredAt, by);
  call.endedAt = moved(call.endedAt, by);
  call.lastAt += by;
  call.talkingSince = moved(call.talkingSince, by);
  call.talkEndedAt = moved(call.talkEndedAt, by);
  for (const transfer of call.transfers) transfer.at += by;
  for (const turn of call.talks) {
    turn.from += by;
    turn.to += by;
    turn.since = moved(turn.since, by);
  }
  for (const leg of call.legs) {
    leg.goneAt = moved(leg.goneAt, by);
    leg.rangAt = moved(leg.rangAt, by);
    leg.unheldAt = moved(leg.unheldAt, by);
  }
  if (call.ring !== null) call.ring.at += by;
  if (call.ending !== null) call.ending.at += by;
  call.steps = call.steps?.map((step) => ({ ...step, at: step.at + by })) ?? null;
  call.dials.begunAt = moved(call.dials.begunAt, by);
  call.dials.cancelledAt = moved(call.dials.cancelledAt, by);
  const { stays } = call.fleet;
  if (stays !== null)
    call.fleet.stays = stays.map((stay) => ({ ...stay, from: stay.from + by, to: moved(stay.to, by) }));
}

/** Moves what a call waits for. */
export function shiftDeadlines(call: CallState, by: number): void {
  const { fleet } = call;
  call.lastArrival += by;
  call.askedAt = moved(call.askedAt, by);
  for (const leg of call.legs) leg.bornAt += by;
  if (call.ring !== null) call.ring.due += by;
  if (call.ending !== null) call.ending.confirmBy += by;
  fleet.recent = fleet.recent.map((post) => ({ ...post, at: post.at + by }));
  fleet.mainGoneAt = moved(fleet.mainGoneAt, by);
  if (fleet.lone !== null) fleet.lone = { ...fleet.lone, since: fleet.lone.since + by };
}

function moved<T extends number | null>(at: T, by: number): T {
  return at === null ? at : ((at + by) as T);
}
