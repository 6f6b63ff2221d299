import { FAULTS } from './crm-faults.js';
import { callsOn, comeToRest, figuresOf } from './settle.js';
import type { Figures, LoadShape } from './settle.js';
import type { Stage } from './stage.js';
import { sleep } from './waiting.js';

/** What is away, while calls go on. */
export type Outage = 'daemon' | 'link' | 'database' | 'crm';

export interface OutagesOptions extends LoadShape {
  outages: readonly Outage[];
  awayMs: number;
  crmAwayMs: number;
  /** Between two. */
  restMs: number;
}

const REST_MS = 120_000;

/**
 * Something is away long enough for whole calls to fall into it. At the end the PBX's calls, ours and the CRM's records must be the same.
 */
export async function outages(stage: Stage, options: OutagesOptions): Promise<Figures> {
  const began = Date.now();
  await stage.linked();
  const load = await callsOn(stage, options);
  for (const outage of options.outages) {
    await sleep(options.restMs);
    await withoutIt(stage, outage, outage === 'crm' ? options.crmAwayMs : options.awayMs);
  }
  await sleep(options.restMs);
  const driven = await load.end();
  await stage.linked();
  await comeToRest(stage, REST_MS, { recovered: true });
  // What is recovered is owed only then.
  await comeToRest(stage, REST_MS, { recovered: true });
  return figuresOf(stage, { name: 'outage', rounds: options.outages.length, began }, driven, { recovered: true });
}

async function withoutIt(stage: Stage, outage: Outage, ms: number): Promise<void> {
  switch (outage) {
    case 'daemon':
      await stage.daemon.kill();
      await sleep(ms);
      return stage.daemon.start();
    case 'link':
      for (const { line } of stage.branches) line.cut();
      await sleep(ms);
      for (const { line } of stage.branches) line.heal();
      return;
    case 'database':
      return stage.restartDatabase(ms);
    case 'crm':
      stage.crm.faults.always(FAULTS['503']);
      await sleep(ms);
      stage.crm.faults.clear();
  }
}
