import { callsOn, comeToRest, figuresOf } from './settle.js';
import type { Figures, LoadShape } from './settle.js';
import type { Stage } from './stage.js';
import { between, sleep } from './waiting.js';

export interface KillsOptions extends LoadShape {
  kills: number;
  /** The longest life of a daemon; the shortest is a moment after its start. */
  lifeMs: number;
}

const RETRY_MS = 60_000;

type Manner = 'at once' | 'unanswered' | 'frozen' | 'without a database';

/** Every other kill is just one; the rest meet the daemon where it hurts. */
const MANNERS: readonly Manner[] = ['at once', 'unanswered', 'at once', 'frozen', 'at once', 'without a database'];

/** SIGKILL at random moments, from the first instruction on. */
export async function kills(stage: Stage, options: KillsOptions): Promise<Figures> {
  const began = Date.now();
  const counted: Record<string, number> = {};
  await stage.linked();
  const load = await callsOn(stage, options);
  await sleep(1_000);
  for (let n = 0; n < options.kills; n += 1) {
    await sleep(between(50, options.lifeMs));
    const manner = MANNERS[n % MANNERS.length] ?? 'at once';
    if (process.env['CHAOS_DEBUG']) process.stderr.write(`${new Date().toISOString()} kill ${n} ${manner}\n`);
    if (await killed(stage, manner)) counted[manner] = (counted[manner] ?? 0) + 1;
    stage.crm.faults.clear();
    stage.databaseLine.heal();
    await stage.daemon.start();
    if (process.env['CHAOS_DEBUG']) process.stderr.write(`${new Date().toISOString()} started\n`);
  }
  const driven = await load.end();
  await stage.linked();
  await comeToRest(stage, RETRY_MS);
  return figuresOf(stage, { name: 'kill', rounds: options.kills, began, counted }, driven);
}

/** True when it came as it was meant. */
async function killed(stage: Stage, manner: Manner): Promise<boolean> {
  switch (manner) {
    case 'at once':
      break;
    case 'unanswered':
      return killInAttempt(stage, Math.random() < 0.5 ? '/calls/upload' : '/call/event');
    case 'frozen':
      // What came meanwhile is in the socket, and nobody has read it.
      await stage.daemon.freeze(1_500);
      await sleep(between(0, 40));
      break;
    case 'without a database':
      stage.databaseLine.cut();
      await sleep(between(200, 2_000));
  }
  await stage.daemon.kill();
  return true;
}

/** Kills when the CRM has done what it was asked and not answered; after a while without a request, anyhow. */
async function killInAttempt(stage: Stage, path: string): Promise<boolean> {
  stage.crm.faults.next(1, { kind: 'hang', applied: true }, path);
  const asked = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => done(false), 5_000);
    const unsubscribe = stage.crm.onRequest(({ fault }) => {
      if (fault === 'hang') done(true);
    });
    function done(hit: boolean) {
      clearTimeout(timer);
      unsubscribe();
      resolve(hit);
    }
  });
  await stage.daemon.kill();
  return asked;
}
