/** The lane of recordings with its addresses, on a real database, over files a test writes: everything but the calls and the CRMs. */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify from 'fastify';
import { createErrorHandler } from '../../src/http/errors.js';
import type { CallEvent, CallFacts } from '../../src/calls/vocabulary.js';
import { enterpriseEntry } from '../../src/config/enterprise.js';
import type { Enterprise } from '../../src/config/enterprise.js';
import type { AppConfig } from '../../src/config/env.js';
import { resolveEnterprise } from '../../src/config/resolve.js';
import { inTransaction } from '../../src/db/tx.js';
import { systemClock } from '../../src/platform/clock.js';
import { createLogger } from '../../src/platform/log.js';
import { createMetrics } from '../../src/platform/metrics.js';
import { createRecordingsJoint } from '../../src/recordings-joint.js';
import type { RecordingsJoint } from '../../src/recordings-joint.js';
import { waveHeader } from '../../src/recordings/header.js';
import { callFactsOf } from '../support/call-facts.js';
import { createTestDb, type TestDb } from '../support/db.js';
import { until } from '../support/until.js';

export const NUMBER = '0367';
/** Times shortened, in the proportions of the real ones. */
export const QUICK = {
  firstLookMs: 20,
  stableMs: 100,
  waitMs: 4_000,
  absentMs: 1_200,
  unsaidMs: 600,
  unsoundMs: 1_500,
  pollMs: 20,
} as const;

export interface Ground extends AsyncDisposable {
  db: TestDb;
  joint: RecordingsJoint;
  /** Where the PBX has its files, and where ours are. */
  monitor: string;
  dataDir: string;
  url: string;
  /** `recording.ready`, as told. */
  told: CallEvent[];
  log: string[];
  /** Its end is known now; answers its call and address. */
  ended(call?: Partial<CallFacts>, uids?: readonly string[]): Promise<{ call: CallFacts; link: string }>;
  /** The state as soon as it is one of these. */
  state(callId: string, ...wanted: string[]): Promise<Row>;
}

export interface Row {
  state: string;
  bytes: number | null;
  parts: number;
  damaged: boolean;
  last_error: string | null;
  stored_as: string | null;
  looks: number;
}

export interface GroundOptions {
  /** Over `from: folder` and the test's own folder. */
  recordings?: object;
  enterprise?: object;
  config?: AppConfig['recordings'];
  db?: TestDb;
  dataDir?: string;
  monitor?: string;
}

export async function openGround(options: GroundOptions = {}): Promise<Ground> {
  const db = options.db ?? (await createTestDb());
  const home = await mkdtemp(join(tmpdir(), 'trunkline-recordings-'));
  const monitor = options.monitor ?? join(home, 'monitor');
  const dataDir = options.dataDir ?? join(home, 'data');
  await mkdir(monitor, { recursive: true });
  await mkdir(dataDir, { recursive: true });
  const entry = enterpriseEntry.parse({
    number: NUMBER,
    recordings: { root: monitor, ...options.recordings },
    ...options.enterprise,
  });
  const enterprise = enterpriseOf(entry);
  const told: CallEvent[] = [];
  const log: string[] = [];
  const app = Fastify();
  const address = await app.listen({ host: '127.0.0.1', port: 0 }).then(async (url) => {
    await app.close();
    return url;
  });
  const server = Fastify({ forceCloseConnections: true });
  server.setErrorHandler(createErrorHandler(createLogger('silent')));
  const joint = createRecordingsJoint({
    pool: db.pool,
    clock: systemClock,
    log: createLogger('debug', { write: (line: string) => void log.push(line) }),
    metrics: createMetrics({ process: false }),
    config: { dataDir, publicUrl: address, recordings: { ...QUICK, ...options.config } },
    directory: { byNumber: (number) => (number === NUMBER ? enterprise : null) },
    owe: async (_tx, event) => () => void told.push(event),
    wake: () => undefined,
    mayHear: async (request, number) => request.cookies['of'] === number,
  });
  await server.register((scope) => joint.plugin(scope));
  await server.listen({ host: '127.0.0.1', port: Number(new URL(address).port) });
  const stopping = new AbortController();
  const running = joint.run(stopping.signal);
  let made = 0;

  async function state(callId: string, ...wanted: string[]): Promise<Row> {
    return until(`a recording to be ${wanted.join(' or ')}`, async () => {
      const { rows } = await db.pool.query<Row>(
        'SELECT state, bytes::float8 AS bytes, parts, damaged, last_error, stored_as, looks FROM recordings WHERE call_id = $1',
        [callId],
      );
      return rows[0] && wanted.includes(rows[0].state) ? rows[0] : null;
    });
  }

  return {
    db,
    joint,
    monitor,
    dataDir,
    url: address,
    told,
    log,
    state,
    async ended(known = {}, uids = []) {
      made += 1;
      const now = Date.now();
      const uid = known.uid ?? `${Math.floor(now / 1_000)}.${made}`;
      const call = callFactsOf({
        id: randomUUID(),
        enterprise: NUMBER,
        uid,
        startedAt: now - 30_000,
        endedAt: now,
        answeredAt: now - 20_000,
        result: 'answered',
        ...known,
      });
      const event: CallEvent = { kind: 'call.finished', seq: 3, at: now, call };
      const expected = await inTransaction(db.pool, async (tx) => {
        await tx.query(
          `INSERT INTO calls (id, enterprise_number, external_id, pbx, unique_id, direction, started_at, facts)
           VALUES ($1, $2, $3, $4, $5, $6, to_timestamp($7::float8 / 1000), $8)`,
          [call.id, NUMBER, call.externalId, call.pbx, uid, call.direction, call.startedAt, JSON.stringify(call)],
        );
        for (const one of [uid, ...uids])
          await tx.query('INSERT INTO call_uids (pbx, uid, call_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', [
            call.pbx,
            one,
            call.id,
          ]);
        return (await joint.expect(tx, [event])).get(event);
      });
      joint.kick();
      return { call, link: expected?.link ?? '' };
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await running;
      await server.close();
      await joint.close();
      if (!options.db) await db.drop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

function enterpriseOf(entry: ReturnType<typeof enterpriseEntry.parse>): Enterprise {
  return resolveEnterprise(entry, {
    name: 'Example Ltd',
    token: null,
    clientId: '',
    address: null,
    takeoverAt: null,
    version: 1,
    pbxSecret: '',
    smartRedirectSecret: null,
    sshPassword: entry.ssh?.password ?? null,
    sshPrivateKey: entry.ssh?.privateKey ?? null,
    recordingsPassword: entry.recordings?.password ?? null,
    integrations: {},
  });
}

/** PCM of 8,000 samples a second, as Asterisk's `wav`. */
export const FORMAT = Buffer.from('0100010040 1f0000803e000002001000'.replaceAll(' ', ''), 'hex');

/** A recording of so many seconds; `claims` is what its header says it has. */
export function wave(seconds: number, claims = seconds, sign = 7): Buffer {
  return Buffer.concat([
    waveHeader(FORMAT, Math.round(claims * 16_000)),
    Buffer.alloc(Math.round(seconds * 16_000), sign),
  ]);
}

export async function record(ground: Ground, name: string, bytes: Buffer): Promise<void> {
  await writeFile(join(ground.monitor, name), bytes);
}
