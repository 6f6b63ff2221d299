import type { Fault } from '../../src/cli/demo/standins/faults.js';
import { callsOn, comeToRest, figuresOf } from './settle.js';
import type { Figures, LoadShape } from './settle.js';
import type { Stage } from './stage.js';
import { sleep } from './waiting.js';

/** Ways of a CRM that is down; `close-after` and `hang-after` have done what they were asked. */
export const FAULTS = {
  '503': { kind: 'status', status: 503 },
  hang: { kind: 'hang' },
  'hang-after': { kind: 'hang', applied: true },
  html: { kind: 'html' },
  'html-502': { kind: 'html', status: 502 },
  'close-before': { kind: 'close-before' },
  'close-after': { kind: 'close-after' },
  'truncated-json': { kind: 'truncated-json' },
} satisfies Record<string, Fault>;

export type FaultName = keyof typeof FAULTS;

export interface FaultsOptions extends LoadShape {
  faults: readonly FaultName[];
  faultMs: number;
  restMs: number;
  /** For what waits in back-off when the last fault is over. */
  patienceMs: number;
}

/** The CRM is down in one way after another, and well in between. */
export async function crmFaults(stage: Stage, options: FaultsOptions): Promise<Figures> {
  const began = Date.now();
  await stage.linked();
  const load = await callsOn(stage, options);
  for (const fault of options.faults) {
    await sleep(options.restMs);
    stage.crm.faults.always(FAULTS[fault]);
    await sleep(options.faultMs);
    stage.crm.faults.clear();
  }
  await sleep(options.restMs);
  const driven = await load.end();
  await comeToRest(stage, options.patienceMs);
  const repeated = stage.crm.exchanges.filter((one) => one.effect.includes('is known already')).length;
  // Done there, and nobody here could know.
  const unknown = stage.crm.exchanges.filter((one) => one.applied && one.fault !== null).length;
  const met = stage.crm.exchanges.filter((one) => one.fault !== null).length;
  const counted = { met, unknown, repeated };
  return figuresOf(stage, { name: 'crm', rounds: options.faults.length, began, counted }, driven);
}
