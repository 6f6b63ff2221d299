/**
 * A backlog of 50,000 events of a host, read over SSH and made calls of, beside a bare batched insert of the same rows in the same
 * database; and, while those of other hosts are recovered and the records of all of them go to their CRM, what live cards wait,
 * beside what they wait when nothing of it goes on. The two take turns: a machine that others share is not the same for a minute.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { parseEnv } from '../../src/config/env.js';
import { openCluster } from '../../src/db/embedded/cluster.js';
import { migrate } from '../../src/db/migrate.js';
import { createPool } from '../../src/db/pool.js';
import { askRecovery, requestState } from '../../src/recovery/request-store.js';
import { createDaemon } from '../chaos/daemon.js';
import type { Daemon } from '../chaos/daemon.js';
import { keepEvents } from '../pbx/event-database.js';
import { startSshHost } from '../pbx/sshd.js';
import type { SshHost } from '../pbx/sshd.js';
import { madeCall, rowsOf } from '../recovery/made-calls.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import type { RetailCrmStandIn } from '../standins/retailcrm/server.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { importInto } from '../support/test-app.js';
import { until } from '../support/until.js';
import type { BenchResult } from './result.js';

const EVENTS = 50_000;
const EVENTS_BESIDE_CALLS = 2_000;
const EVENTS_OF_A_CALL = 8;
const TOGETHER = 500;
const LIVE = ['0367', '0401', '0402', '0403', '0404'];
/** Whose backlog of all those events is read, one after the other: what a process does for the first time is slow. */
const LARGE = [
  ['0367', 'the first a daemon reads'],
  ['0404', 'by a daemon at work'],
] as const;
/** Recovered beside calls, one after another. */
const BESIDE = ['0401', '0402', '0403'];
const EVERY_MS = 60;
/** About as long as what comes beside calls takes. */
const QUIET_MS = 30_000;

