/** When a call is known well enough to be told: once its enterprise and its direction are. */
import type { Direction } from './vocabulary.js';
import type { CallState, Leg } from './tracker-types.js';
import type { Work } from './tracker-work.js';
import { addOnce } from './tracker-work.js';
import { ownMobile, readDialled, readExternal } from './tracker-client.js';
import { castLeg } from './tracker-legs.js';
import { claim } from './tracker-enterprise.js';
import { identify } from './tracker-who.js';

/** Gives the call its direction from outside the rules for channels (a webhook). */
export function direct(work: Work, call: CallState, direction: Direction): void {
  if (call.direction !== null) return;
  call.direction = direction;
  work.note(call, 'direction-posted', { direction, caller: call.caller });
  settle(work, call);
}

/**
 * The enterprise may be known now, and then what its settings say about legs seen before; and once both enterprise and
 * direction are, the call is announced, with what happened meanwhile.
 */
export function settle(work: Work, call: CallState): void {
  if (call.enterprise === null) {
    claim(work, call);
    if (call.enterprise !== null) {
      for (const leg of call.legs) recast(work, call, leg);
      // A national form could not be read before the country was known.
      if (call.externalKind === 'text') reread(work, call);
    }
  }
  if (call.announced || call.direction === null) return;
  if (call.enterprise === null) return unclaimed(work, call);
  ownMobile(work, call);
  call.announced = true;
  if (call.direction !== 'internal') nameless(work, call);
  work.say(call, 'announced', { kind: 'call.started' });
  catchUp(work, call);
}

function reread(work: Work, call: CallState): void {
  if (call.direction === 'out') readDialled(work, call, call.external);
  else readExternal(work, call, call.external);
}

function nameless(work: Work, call: CallState): void {
  if (call.externalKind === 'none') work.note(call, 'client-withheld');
  if (call.externalKind === 'text') work.note(call, 'client-unreadable', { text: call.external });
}

function recast(work: Work, call: CallState, leg: Leg): void {
  const who = identify(work, work.profile(call), leg.name);
  if (who.kind !== leg.kind) castLeg(work, call, leg);
}

function unclaimed(work: Work, call: CallState): void {
  if (call.unclaimed) return;
  call.unclaimed = true;
  work.drop(call, 'unclaimed-call');
}

/** A call whose enterprise was found late: its phones ring, or somebody answered. */
function catchUp(work: Work, call: CallState): void {
  const extensions = ringingNow(call);
  if (extensions.length > 0) work.say(call, 'caught-up', { kind: 'call.ringing', extensions });
  if (call.answeredAt !== null) work.say(call, 'caught-up', { kind: 'call.answered', extension: call.finalAgent });
}

function ringingNow(call: CallState): string[] {
  if (call.answeredAt !== null) return [];
  if (call.direction === 'out') return call.outRung && call.caller !== null ? [call.caller] : [];
  const extensions: string[] = [];
  for (const leg of call.legs) {
    if (
      leg.rangAt === null ||
      leg.goneAt !== null ||
      leg.dialStatus !== null ||
      leg.role !== 'staff' ||
      leg.party === null
    )
      continue;
    // What is collected still will be told by itself, and what was not taken for a ring yet too.
    if (call.rang.includes(leg.party) && call.ring?.extensions.includes(leg.party) !== true)
      addOnce(extensions, leg.party);
  }
  return extensions;
}
