import type { CallState } from './tracker-types.js';
import type { Work } from './tracker-work.js';
export function fleetClientTalks(_work: Work, _call: CallState): void {}
export function fleetIsOver(_work: Work, _call: CallState): void {}
