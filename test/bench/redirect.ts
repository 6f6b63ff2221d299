/**
 * From the dialplan's UserEvent to the manager's phone being dialled, both stamped by the PBX itself, with the look-up
 * answered from the cache: the whole daemon with a PostgreSQL that waits for its disk, beside a bare AMI client that redirects blindly. Their
 * calls take turns on the same PBX, five a second.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseEnv } from '../../src/config/env.js';
import { openCluster } from '../../src/db/embedded/cluster.js';
import { migrate } from '../../src/db/migrate.js';
import { createPool } from '../../src/db/pool.js';
import type { Pool } from '../../src/db/pool.js';
import { createDaemon } from '../chaos/daemon.js';
import { headerOf } from '../pbx/ami-probe.js';
import type { AmiProbe } from '../pbx/ami-probe.js';
import { startAsterisk } from '../pbx/asterisk.js';
import type { Asterisk } from '../pbx/asterisk.js';
import { placeCalls, tagOf } from '../pbx/callers.js';
import { startPhone } from '../pbx/phones.js';
import { SECRET, redirectDialplan } from '../redirect/redirect-pbx.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { importInto } from '../support/test-app.js';
import { until } from '../support/until.js';
import type { BenchResult } from './result.js';

const CALLS = 200;
const PER_SECOND = 5;
const CLIENTS = 10;
const OURS = '0001400';
const BARE = '0001499';
const OWNER = '152';
const TALK_MS = 400;
/** What the daemon may take more than the bare client. */
const ALLOWED = { medianMs: 3, p95Ms: 25 };

export async function benchRedirect(versions: readonly (16 | 22)[] = [22, 16]): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  for (const version of versions) results.push(...(await benchOn(version)));
  return results;
}

