/**
 * Who is to see the card of a call after an event. Pure.
 *
 * - It rings: everybody rung so far who wants a card at the ring. In a cascade the earlier ones may ring still, and a card
 *   that is taken away from somebody whose phone rings is worse than one that stays until the answer.
 * - It is answered: who answered, and nobody else.
 * - It is handed on: whom it goes to. Of a transfer that came to nothing there is no such event.
 */
import type { CallEvent, CallFacts } from '../../calls/vocabulary.js';
import { cardsOf, seesCards } from '../rules.js';
import type { Rules } from '../rules.js';

/** Extensions and staff mobiles; null when the event says nothing of who should see it. */
export function viewersOf(event: CallEvent, rules: Rules): string[] | null {
  const { call } = event;
  switch (event.kind) {
    case 'call.ringing': {
      if (call.answeredAt !== null) return distinct([...talkingIn(call, rules), ...cardsOf(event, rules)]);
      return cardsOf({ ...event, extensions: distinct([...call.rang, ...event.extensions]) }, rules);
    }
    case 'call.answered': {
      const by = call.direction === 'out' ? call.caller : event.extension;
      return by === null ? null : seeing([by], rules);
    }
    case 'call.transferred': {
      const { to, answered } = event.transfer;
      return to === null || answered === false ? null : seeing([to], rules);
    }
    case 'call.started':
    case 'call.finished':
    case 'recording.ready':
      return null;
  }
}

/**
 * For whom of them the event is a reason to open a card. Not for somebody who answers: his phone rang, and what could not be
 * shown then would come late. Whoever took the call off another phone (pick-up) sees it for the first time.
 */
export function openedFor(event: CallEvent, viewers: readonly string[], rules: Rules): string[] {
  if (event.kind !== 'call.answered') return [...viewers];
  const { call } = event;
  const rung = call.direction === 'out' ? [call.caller] : call.rang;
  const now = cardsOf(event, rules);
  return viewers.filter((party) => now.includes(party) || !rung.includes(party));
}

/** After a blind transfer nobody of ours talks until the target answers. */
function talkingIn(call: CallFacts, rules: Rules): string[] {
  const last = call.transfers.at(-1);
  if (last?.kind === 'blind' && last.answered === null) return [];
  const talker = call.finalAgent ?? (call.direction === 'out' ? call.caller : null);
  return talker === null ? [] : seeing([talker], rules);
}

function seeing(parties: readonly string[], rules: Rules): string[] {
  return parties.filter((party) => seesCards(party, rules));
}

function distinct(parties: readonly string[]): string[] {
  return [...new Set(parties)];
}
