/**
 * Two daemons tell CRMs of random calls and are killed again and again, while the CRMs are slow, cut off answers after having done what
 * they were asked, and fail. At the end every call must be there once.
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Pool } from 'pg';
import type { Fault } from '../../src/cli/demo/standins/faults.js';
import { createRig } from '../delivery/support/rig.js';
import { until } from '../support/until.js';
import type { CrmStandIn, CrmUnderTest } from './contract-suite.js';
import { randomCall, randomOf } from './random-calls.js';
import type { RandomCall } from './random-calls.js';

const SCRIPT = fileURLToPath(new URL('telling-worker.ts', import.meta.url));
const EXTENSIONS = Array.from({ length: 10 }, (_, index) => String(151 + index));

/** What one CRM holds of the calls in the end. */
export interface Told {
  type: string;
  nameless: boolean;
  calls: RandomCall[];
  /** How many records each call has, by its id. */
  records: Map<string, number>;
  openCards: number;
  madeTwice: string[];
  /** Attempts a kill met between sending and reading. */
  lost: number;
  /** Answers cut off after the CRM had done what it was asked. */
  cutOff: number;
  /** Calls of which an attempt said that it may be there twice. */
  warned: Set<string>;
  dead: { step: string; why: string | null }[];
}

export interface Size {
  kills: number;
  callsPerLife: number;
  seed: number;
}

