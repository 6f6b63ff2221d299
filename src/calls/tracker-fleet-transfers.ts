/** Transfers as the turns of the talk show them, whenever what shows a turn was posted. */
import type { CallState } from './tracker-types.js';
import type { TalkTurn } from './tracker-types.js';
import type { Transfer } from './vocabulary.js';
import type { Work } from './tracker-work.js';
import { note, reached } from './tracker-transfer.js';

export function readTransfers(work: Work, call: CallState): void {
  for (const [index, transfer] of call.transfers.entries()) {
    transfer.from ??= call.talks.findLast((turn) => turn.from < transfer.at)?.agent ?? null;
    const until = call.transfers[index + 1]?.at ?? Infinity;
    const turns = call.talks.filter((turn) => turn.from >= transfer.at && turn.from < until);
    if (transfer.answered !== true && turns.some((turn) => isReached(transfer, turn))) reached(work, call, transfer);
  }
  movedOn(work, call);
}

/** Somebody new talks with the client: whom he was transferred to, or somebody unknown where he was sent off. */
function isReached({ kind, from, to, answered }: Transfer, { agent }: TalkTurn): boolean {
  // A consultation that came to nothing may have led to it, if one of its posts was late.
  if (answered === false) return agent !== null && agent === to;
  return agent === null ? kind === 'blind' : agent !== from;
}

/** Somebody new talked with the client and no transfer was noted: he was sent there blindly. */
function movedOn(work: Work, call: CallState): void {
  for (const [order, agent] of call.agents.entries()) {
    const first = call.talks.findIndex((turn) => turn.agent === agent);
    const [before, turn] = [call.talks[first - 1], call.talks[first]];
    // Posts that come in one moment leave no turn of who talked before.
    const from = before ? before.agent : (call.agents[order - 1] ?? null);
    if (!turn || from === null || (before && turn.from < before.to)) continue;
    const noted = call.transfers.some(
      (one) => one.answered === true && (one.from === from || (before !== undefined && one.at >= before.to)),
    );
    if (!noted) reached(work, call, note(work, call, 'moved-on', 'blind', from, call.fleet.lastExten ?? agent));
  }
}
