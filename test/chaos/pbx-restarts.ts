import { callsOn, comeToRest, figuresOf } from './settle.js';
import type { Figures, LoadShape } from './settle.js';
import type { Stage } from './stage.js';
import { sleep } from './waiting.js';

/** `now`: `core restart now`, which hangs everything up; `kill`: the process is gone, and its own record lacks its calls. */
export type Restart = 'now' | 'kill';

export interface RestartsOptions extends LoadShape {
  restarts: readonly Restart[];
  restMs: number;
}

const REST_MS = 60_000;

/** Every Asterisk goes down in the middle of calls and comes back with none. */
export async function pbxRestarts(stage: Stage, options: RestartsOptions): Promise<Figures> {
  const began = Date.now();
  await stage.linked();
  const load = await callsOn(stage, options);
  for (const restart of options.restarts) {
    await sleep(options.restMs);
    await Promise.all(
      stage.branches.map(async ({ asterisk }) => {
        if (restart === 'now') return asterisk.restart('now');
        await asterisk.kill();
        await asterisk.start();
      }),
    );
  }
  await sleep(options.restMs);
  // Callers whose PBX forgot them would wait for ever.
  const driven = await load.end(options.talkSeconds[1] * 1_000 + 5_000);
  await stage.linked();
  await comeToRest(stage, REST_MS);
  return figuresOf(stage, { name: 'pbx', rounds: options.restarts.length, began }, driven, { cdrMayLack: true });
}
