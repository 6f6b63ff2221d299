/** States saved by older versions, as this one would have saved them as far as can be told. */
import { slimLeg } from './tracker-slim.js';
import type { CallState, Dials, FleetMemory, Leg, TalkTurn } from './tracker-types.js';

/** What older versions did not save, or saved otherwise. */
type Older = Partial<Omit<CallState, 'fleet' | 'dials'>> & {
  fleet: Partial<FleetMemory>;
  dials: Dials & { cancelled?: boolean };
  legs: (Partial<Leg> & { rang?: boolean })[];
};

export function bringUpToDate(call: CallState): void {
  const { talks, again, steps, dials, fleet, legs }: Older = call;
  if (talks === undefined) call.talks = turnsOfOlder(call);
  if (again === undefined) call.again = [];
  if (steps === undefined) call.steps = null;
  if (dials.cancelled !== undefined) {
    Object.assign(dials, { begunAt: null, cancelledAt: dials.cancelled ? call.lastAt : null });
    delete dials.cancelled;
  }
  // Who was in which bridge nothing tells any more.
  if (fleet.stays === undefined) Object.assign(fleet, { recent: [], stays: null, lone: null });
  for (const leg of legs) {
    leg.rangAt ??= leg.rang === true ? (call.ringingAt ?? call.startedAt) : null;
    delete leg.rang;
  }
  // What is left out of a saved leg reads as it did before.
  call.legs = call.legs.map(slimLeg);
}

/** Before turns were kept: what was talked until now is taken for the last agent's. */
function turnsOfOlder(call: CallState): TalkTurn[] {
  const { answeredAt, talkEndedAt, talkingSince, talkMs, finalAgent } = call;
  if (answeredAt === null || (talkMs === 0 && talkingSince === null)) return [];
  return [{ agent: finalAgent, from: answeredAt, to: talkEndedAt ?? answeredAt, ms: talkMs, since: talkingSince }];
}