export async function benchRecovery(): Promise<BenchResult[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'trunkline-recovery-'));
  const cluster = await openCluster({ dataDir });
  const url = cluster.url('postgres');
  await migrate(url);
  const pool = createPool(url, { max: 4 });
  const keys = Object.fromEntries(LIVE.map((number) => [`key-${number}`, null]));
  const crm = await startRetailCrmStandIn({ keys });
  const hosts = new Map<string, SshHost>();
  const env = {
    DATABASE_URL: url,
    TRUNKLINE_DATA_DIR: join(dataDir, 'daemon'),
    TRUNKLINE_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
    TRUNKLINE_ALLOW_TARGETS: '127.0.0.1',
    TRUNKLINE_LOG_LEVEL: 'warn',
  };
  let daemon: Daemon | null = null;
  try {
    const began = Math.floor(Date.now() / 1_000) - 5 * 3_600;
    const hostWith = async (number: string, count: number) => {
      const host = await startSshHost({ version: 22 });
      hosts.set(number, host);
      return keepBacklog(host, began, count);
    };
    const rows = await hostWith('0367', EVENTS);
    await hostWith('0404', EVENTS);
    for (const number of BESIDE) await hostWith(number, EVENTS_BESIDE_CALLS);
    await importInto(
      { url },
      parseEnv(env, () => null),
      LIVE.map((number) =>
        retailCrmEnterprise({
          ...{ number, token: `token-${number}`, amiPort: null, crmUrl: crm.url, apiKey: `key-${number}` },
          ...recoveryOf(hosts.get(number)),
        }),
      ),
    );
    daemon = await createDaemon(env, join(dataDir, 'daemon.log'));
    const running = daemon;
    await running.start();
    await until('the daemon', async () => (await running.metric('trunkline_calls_live')) !== null, 60_000);

    const bare = await bareInsert(pool, rows);
    // A daemon that has just begun is slow by itself.
    await liveCards(running.url, crm, () => sleep(8_000));
    /** How long it took, seconds. */
    const recovered = async (enterprise: string) => {
      const from = began * 1_000 - 60_000;
      const at = performance.now();
      const id = await askRecovery(pool, { pbx: `webhook/${enterprise}`, enterprise, from, to: Date.now() });
      for (;;) {
        const state = await requestState(pool, id);
        if (state?.state === 'failed') throw new Error(state.error ?? 'failed');
        if (state?.state === 'done') return (performance.now() - at) / 1_000;
        await sleep(20);
      }
    };
    // What the cards before left to do is done, and nothing counts as going on any more.
    await sleep(5_000);
    const memory = await watchMemory(running);
    const backlogs: BenchResult[] = [];
    for (const [number, how] of LARGE) {
      const seconds = await recovered(number);
      const left = await bareLeft(pool, number);
      backlogs.push(...backlogOf({ events: rows.length, seconds, bare, left, how }));
    }
    const { idle, peak } = await memory();
    const quiet: number[] = [];
    const busy: number[] = [];
    let besideCalls = 0;
    for (const number of BESIDE) {
      const heldAt = await holdHistory(pool);
      quiet.push(...(await liveCards(running.url, crm, () => sleep(QUIET_MS))));
      await letGo(pool, heldAt);
      busy.push(
        ...(await liveCards(running.url, crm, async () => {
          besideCalls += await recovered(number);
        })),
      );
    }
    const [before, during] = [percentile(quiet, 0.95), percentile(busy, 0.95)];
    return [
      ...backlogs,
      {
        name: 'recovery: memory of the daemon above idle, at most',
        unit: 'MB',
        value: round((peak - idle) / 1e6, 1),
        note: `${round(peak / 1e6, 0)} MB in all`,
      },
      {
        ...{ name: 'recovery: post to request of a live card meanwhile, p95', unit: 'ms', value: round(during, 1) },
        ...{ peer: { name: 'when nothing is recovered', value: round(before, 1) }, ratio: round(before / during, 2) },
        note: `${busy.length} cards meanwhile, ${quiet.length} between; ${BESIDE.length * EVENTS_BESIDE_CALLS} events in ${round(besideCalls, 1)} s`,
      },
    ];
  } finally {
    await daemon?.stop();
    for (const host of hosts.values()) await host.stop();
    await crm.stop();
    await pool.end();
    await cluster.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

interface Left {
  calls: number;
  rows: number;
  seconds: number;
}

interface Backlog {
  events: number;
  seconds: number;
  /** Rows per second. */
  bare: number;
  left: Left;
  how: string;
}

function backlogOf({ events, seconds, bare, left, how }: Backlog): BenchResult[] {
  const rate = events / seconds;
  return [
    {
      ...{ name: `recovery: ${events} events over SSH to calls stored and owed, ${how}`, unit: 'events/s' },
      value: Math.round(rate),
      peer: { name: `bare insert of the events, ${TOGETHER} at once`, value: Math.round(bare) },
      ratio: round(rate / bare, 2),
      note: `${left.calls} of ${events / EVENTS_OF_A_CALL} calls, in ${round(seconds, 1)} s from asking`,
    },
    {
      ...{ name: `recovery: rows that leaves (calls, channels, events, notes, deliveries), ${how}`, unit: 'rows/s' },
      value: Math.round(left.rows / seconds),
      peer: { name: `bare insert of those, ${TOGETHER} at once`, value: Math.round(left.rows / left.seconds) },
      ratio: round(left.seconds / seconds, 2),
      note: `${left.rows} rows`,
    },
  ];
}

/** Calls of that many events, in the host's own databases. */
async function keepBacklog(host: SshHost, began: number, count: number) {
  const calls = Array.from({ length: count / EVENTS_OF_A_CALL }, (_, n) => madeCall(began + Math.floor(n / 2)));
  const days = rowsOf(calls);
  for (const [day, rows] of days) await keepEvents(host, day, rows);
  return [...days.values()].flat();
}

function recoveryOf(host: SshHost | undefined) {
  if (!host) return {};
  return {
    more: {
      ssh: { host: host.host, port: host.port, username: host.users.shell, password: host.password },
      recovery: { everyMinutes: 0, events: { folder: host.folderInside } },
    },
  };
}

/** Records of history that wait for their turn wait an hour longer; when that was, by our clock. */
async function holdHistory(pool: Pool): Promise<number> {
  await moveHistory(pool, 3_600);
  // What is under way comes to its end.
  await sleep(2_000);
  return Date.now();
}

/** As if the time since then had not been. */
async function letGo(pool: Pool, heldAt: number): Promise<void> {
  await moveHistory(pool, (Date.now() - heldAt) / 1_000 - 3_600);
}

async function moveHistory(pool: Pool, seconds: number): Promise<void> {
  await pool.query(
    `UPDATE deliveries SET leased_until = leased_until + $1 * interval '1 second', due_at = due_at + $1 * interval '1 second'
      WHERE state = 'pending' AND (event->'call'->>'recovered')::boolean`,
    [seconds],
  );
}

/** The same rows, as plainly as they can be kept. Rows per second. */
async function bareInsert(pool: Pool, rows: readonly { at: string; event: string; body: object }[]): Promise<number> {
  await pool.query(
    'CREATE TABLE bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, pbx text, event text, uid text, raw jsonb, at timestamp)',
  );
  const began = performance.now();
  for (let from = 0; from < rows.length; from += TOGETHER) {
    await pool.query(
      `INSERT INTO bare (pbx, event, uid, raw, at) SELECT 'webhook/0367', event, body->>'UniqueId', body, at
         FROM jsonb_to_recordset($1::jsonb) AS r (event text, body jsonb, at timestamp)`,
      [JSON.stringify(rows.slice(from, from + TOGETHER))],
    );
  }
  return rows.length / ((performance.now() - began) / 1_000);
}

/** What recovery left, as plainly as it can be kept: into tables of the same columns, without an index or a rule. */
async function bareLeft(pool: Pool, enterprise: string): Promise<Left> {
  let calls = 0;
  let count = 0;
  let seconds = 0;
  for (const table of ['calls', 'call_uids', 'call_events', 'call_notes', 'deliveries']) {
    const key = table === 'calls' ? 'id' : 'call_id';
    const { rows } = await pool.query<{ row: object }>(
      `SELECT to_jsonb(t) AS row FROM ${table} t WHERE ${key} IN (SELECT id FROM calls WHERE recovered AND enterprise_number = $1)`,
      [enterprise],
    );
    await pool.query(`CREATE TABLE bare_${table} (LIKE ${table})`);
    const began = performance.now();
    for (let from = 0; from < rows.length; from += TOGETHER)
      await pool.query(`INSERT INTO bare_${table} SELECT * FROM jsonb_populate_recordset(NULL::${table}, $1::jsonb)`, [
        JSON.stringify(rows.slice(from, from + TOGETHER).map(({ row }) => row)),
      ]);
    seconds += (performance.now() - began) / 1_000;
    await pool.query(`DROP TABLE bare_${table}`);
    count += rows.length;
    if (table === 'calls') calls = rows.length;
  }
  return { calls, rows: count, seconds };
}

let dialled = 0;

/** A card every few milliseconds, now of this enterprise, now of that, until the work is done; what each waited, ms. */
async function liveCards(url: string, crm: RetailCrmStandIn, work: () => Promise<void>): Promise<number[]> {
  const asked = new Map<string, number>();
  const waits: number[] = [];
  const unsubscribe = crm.onRequest(({ body, path }) => {
    if (!path.includes('call/event')) return;
    const text = decodeURIComponent(body);
    for (const [key, at] of asked) {
      if (!text.includes(key)) continue;
      asked.delete(key);
      waits.push(performance.now() - at);
    }
  });
  let done = false;
  const working = work().finally(() => (done = true));
  while (!done) {
    const number = LIVE[dialled % LIVE.length] ?? '';
    dialled += 1;
    const subscriber = String(3_000_000 + dialled);
    const UniqueId = `${Math.floor(Date.now() / 1_000)}.${900_000 + dialled}`;
    const call = { UniqueId, Phone: `37529${subscriber}`, CallType: 0, Trunk: '0001363' };
    const post = (event: string, more: object) =>
      fetch(`${url}/${event}`, {
        method: 'POST',
        headers: { Token: `token-${number}` },
        body: JSON.stringify({ ...call, ...more }),
      }).then((answer) => answer.text());
    await post('start', {});
    asked.set(subscriber, performance.now());
    await post('dial', { Extensions: ['151'] });
    void sleep(400).then(() => post('hangup', { Extensions: [''], CallStatus: '0' }));
    await sleep(EVERY_MS);
  }
  await working;
  await sleep(1_500);
  unsubscribe();
  return waits;
}

/** Asks nothing of the daemon: the system remembers the most a process had. Bytes. */
async function watchMemory(daemon: Daemon): Promise<() => Promise<{ idle: number; peak: number }>> {
  const folder = `/proc/${daemon.pid() ?? ''}`;
  const read = async (name: string) => {
    const line = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(await readFile(`${folder}/status`, 'utf8'));
    return Number(line?.[1]) * 1_024;
  };
  await writeFile(`${folder}/clear_refs`, '5');
  const idle = await read('VmRSS');
  return async () => ({ idle, peak: await read('VmHWM') });
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}
const round = (value: number, digits: number) => Math.round(value * 10 ** digits) / 10 ** digits;
