import { FOLLOW_ME_CALLS } from './follow-me.js';
import { INCOMING } from './incoming.js';
import { INTERNAL } from './internal.js';
import { OUTGOING } from './outgoing.js';
import { SPECIAL } from './special.js';
import { TRANSFERS } from './transfers.js';

export const SCENARIOS = [...OUTGOING, ...INCOMING, ...TRANSFERS, ...FOLLOW_ME_CALLS, ...INTERNAL, ...SPECIAL];
