/** The event databases of a host read into a database, without a daemon around them. */
import { randomUUID } from 'node:crypto';
import type { FleetEvent } from '../../src/calls/facts.js';
import type { TrackerContext } from '../../src/calls/tracker.js';
import { createHostKeys } from '../../src/db/host-keys.js';
import { createLogger } from '../../src/platform/log.js';
import type { Logger } from '../../src/platform/log.js';
import { openSsh } from '../../src/platform/ssh.js';
import { createEventsSource } from '../../src/recovery/events-source.js';
import type { CallsPort } from '../../src/recovery/ports.js';
import type { Progress } from '../../src/recovery/source.js';
import { inTransaction } from '../../src/recovery/store.js';
import type { Pool } from '../../src/recovery/store.js';
import { parseFleetEvent } from '../../src/webhooks/parse.js';
import { context } from '../calls/run-tracker.js';
import type { SshHost } from '../pbx/sshd.js';

export const PBX = 'webhook/0367';

export const replayContext = (): TrackerContext =>
  context({ pbx: PBX, recovered: true, ringCollectMs: 0, newCallId: randomUUID });

/** Calls are stored as the daemon stores them, and nobody is owed anything. */
export function portOn(pool: Pool): CallsPort {
  return {
    context: replayContext,
    between: (_pbx, work) => inTransaction(pool, (tx) => work(tx, 1)),
    owe: () => Promise.resolve(() => undefined),
    offer: () => undefined,
    isOurs: () => true,
    isBusy: () => false,
    now: () => Date.now(),
  };
}

export interface ReadWith {
  log?: Logger;
  read?(event: string, body: unknown): FleetEvent;
}

/** One run, from where the last one ended. */
export function readHost(host: SshHost, pool: Pool, { log, read = parseFleetEvent }: ReadWith = {}): Promise<Progress> {
  const target = { host: host.host, port: host.port, username: host.users.shell, password: host.password };
  const source = createEventsSource({
    ...{ pbx: PBX, enterprise: '0367', timezone: 'Europe/Minsk', pool, port: portOn(pool) },
    settings: { folder: host.folderInside, file: 'Listen_AMI_{date}.db', sqlite3: 'sqlite3', days: 1 },
    log: log ?? createLogger('silent'),
    open: (signal) => openSsh({ ...target, privateKey: null, hostKey: null }, createHostKeys(pool), signal),
    readRequest: (event, request) => read(event, JSON.parse(request)),
  });
  const signal = AbortSignal.timeout(20_000);
  return source.run({ until: Date.now(), window: null, signal, onProgress: () => undefined });
}

export interface StoredCall {
  uid: string;
  result: string;
  /** Unix seconds. */
  from: number;
  to: number;
}

/** Calls that are over, by when they began. */
export async function storedIn(pool: Pool): Promise<StoredCall[]> {
  const { rows } = await pool.query<StoredCall>(
    `SELECT unique_id AS uid, result, extract(epoch FROM started_at)::float8 AS "from", extract(epoch FROM ended_at)::float8 AS "to"
       FROM calls WHERE state IS NULL ORDER BY started_at`,
  );
  return rows;
}
