import { callsOn, comeToRest, figuresOf } from './settle.js';
import type { Figures, LoadShape } from './settle.js';
import type { Stage } from './stage.js';
import { sleep } from './waiting.js';

/** `cut`: reset; `hang`: half-open, nothing passes and nobody is told. */
export type Cut = 'cut' | 'hang';

export interface CutsOptions extends LoadShape {
  cuts: readonly Cut[];
  cutMs: number;
  restMs: number;
}

const REST_MS = 60_000;

/** The line to every PBX's AMI fails at once and comes back. What a silent line held is thrown away with it. */
export async function linkCuts(stage: Stage, options: CutsOptions): Promise<Figures> {
  const began = Date.now();
  await stage.linked();
  const load = await callsOn(stage, options);
  for (const cut of options.cuts) {
    await sleep(options.restMs);
    for (const { line } of stage.branches) line[cut]();
    await sleep(options.cutMs);
    for (const { line } of stage.branches) {
      if (cut === 'hang') line.cut();
      line.heal();
    }
  }
  await sleep(options.restMs);
  const driven = await load.end();
  await stage.linked();
  await comeToRest(stage, REST_MS);
  return figuresOf(stage, { name: 'link', rounds: options.cuts.length, began }, driven);
}
