import type { Fact } from './facts.js';
import type { Work } from './tracker-work.js';
export function foldFleet(_work: Work, _fact: Extract<Fact, { kind: 'fleet' }>): void {}