export async function toldThroughKills(
  crms: readonly CrmUnderTest[],
  { pool, url }: { pool: Pool; url: string },
  { kills, callsPerLife, seed }: Size,
): Promise<Told[]> {
  const random = randomOf(seed);
  const there = await Promise.all(crms.map(async (crm) => ({ ...crm, standIn: await crm.start() })));
  const accounts = Object.fromEntries(
    there.map(({ connector, settings, standIn }) => [connector.id, unlimited(settings(standIn.url))]),
  );
  const alive = new Map<string, ChildProcess>();
  let boots = 0;
  const boot = () => {
    const holder = `daemon-${++boots}`;
    const args = [url, holder, JSON.stringify(accounts)];
    const child = fork(SCRIPT, args, { execArgv: ['--import', 'tsx'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    alive.set(holder, child);
    child.once('exit', () => alive.delete(holder));
  };
  /** One that works an account; another would only have waited. */
  const killOne = async () => {
    const { rows } = await pool.query<{ holder: string }>(`SELECT holder FROM leases WHERE kind = 'limit'`);
    const { holder = '' } = rows[Math.floor(random() * rows.length)] ?? {};
    const child = alive.get(holder) ?? [...alive.values()][0];
    child?.kill('SIGKILL');
  };
  const rig = createRig({ pool });
  for (const { connector, settings, standIn } of there) rig.connect(connector, settings(standIn.url));
  const calls: RandomCall[] = [];
  // What names no call is known by its client, so there each call has one of its own; elsewhere clients call again.
  const ownClients = there.some(({ nameless }) => nameless);
  const next = () => {
    const client = ownClients ? { client: `+37529${String(1_000_000 + calls.length)}` } : {};
    const call = randomCall(random, { extensions: EXTENSIONS, ...client });
    calls.push(call);
    return call;
  };
  const asked = () => there.reduce((sum, { standIn }) => sum + standIn.exchanges.length, 0);
  try {
    boot();
    boot();
    for (let kill = 0; kill <= kills; kill += 1) {
      for (const { standIn } of there)
        for (let request = 0; request < 4 * callsPerLife; request += 1) standIn.faults.next(1, drawnFault(random));
      const before = asked();
      const batch = Array.from({ length: callsPerLife }, next);
      const telling = tellAll(batch, { tell: (events) => rig.tell(events), pool, random });
      await until('work is under way', () => asked() > before + 3 * there.length, 60_000);
      if (kill === kills) {
        await telling;
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, random() * 1_500));
      await killOne();
      boot();
      await telling;
      // A minute passes: whoever was making something for a client is known to be dead.
      await pool.query(
        `UPDATE crm_created SET claimed_at = now() - interval '2 minutes' WHERE crm_id IS NULL AND claimed_at > '-infinity'`,
      );
    }
    for (const { standIn } of there) standIn.faults.clear();
    await until('everything is settled', () => isSettled(pool), 180_000);
    return await Promise.all(there.map((crm) => heldBy(crm, calls, pool)));
  } finally {
    const gone = [...alive.values()].map((child) => once(child, 'exit'));
    for (const child of alive.values()) child.kill('SIGKILL');
    await Promise.all(gone);
    await rig.close();
    await Promise.all(there.map(({ standIn }) => standIn.stop()));
  }
}

async function heldBy(
  { connector: { id: type }, nameless = false, standIn }: CrmUnderTest & { standIn: CrmStandIn },
  calls: RandomCall[],
  pool: Pool,
): Promise<Told> {
  const lost = await pool.query(
    `SELECT FROM integration_logs WHERE integration_type = $1 AND error_message LIKE 'interrupted between%'`,
    [type],
  );
  const { rows: dead } = await pool.query<{ step: string; why: string | null }>(
    `SELECT step, last_error AS why FROM deliveries WHERE integration_type = $1 AND state = 'dead'`,
    [type],
  );
  const { rows: warned } = await pool.query<{ id: string }>(
    `SELECT DISTINCT d.event->'call'->>'externalId' AS id FROM integration_logs l JOIN deliveries d ON d.id = l.delivery_id
      WHERE l.integration_type = $1 AND l.response_data->>'warnings' LIKE '%twice%'`,
    [type],
  );
  const byClient = new Map(calls.map(({ client, externalId }) => [client, externalId]));
  const found = standIn.clients?.().map((client) => byClient.get(client) ?? client) ?? standIn.records();
  const records = new Map<string, number>();
  for (const id of found) records.set(id, (records.get(id) ?? 0) + 1);
  const cutOff = standIn.exchanges.filter(({ applied, fault }) => applied && fault !== null && fault !== 'delay');
  return {
    type,
    nameless,
    calls,
    records,
    openCards: standIn.openCards(),
    madeTwice: standIn.madeTwice?.() ?? [],
    lost: lost.rowCount ?? 0,
    cutOff: cutOff.length,
    warned: new Set(warned.map(({ id }) => id)),
    dead,
  };
}

/**
 * What must not be. Every call is there once. Of a CRM that can neither be asked nor knows its doubles a call is never missing, and
 * there twice only where an attempt before was never answered and the one after it said so.
 */
export function violationsOf(told: Told): string[] {
  const { type, nameless, calls, records, openCards, madeTwice, warned, dead } = told;
  const isRight = ({ externalId }: RandomCall) => {
    const count = records.get(externalId) ?? 0;
    return count === 1 || (nameless && count > 1 && warned.has(externalId));
  };
  const strangers = [...records.keys()].filter((id) => !calls.some(({ externalId }) => externalId === id));
  return [
    ...calls.filter((call) => !isRight(call)).map(({ externalId: id }) => `${id} has ${records.get(id) ?? 0} records`),
    ...strangers.map((id) => `a record of no call: ${id}`),
    ...madeTwice.map((what) => `made twice: ${what}`),
    // A ringing message whose id no answer told stays as it was.
    ...(openCards === 0 || nameless ? [] : [`${openCards} cards are open`]),
    ...dead.map(({ step, why }) => `dead letter: ${step} ${why ?? ''}`),
  ].map((what) => `${type}: ${what}`);
}

/** Calls there more than once. */
export function doubled({ records }: Told): number {
  return [...records.values()].filter((count) => count > 1).length;
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
    const end = Date.now() + (random() < 0.3 ? 40 : 1_500);
    while (Date.now() < end && !(await isSettled(pool))) await new Promise((resolve) => setTimeout(resolve, 25));
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

export function unlimited(settings: Record<string, unknown>): Record<string, unknown> {
  return { ...settings, rate: { perSecond: 1_000, burst: 1_000 } };
}
