/**
 * Which classes of events a session asks for. Class `dialplan` is more than half of what a PBX says, and only two of its
 * variables mean anything here. `auto` asks for it, because an AMI user whose filter lets only those two through costs
 * nothing, and a dialplan that speaks through `LisAMI_EventData` is worth the rest; where neither shows in the first
 * events of the class, it is given up for as long as the session is wanted.
 */
import type { AmiMessage } from './message.js';

export const AUTO = 'auto';
const WITHOUT_DIALPLAN = 'system,call,user,agent,cdr';
const WITH_DIALPLAN = `${WITHOUT_DIALPLAN},dialplan`;
/** A call on an unfiltered user raises some sixty of them. */
const TRIAL = 200;

export class EventMask {
  readonly #set: string;
  #left = TRIAL;

  constructor(set: string) {
    this.#set = set;
    if (set !== AUTO) this.#left = Infinity;
  }

  current(): string {
    if (this.#set !== AUTO) return this.#set;
    return this.#left > 0 ? WITH_DIALPLAN : WITHOUT_DIALPLAN;
  }

  /** True when this event was one too many: `current` has changed. */
  saw(message: AmiMessage): boolean {
    if (this.#left === Infinity || this.#left === 0) return false;
    if (message.name !== 'VarSet' && message.name !== 'Newexten') return false;
    const variable = message.name === 'VarSet' ? message.get('Variable') : undefined;
    if (variable === 'LisAMI_EventData') this.#left = Infinity;
    else if (variable !== 'MIXMONITOR_FILENAME') this.#left -= 1;
    return this.#left === 0;
  }
}
