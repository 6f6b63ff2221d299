import type { CallState, Folded } from '../calls/tracker.js';

/** A recovered call that is over. */
export interface RecoveredCall {
  state: CallState;
  /** All channels it had. */
  uids: string[];
  events: Folded['events'];
  notes: Folded['notes'];
}
