import { MOBILES } from './mobiles.js';
import { ORDINARY } from './ordinary.js';
import { OUTBOUND } from './outbound.js';
import type { Scenario } from './scene.js';
import { ATTENDED, BLIND } from './transfers.js';

export const SCENARIOS: readonly Scenario[] = [...ORDINARY, ...OUTBOUND, ...BLIND, ...ATTENDED, ...MOBILES];
