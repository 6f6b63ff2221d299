/**
 * Callers without a number: withheld, unknown to the PBX, or written so that nobody could call back. Which of a
 * connector's steps they are owed is the enterprise's choice, made here for all connectors alike.
 *
 * - `record` (default): the finished call goes where the CRM keeps calls without a number, but no card is opened;
 * - `card`: whatever the connector can do, cards too;
 * - `ignore`: nothing is told.
 *
 * Nobody hides the number he dials: of an outgoing call it was only not learnt, and that one is recorded.
 */
import type { CallEvent } from '../calls/vocabulary.js';
import type { Enterprise } from '../config/enterprise.js';
import type { Plan } from './contract.js';

/** Shorter than any number a person could call back. */
const FEWEST_DIGITS = 3;

export function planForAnonymous(choice: Enterprise['anonymous'], event: CallEvent, plan: Plan): Plan {
  if (hasNumber(event) || 'why' in plan || plan.length === 0) return plan;
  const how = event.call.direction === 'in' ? choice : 'record';
  if (how === 'card') return plan;
  if (how === 'ignore') return { why: 'the caller has no number, and the enterprise ignores such calls' };
  // Closings stay: whoever saw a card, opened before the choice was made, is rid of it.
  const kept = plan.filter((step) => step.class !== 'perishable');
  return kept.length > 0 ? kept : { why: 'the client has no number: the call is recorded, but no card is opened' };
}

function hasNumber({ call }: CallEvent): boolean {
  return (call.external?.replace(/\D/g, '').length ?? 0) >= FEWEST_DIGITS;
}
