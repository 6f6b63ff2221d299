/**
 * What bears on who talks with the client (coming to a bridge and leaving it, hold, a transfer, a hang-up) is a step. A call keeps
 * its steps in the order of their stamps, and what is concluded from them is what they lead to one after another. A step that is heard after later
 * ones takes its place, and they are read again from the first. What was told meanwhile stands; what was not is told now.
 *
 * A channel's own steps are always heard in their order: one stamped before the last of them shows that the PBX's clock was set back.
 * Such a call, one of more steps than are kept, one that posts told of and one that a gap left approximate is only ever read forward.
 */
import type { CallState, Leg, Step } from './tracker-types.js';
import type { Work } from './tracker-work.js';
import { addOnce, legOf } from './tracker-work.js';
import { hold, leaveBridge, moveTo, onHold, sentOff, talk, tellAnswer } from './tracker-talk.js';
import { consultationOver, consulting, settleTransfers, tellTransfer, transferred } from './tracker-transfer.js';

const MOST = 32;

/** A step was heard of. */
export function happened(work: Work, call: CallState, step: Step): void {
  const late = step.at < latest(call);
  keep(call, step);
  if (late && call.steps !== null && !call.approximate) return readAgain(work, call);
  play(work, call, step);
}

/** A leg came to a bridge. */
export function enters(work: Work, call: CallState, leg: Leg, bridge: string): void {
  work.pages.bridges.set(bridge, call.id);
  happened(work, call, { kind: 'in', uid: leg.uid, at: work.at, bridge });
}

/** … or left it. */
export function leaves(work: Work, call: CallState, leg: Leg, bridge: string | null): void {
  if (bridge !== null) happened(work, call, { kind: 'out', uid: leg.uid, at: work.at, bridge });
}

function latest(call: CallState): number {
  let at = call.steps?.at(-1)?.at ?? -Infinity;
  for (const { goneAt } of call.legs) if (goneAt !== null && goneAt > at) at = goneAt;
  return at;
}

/** Hang-ups are kept with the legs. */
function keep(call: CallState, step: Step): void {
  const leg = legOf(call, step.uid);
  if (step.kind === 'gone' && leg) leg.goneAt = step.at;
  const { steps } = call;
  if (steps === null || step.kind === 'gone') return;
  const place = steps.findLastIndex(({ at }) => at <= step.at) + 1;
  const setBack = steps.slice(place).some(({ uid }) => uid === step.uid);
  call.steps = setBack || steps.length === MOST ? null : steps.toSpliced(place, 0, step);
}

/** Steps of two calls that are one now. */
export function bothSteps(one: CallState, other: CallState): Step[] | null {
  if (one.steps === null || other.steps === null || one.steps.length + other.steps.length > MOST) return null;
  return inOrder([...one.steps, ...other.steps]);
}

function inOrder(steps: Step[]): Step[] {
  return steps.sort((one, other) => one.at - other.at);
}

function play(work: Work, call: CallState, step: Step): void {
  const leg = legOf(call, step.uid);
  if (!leg) return;
  const { at } = work;
  work.at = step.at;
  take(work, call, leg, step);
  work.at = at;
}

function take(work: Work, call: CallState, leg: Leg, step: Step): void {
  switch (step.kind) {
    case 'in':
      moveTo(leg, step.bridge);
      talk(work, call);
      for (const one of call.legs) if (one.bridge === step.bridge) consulting(work, call, one);
      return;
    case 'out':
      if (leg.role === 'client' && call.legs.some((one) => one.held && one.bridge === step.bridge)) onHold(work, call);
      leaveBridge(leg, step.bridge);
      return talk(work, call);
    case 'hold':
      return hold(work, call, leg, step.on);
    case 'blind':
      sentOff(work, call, leg);
      return transferred(work, call, 'blind', leg.party, step.to);
    case 'attended':
      sentOff(work, call, leg);
      transferred(work, call, 'attended', leg.party, step.to);
      talk(work, call);
      // The bridges were moved before it was told.
      return settleTransfers(
        work,
        call,
        call.legs.filter(({ uid }) => call.talkers.includes(uid)),
      );
    case 'gone':
      leg.goneAt = step.at;
      leg.bridge = null;
      leg.held = false;
      talk(work, call);
      return consultationOver(work, call, leg);
  }
}

/** Reads the call again from its first step, and tells what nobody was told. */
function readAgain(work: Work, call: CallState): void {
  const { answeredAt, answeredBy, ending, transfers, toldTransfers } = call;
  const told = toldTransfers.flatMap((index) => transfers[index] ?? []);
  const ends = call.legs.flatMap(({ uid, goneAt }): Step[] =>
    goneAt === null ? [] : [{ kind: 'gone', uid, at: goneAt }],
  );
  clear(call);
  work.quiet = true;
  for (const step of inOrder([...(call.steps ?? []), ...ends])) play(work, call, step);
  work.quiet = false;
  call.ending = ending;
  if (call.answeredAt === null) Object.assign(call, { answeredAt, answeredBy });
  else if (answeredAt === null) tellAnswer(work, call, call.answeredAt, 'read-again', call.agents[0] ?? null);
  const tellable = call.toldTransfers;
  call.toldTransfers = [];
  for (const index of tellable) {
    const transfer = call.transfers[index];
    if (!transfer) continue;
    if (told.some((one) => one.kind === transfer.kind && one.from === transfer.from && one.at === transfer.at))
      addOnce(call.toldTransfers, index);
    else tellTransfer(work, call, transfer.answered === true ? 'transfer-reached' : 'transfer-made', transfer);
  }
}

function clear(call: CallState): void {
  Object.assign(call, { talkers: [], talkingSince: null, talkMs: 0, talkEndedAt: null, talks: [] });
  Object.assign(call, { agents: [], finalAgent: null, answeredAt: null, answeredBy: null });
  Object.assign(call, { transfers: [], toldTransfers: [], hold: false });
  for (const leg of call.legs) Object.assign(leg, { bridge: null, held: false, unheldAt: null, goneAt: null });
}
