import type { Account, Expected } from './ledger.js';
import { settleUp } from './ledger.js';
import { explain } from './evidence.js';
import type { DrivenCall, Load } from '../pbx/load.js';
import { driveCalls, planLoad } from '../pbx/load.js';
import type { Stage } from './stage.js';
import { until } from '../support/until.js';

export interface Figures {
  trial: string;
  rounds: number;
  seconds: number;
  accounts: Record<string, Account>;
  /** What else the trial counted. */
  counted: Record<string, number>;
  /** Trials judged one by one, where there are such. */
  tallies: Tally[];
  violations: string[];
}

export interface Tally {
  what: string;
  good: number;
  of: number;
  /** Those that did not meet what they were meant to meet: the machine was too slow. */
  missed: number;
}

export interface LoadShape {
  perSecond: number;
  talkSeconds: readonly [number, number];
}

/** More calls than any trial places: it ends the load itself. */
const MOST_CALLS = 9_000;

/** Calls on every PBX until `end`. */
export async function callsOn(
  stage: Stage,
  shape: LoadShape,
): Promise<{ end(graceMs?: number): Promise<Map<string, DrivenCall[]>> }> {
  const loads: [string, Load][] = [];
  for (const [i, branch] of stage.branches.entries()) {
    const calls = planLoad({ count: MOST_CALLS, talkSeconds: shape.talkSeconds, seed: i + 1 + (Date.now() % 1_000) });
    loads.push([branch.enterprise, await driveCalls(branch.asterisk, calls, { perSecond: shape.perSecond })]);
  }
  return {
    async end(graceMs) {
      const driven = await Promise.all(loads.map(async ([key, load]) => [key, await load.finish(graceMs)] as const));
      return new Map(driven);
    },
  };
}

/** Resolves when nothing is under way any more: no call, no post, no delivery, nothing in a journal. */
export async function comeToRest(stage: Stage, ms: number, { recovered = false } = {}): Promise<void> {
  await until(
    'everything to be at rest',
    async () => {
      const { rows } = await stage.pool.query<{ n: number }>(
        `SELECT (SELECT count(*) FROM calls WHERE state IS NOT NULL) + (SELECT count(*) FROM webhook_inbox)
            + (SELECT count(*) FROM deliveries WHERE state IN ('pending', 'started')) AS n`,
      );
      const waiting = await stage.daemon.metric('trunkline_facts_waiting');
      const journalled = await stage.daemon.metric('trunkline_webhook_journal_pending');
      const isStill = Number(rows[0]?.n) === 0 && waiting === 0 && journalled === 0;
      return isStill && (!recovered || (await isRecovered(stage)));
    },
    ms,
  ).catch((error: unknown) => {
    // What is still there is found and named by the ledger.
    process.stderr.write(`${String(error)}\n`);
  });
}

/** What fell into a gap is no longer missing. */
async function isRecovered({ pool }: Stage): Promise<boolean> {
  const { rows } = await pool.query<{ n: number }>(
    'SELECT count(*)::int AS n FROM pbx_gaps WHERE ended_at IS NULL OR recovered_at IS NULL',
  );
  return rows[0]?.n === 0;
}

/** The account of every PBX, with the story of each violation. */
export async function figuresOf(
  stage: Stage,
  trial: {
    name: string;
    rounds: number;
    began: number;
    counted?: Record<string, number>;
    tallies?: Tally[];
    wrong?: string[];
  },
  driven: ReadonlyMap<string, DrivenCall[]>,
  expected: Expected = {},
): Promise<Figures> {
  const accounts: Record<string, Account> = {};
  const violations: string[] = [...(trial.wrong ?? [])];
  for (const branch of stage.branches) {
    const account = await settleUp(stage, branch, driven.get(branch.enterprise) ?? [], expected);
    accounts[`Asterisk ${branch.asterisk.version}`] = account;
    if (account.violations.length > 0) violations.push(await explain(stage, branch, account.violations));
  }
  const dead = await stage.pool.query("SELECT id, step, last_code, last_error FROM deliveries WHERE state = 'dead'");
  for (const row of dead.rows) violations.push(`dead letter: ${JSON.stringify(row)}`);
  const refused = stage.crm.exchanges.filter((one) => one.effect.startsWith('refused') && !isOverLimit(one.effect));
  const overLimit = stage.crm.exchanges.filter((one) => isOverLimit(one.effect)).length;
  for (const one of refused.slice(0, 3)) violations.push(`the CRM refused: ${one.path} ${one.effect}`);
  return {
    trial: trial.name,
    rounds: trial.rounds,
    seconds: Math.round((Date.now() - trial.began) / 1_000),
    accounts,
    counted: { ...trial.counted, overLimit },
    tallies: trial.tallies ?? [],
    violations,
  };
}

/** More requests a second than the account may make: answered 503 and repeated. */
const isOverLimit = (effect: string): boolean => effect.includes('Service Temporarily Unavailable');
