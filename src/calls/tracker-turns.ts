/**
 * Who talked with the client for how long: one turn after the other. A turn is a person's, whatever legs he is on; a pause
 * (hold, a consultation that came to nothing) does not end it, somebody else's talk does. So A, then B, then A again are
 * three turns, and in a conference turns overlap.
 */
import type { Talk } from './vocabulary.js';
import type { CallState, TalkTurn } from './tracker-types.js';

/** Beyond this, who talks again goes on with the turn he had: the state of a call must not grow with its length. */
const MANY = 16;

/** `parties` talk with the client from `at` on, and nobody else. */
export function takeTurns(call: CallState, parties: readonly (string | null)[], at: number): void {
  for (const turn of call.talks) if (!parties.includes(turn.agent)) endTurn(turn, at);
  // Legs that only passed through the client's bridge while others were moved.
  call.talks = call.talks.filter((turn) => turn.since !== null || turn.ms > 0);
  for (const agent of new Set(parties)) {
    if (!call.talks.some((turn) => turn.agent === agent && turn.since !== null)) begin(call, agent, at);
  }
}

function begin(call: CallState, agent: string | null, at: number): void {
  const last = call.talks.at(-1);
  const mine = last?.agent === agent ? last : oldTurn(call, agent);
  if (mine) mine.since = at;
  else call.talks.push({ agent, from: at, to: at, ms: 0, since: at });
}

function oldTurn(call: CallState, agent: string | null): TalkTurn | undefined {
  return call.talks.length < MANY ? undefined : call.talks.findLast((turn) => turn.agent === agent);
}

function endTurn(turn: TalkTurn, at: number): void {
  if (turn.since === null) return;
  turn.ms += Math.max(0, at - turn.since);
  turn.to = Math.max(at, turn.since);
  turn.since = null;
}

/** The turns as they stand at a moment. */
export function talksAt(call: CallState, at: number): Talk[] {
  return call.talks.map((turn) => {
    const now = { ...turn };
    endTurn(now, at);
    const { agent, from, to, ms } = now;
    return { agent, from, to, ms };
  });
}