async function benchOn(version: 16 | 22): Promise<BenchResult[]> {
  const undo: (() => Promise<unknown>)[] = [];
  try {
    const folder = await mkdtemp(join(tmpdir(), 'trunkline-redirect-bench-'));
    undo.push(() => rm(folder, { recursive: true, force: true }));
    const cluster = await openCluster({ dataDir: join(folder, 'cluster') });
    undo.push(() => cluster.stop());
    const url = cluster.url('postgres');
    await migrate(url);
    const pool = createPool(url, { max: 2 });
    undo.push(() => pool.end());
    const asterisk = await startAsterisk({
      version,
      extraDialplan: redirectDialplan({
        extra: `[from-trunk](+)\nexten => ${BARE},1,Set(TRUNKLINE_SECRET=another)\n same => n,Goto(smart-redirect-start,\${EXTEN},1)\n`,
      }),
    });
    undo.push(() => asterisk.stop());
    const phone = await startPhone(asterisk, OWNER, { default: { then: 'answer', ringMs: 100 } });
    undo.push(() => phone.stop());
    const probe = await asterisk.probe('min');
    undo.push(() => probe.close());

    const roundTrips = await measure({ asterisk, pool, url, folder });
    const waits = (line: string) => sorted(waitsOn(probe, line));
    return linesOf(version, { ours: waits(OURS), bare: waits(BARE), roundTrips, wire: sorted(await wireOf(pool)) });
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

interface Ground {
  asterisk: Asterisk;
  pool: Pool;
  url: string;
  folder: string;
}

/** Runs the daemon and its peer while the calls are placed; gives the peer's round trips. */
async function measure({ asterisk, pool, url, folder }: Ground): Promise<number[]> {
  const clients = Array.from({ length: CLIENTS }, (_, n) => `+37529000${String(1_000 + n)}`);
  const crm = await startRetailCrmStandIn({
    users: [{ id: 8, firstName: 'Boris', code: OWNER }],
    customers: clients.map((phone) => ({ phone, managerId: 8, firstName: 'Client' })),
    telephonyPerSecond: 0,
  });
  const env = {
    DATABASE_URL: url,
    TRUNKLINE_DATA_DIR: join(folder, 'data'),
    TRUNKLINE_ALLOW_TARGETS: '127.0.0.1',
    TRUNKLINE_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
  };
  await importInto(
    { url },
    parseEnv(env, () => null),
    [
      retailCrmEnterprise({
        amiPort: asterisk.amiPort,
        crmUrl: crm.url,
        user: asterisk.users.safe,
        // One phone for all of them; the bare client does not look whether it is free either.
        more: { smartRedirect: { mode: 'owner', secret: SECRET, ringBusy: true } },
      }),
    ],
  );
  const daemon = await createDaemon(env, join(folder, 'daemon.log'));
  await daemon.start();
  const bare = await startBare(asterisk);
  try {
    await until('the daemon', async () => (await daemon.log()).includes('smart redirect is ready'), 60_000);
    await place(
      asterisk,
      clients.map((from) => ({ from, dial: OURS })),
    );
    await pool.query('DELETE FROM redirect_decisions');
    const lines = Array.from({ length: 2 * CALLS }, (_, n) => (n % 2 === 0 ? OURS : BARE));
    await place(
      asterisk,
      lines.map((dial, n) => ({ from: clients[(n >> 1) % CLIENTS] ?? '', dial })),
    );
    return await bare.stop();
  } finally {
    await bare.stop();
    await daemon.stop();
    await crm.stop();
  }
}

async function place(asterisk: Asterisk, calls: readonly { from: string; dial: string }[]): Promise<void> {
  const planned = calls.map((call, n) => ({ ...call, tag: tagOf(n + 1), talkMs: TALK_MS }));
  await (
    await placeCalls(asterisk, planned, { perSecond: PER_SECOND })
  ).done;
}

async function startBare({ amiPort, users }: Asterisk): Promise<{ stop(): Promise<number[]> }> {
  const script = fileURLToPath(new URL('./redirect-bare.ts', import.meta.url));
  const { username, secret } = users.safe;
  const args = ['--import', 'tsx', script, String(amiPort), username, secret, BARE, `PJSIP/${OWNER}`];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout);
  await once(lines, 'line');
  let told: Promise<number[]> | null = null;
  return {
    stop: () =>
      (told ??= (async () => {
        const heard = once(lines, 'line');
        child.stdin.end();
        const [line] = (await heard) as [string];
        return JSON.parse(line) as number[];
      })()),
  };
}

/** By the PBX's own stamps, milliseconds. The warm-up's calls came first and are left out. */
function waitsOn({ messages }: AmiProbe, line: string): number[] {
  const stamp = (message: (typeof messages)[number]) => Number(headerOf(message, 'Timestamp')) * 1_000;
  const asked = new Map<string, number>();
  const waits: number[] = [];
  for (const message of messages) {
    const uid = headerOf(message, 'Uniqueid') ?? '';
    const event = headerOf(message, 'Event');
    if (event === 'UserEvent' && headerOf(message, 'Line') === line) asked.set(uid, stamp(message));
    const since = asked.get(uid);
    if (event !== 'DialBegin' || since === undefined) continue;
    asked.delete(uid);
    waits.push(stamp(message) - since);
  }
  return waits.slice(-CALLS);
}

async function wireOf(pool: Pool): Promise<number[]> {
  const { rows } = await pool.query<{ ms: number }>(
    "SELECT (decision->>'wireMs')::float8 AS ms FROM redirect_decisions WHERE decision->>'action' = 'go'",
  );
  return rows.map(({ ms }) => ms);
}

interface Measured {
  ours: number[];
  bare: number[];
  roundTrips: number[];
  wire: number[];
}

function linesOf(version: 16 | 22, { ours, bare, roundTrips, wire }: Measured): BenchResult[] {
  const name = (what: string) => `redirect: ${what}, Asterisk ${version}`;
  const roundTrip = at(sorted(roundTrips), 0.5);
  const over = at(ours, 0.5) - at(bare, 0.5) - roundTrip;
  const overP95 = at(ours, 0.95) - at(bare, 0.95);
  const beside = (share: number) => ({
    unit: 'ms',
    value: at(ours, share),
    peer: { name: 'a client that redirects blindly', value: at(bare, share) },
    ratio: round(at(bare, share) / at(ours, share)),
    note: `${ours.length} calls beside ${bare.length}`,
  });
  return [
    { name: name('UserEvent to DialBegin, median'), ...beside(0.5) },
    { name: name('UserEvent to DialBegin, p95'), ...beside(0.95) },
    { name: name('one AMI round trip, median'), unit: 'ms', value: roundTrip, note: `${roundTrips.length} pings` },
    {
      name: name('median over the peer’s and one round trip'),
      unit: 'ms',
      value: round(over),
      note: `allowed ${ALLOWED.medianMs}: ${over <= ALLOWED.medianMs ? 'met' : 'missed'}`,
    },
    {
      name: name('p95 over the peer’s'),
      unit: 'ms',
      value: round(overP95),
      note: `allowed ${ALLOWED.p95Ms}: ${overP95 <= ALLOWED.p95Ms ? 'met' : 'missed'}`,
    },
    {
      name: name('event read to Redirect on the wire, median'),
      unit: 'ms',
      value: at(wire, 0.5),
      note: `by the daemon’s own account; p95 ${at(wire, 0.95)}, ${wire.length} calls`,
    },
  ];
}

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
const round = (value: number): number => Math.round(value * 100) / 100;

function at(ordered: readonly number[], share: number): number {
  return round(ordered[Math.max(0, Math.ceil(ordered.length * share) - 1)] ?? NaN);
}
