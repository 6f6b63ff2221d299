/**
 * Two daemons tell one CRM of calls and are killed again and again, while the CRM is slow, cuts off answers after having done
 * what it was asked, and fails. At the end every call must be there once.
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Pool } from 'pg';
import type { Fault } from '../../src/cli/demo/standins/faults.js';
import { createRig } from '../delivery/support/rig.js';
import { until } from '../support/until.js';
import type { CrmUnderTest } from './contract-suite.js';
import { randomCall, randomOf } from './random-calls.js';
import type { RandomCall } from './random-calls.js';

const SCRIPT = fileURLToPath(new URL('telling-worker.ts', import.meta.url));
const EXTENSIONS = Array.from({ length: 10 }, (_, index) => String(151 + index));

export interface Told {
  calls: RandomCall[];
  /** How many records each call has, by its id. */
  records: Map<string, number>;
  openCards: number;
  kills: number;
  /** Attempts a kill met between sending and reading. */
  lost: number;
  /** Answers cut off after the CRM had done what it was asked. */
  cutOff: number;
  dead: { step: string; why: string | null }[];
}

export interface Size {
  kills: number;
  callsPerLife: number;
  seed: number;
}

export async function toldThroughKills(
  { connector, start, settings }: CrmUnderTest,
  { pool, url }: { pool: Pool; url: string },
  { kills, callsPerLife, seed }: Size,
): Promise<Told> {
  const random = randomOf(seed);
  const crm = await start();
  const alive = new Map<string, ChildProcess>();
  let boots = 0;
  const boot = () => {
    const holder = `daemon-${++boots}`;
    const args = [url, holder, connector.id, JSON.stringify(unlimited(settings(crm.url)))];
    const child = fork(SCRIPT, args, { execArgv: ['--import', 'tsx'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    alive.set(holder, child);
    child.once('exit', () => alive.delete(holder));
  };
  /** The one that works the account; the other would only have waited. */
  const killOne = async () => {
    const { rows } = await pool.query<{ holder: string }>(`SELECT holder FROM leases WHERE kind = 'limit'`);
    const child = alive.get(rows[0]?.holder ?? '') ?? [...alive.values()][0];
    child?.kill('SIGKILL');
  };
  const rig = createRig({ pool });
  rig.connect(connector, settings(crm.url));
  const calls: RandomCall[] = [];
  try {
    boot();
    boot();
    for (let kill = 0; kill <= kills; kill += 1) {
      for (let request = 0; request < 4 * callsPerLife; request += 1) crm.faults.next(1, drawnFault(random));
      const before = crm.exchanges.length;
      const batch = Array.from({ length: callsPerLife }, () => randomCall(random, { extensions: EXTENSIONS }));
      calls.push(...batch);
      const telling = tellAll(batch, { tell: (events) => rig.tell(events), pool, random });
      await until('work is under way', () => crm.exchanges.length > before + 3, 60_000);
      if (kill === kills) {
        await telling;
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, random() * 1_500));
      await killOne();
      boot();
      await telling;
    }
    crm.faults.clear();
    await until('everything is settled', () => isSettled(pool), 90_000);
    const lost = await pool.query(`SELECT FROM integration_logs WHERE error_message LIKE 'interrupted between%'`);
    const { rows: dead } = await pool.query<{ step: string; why: string | null }>(
      `SELECT step, last_error AS why FROM deliveries WHERE state = 'dead'`,
    );
    const records = new Map<string, number>();
    for (const id of crm.records()) records.set(id, (records.get(id) ?? 0) + 1);
    const cutOff = crm.exchanges.filter(({ applied, fault }) => applied && fault !== null && fault !== 'delay').length;
    return { calls, records, openCards: crm.openCards(), kills, lost: lost.rowCount ?? 0, cutOff, dead };
  } finally {
    const gone = [...alive.values()].map((child) => once(child, 'exit'));
    for (const child of alive.values()) child.kill('SIGKILL');
    await Promise.all(gone);
    await rig.close();
    await crm.stop();
  }
}

/**
 * The events of all of them, each call's in order, one event of every call and then the next: as a rule when what came before
 * has been told, sometimes on its heels, so that steps meet each other unsent.
 */
export async function tellAll(
  calls: readonly RandomCall[],
  { tell, pool, random }: { tell(events: RandomCall['events']): Promise<void>; pool: Pool; random(): number },
): Promise<void> {
  const most = Math.max(...calls.map(({ events }) => events.length));
  for (let turn = 0; turn < most; turn += 1) {
    await tell(calls.flatMap(({ events }) => events.slice(turn, turn + 1)));
    const until = Date.now() + (random() < 0.3 ? 40 : 1_500);
    while (Date.now() < until && !(await isSettled(pool))) await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export async function isSettled(pool: Pool): Promise<boolean> {
  const { rowCount } = await pool.query(`SELECT FROM deliveries WHERE state IN ('pending', 'started') LIMIT 1`);
  return rowCount === 0;
}

/** Slow as a rule, so that kills meet it in the act. */
export function drawnFault(random: () => number): Fault {
  const draw = random();
  if (draw < 0.7) return { kind: 'delay', ms: 5 + Math.floor(random() * 40) };
  if (draw < 0.82) return { kind: 'close-after', reset: random() < 0.5 };
  if (draw < 0.88) return { kind: 'truncated-json' };
  if (draw < 0.94) return { kind: 'close-before' };
  return { kind: 'status', status: random() < 0.5 ? 503 : 500 };
}

function unlimited(settings: Record<string, unknown>): Record<string, unknown> {
  return { ...settings, rate: { perSecond: 1_000, burst: 1_000 } };
}
