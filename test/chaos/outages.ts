import { dayIn } from '../../src/recovery/nightly.js';
import type { Reconciled } from '../../src/recovery/reconcile.js';
import { cli } from '../cli/run-cli.js';
import type { CutProxy } from '../support/cut-proxy.js';
import { FAULTS } from './crm-faults.js';
import { callsOn, comeToRest, figuresOf } from './settle.js';
import type { Figures, LoadShape } from './settle.js';
import type { Stage } from './stage.js';
import { sleep } from './waiting.js';

/** What is away, while calls go on. */
export const OUTAGES = ['daemon', 'link', 'database', 'crm'] as const;
export type Outage = (typeof OUTAGES)[number];

export interface OutagesOptions extends LoadShape {
  outages: readonly Outage[];
  awayMs: number;
  crmAwayMs: number;
  /** Between two. */
  restMs: number;
  /** For what waits in back-off when the last one is over. */
  patienceMs: number;
}

/**
 * Something is away long enough for whole calls to fall into it. At the end the PBX's calls, ours and the CRM's records must be the same.
 */
export async function outages(stage: Stage, options: OutagesOptions): Promise<Figures> {
  const began = Date.now();
  await stage.linked();
  const load = await callsOn(stage, options);
  for (const outage of options.outages) {
    await sleep(options.restMs);
    await withoutIt(stage, outage, outage === 'crm' ? options.crmAwayMs : options.awayMs, linesOf(stage));
    // On a busy machine a daemon takes longer to come back than the next outage leaves it, and nothing at all would be heard live.
    await stage.linked();
  }
  await sleep(options.restMs);
  const driven = await load.end();
  await stage.linked();
  await comeToRest(stage, options.patienceMs, { recovered: true });
  // What is recovered is owed only then.
  await comeToRest(stage, options.patienceMs, { recovered: true });
  const wrong = await reconciled(stage, began);
  return figuresOf(stage, { name: 'outage', rounds: options.outages.length, began, wrong }, driven, {
    recovered: true,
  });
}

/** What can be cut of the way to the PBXs. */
export type Line = Pick<CutProxy, 'cut' | 'heal'>;

const linesOf = ({ branches }: Stage): Line[] => branches.map(({ line }) => line);

export async function withoutIt(stage: Stage, outage: Outage, ms: number, lines: readonly Line[]): Promise<void> {
  switch (outage) {
    case 'daemon':
      await stage.daemon.kill();
      await sleep(ms);
      return stage.daemon.start();
    case 'link':
      for (const line of lines) line.cut();
      await sleep(ms);
      for (const line of lines) line.heal();
      return;
    case 'database':
      return stage.restartDatabase(ms);
    case 'crm':
      stage.crm.faults.always(FAULTS['503']);
      await sleep(ms);
      stage.crm.faults.clear();
  }
}

/** What `trunkline reconcile` says of the days the trial ran on: that all sides hold the same, and the same again when asked twice. */
async function reconciled(stage: Stage, began: number): Promise<string[]> {
  const days = new Set([began, Date.now()].map((at) => dayIn('Europe/Minsk', at)));
  const wrong: string[] = [];
  for (const { enterprise } of stage.branches) {
    for (const day of days) {
      const ask = () => cli(['reconcile', enterprise, day, '--json'], stage.env);
      const [first, second] = [await ask(), await ask()];
      if (first.code !== 0) wrong.push(`reconcile ${enterprise} ${day}: ${first.stderr}`);
      if (withoutClock(first.stdout) !== withoutClock(second.stdout))
        wrong.push(`reconcile ${enterprise} differs from itself`);
      const told = JSON.parse(first.stdout || '{"crms":[]}') as Reconciled;
      const same =
        told.crms.every(({ acknowledged }) => acknowledged === told.ourCalls) && told.pbxCalls === told.ourCalls;
      if (!same || told.differences.length > 0) wrong.push(`reconcile ${enterprise} ${day}: ${first.stdout}`);
    }
  }
  return wrong;
}

const withoutClock = (json: string): string => json.replace(/"readAt":\d+/, '');
