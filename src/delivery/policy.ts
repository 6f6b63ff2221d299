/** What an outcome means for a delivery. Pure. */
import type { DeliveryClass, Outcome } from '../integrations/contract.js';
import type { CardState } from './ports.js';
import type { DeliverySettings } from './settings.js';

export type Verdict =
  | { state: 'done' | 'skipped' | 'expired' | 'dead' }
  /** `notBefore`: the CRM asked for this wait, nothing may shorten it. */
  | { state: 'pending'; delayMs: number; notBefore: boolean };

export interface Tried {
  class: DeliveryClass;
  /** The attempt that has just ended included. */
  attempts: number;
  expiresInMs: number;
  retryAfterInFull?: boolean;
}

export function judge(tried: Tried, outcome: Outcome, settings: DeliverySettings, random: () => number): Verdict {
  switch (outcome.kind) {
    case 'accepted':
      return { state: 'done' };
    case 'skipped':
      return { state: 'skipped' };
    case 'rejected':
      // Refused for its settings: the row is not at fault; it waits with its lane, a card until it expires.
      if (outcome.config) return again(tried, settings.backoff[tried.class].baseMs, false);
      return { state: 'dead' };
    case 'unknown':
      return again(tried, backoffMs(tried, settings, random), false);
    case 'retry': {
      const own = backoffMs(tried, settings, random);
      if (outcome.afterMs === undefined) return again(tried, own, false);
      const bounded = tried.retryAfterInFull ? outcome.afterMs : Math.min(outcome.afterMs, settings.retryAfterMaxMs);
      return again(tried, Math.max(bounded, 0), true);
    }
  }
}

function again(tried: Tried, delayMs: number, notBefore: boolean): Verdict {
  if (delayMs < tried.expiresInMs) return { state: 'pending', delayMs, notBefore };
  return { state: tried.class === 'durable' ? 'dead' : 'expired' };
}

/** Exponential, a quarter up or down. */
export function backoffMs(
  tried: Pick<Tried, 'class' | 'attempts'>,
  settings: Pick<DeliverySettings, 'backoff'>,
  random: () => number,
): number {
  const { baseMs, maxMs } = settings.backoff[tried.class];
  const exponential = Math.min(maxMs, baseMs * 2 ** Math.min(tried.attempts - 1, 30));
  return exponential * (0.75 + random() / 2);
}

/** The card of this call at this integration after an attempt. A close is owed while it is `accepted` or `unknown`. */
export function cardAfter(
  before: CardState,
  attempt: { class: DeliveryClass; unknownOutcome: boolean; outcome: Outcome['kind'] },
): CardState {
  const { outcome } = attempt;
  if (attempt.class === 'closing') return outcome === 'accepted' ? 'closed' : before;
  if (attempt.class !== 'perishable') return before;
  if (outcome === 'accepted') return 'accepted';
  // Of one that stands open it may be that more people see it now than anybody answered for.
  return outcome === 'unknown' || attempt.unknownOutcome ? 'unknown' : before;
}
