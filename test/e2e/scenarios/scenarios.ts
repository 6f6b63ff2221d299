import { ATTENDED } from './attended.js';
import { BLIND } from './blind.js';
import { GROUPS } from './groups.js';
import { INBOUND } from './inbound.js';
import { INTERNAL } from './internal.js';
import { MOBILES } from './mobiles.js';
import { MOVED } from './moved.js';
import { OUTBOUND } from './outbound.js';
import type { Scenario } from './scene.js';

export const SCENARIOS: readonly Scenario[] = [
  ...[...INBOUND, ...GROUPS, ...MOBILES, ...OUTBOUND, ...INTERNAL],
  ...[...BLIND, ...ATTENDED, ...MOVED],
];
