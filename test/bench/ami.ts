import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import AsteriskManager from 'asterisk-manager';
import { createPbxLinks } from '../../src/ami/links.js';
import { AmiSession } from '../../src/ami/session.js';
import { planLink } from '../../src/ami/target.js';
import type { PbxTarget } from '../../src/ami/target.js';
import { systemClock } from '../../src/platform/clock.js';
import { createLogger } from '../../src/platform/log.js';
import type { BenchResult } from './result.js';

/** Bytes come in batches of whole recorded calls, so counts are rounded up to one. */
const MANY = 120_000;
const SOME = 40_000;
const IDLE = 1_000;
const PATIENCE_MS = 20_000;

interface Source {
  port: number;
  batch: number;
  bytes: number;
  stop(): void;
}

interface Measured {
  events: number;
  perSecond: number;
  cpuMicros: number;
}

type Run = (source: Source, count: number) => Promise<{ start(): void; done: Promise<void>; stop(): Promise<void> }>;

const TRANSPORTS = ['native', 'asterisk-manager'] as const;
const silent = createLogger('silent');

/**
 * Events a second and CPU per event of a flooded loopback connection, the sender in another process: our session over both
 * transports (with header checks), asterisk-manager by itself, and a socket that only counts bytes. Then the memory of a
 * thousand idle PBX sessions.
 */
export async function benchAmi(): Promise<BenchResult[]> {
  const source = await startSource();
  try {
    const raw = await measure(source, MANY, drain);
    const alone = await measure(source, SOME, packageAlone);
    const results = [
      ...lines('AMI, raw drain of the same bytes', raw, null, 'no parsing: what the loopback can do'),
      ...lines('AMI, asterisk-manager alone', alone, null, 'its own managerevent, no session'),
    ];
    for (const transport of TRANSPORTS) {
      const count = transport === 'native' ? MANY : SOME;
      const ours = await measure(source, count, session(transport));
      results.push(...lines(`AMI, session over ${transport}`, ours, alone, 'with header checks'));
    }
    for (const transport of TRANSPORTS) results.push(...(await idle(source, transport)));
    return results;
  } finally {
    source.stop();
  }
}

/** One flood through a whole session, header checks included. */
export async function sessionEventsPerSecond(transport: (typeof TRANSPORTS)[number]): Promise<number> {
  const source = await startSource();
  try {
    return (await measure(source, SOME, session(transport))).perSecond;
  } finally {
    source.stop();
  }
}

function lines(name: string, measured: Measured, alone: Measured | null, note: string): BenchResult[] {
  const peer = 'asterisk-manager alone';
  const against = (ours: number, theirs: number, isMoreBetter: boolean) => ({
    peer: { name: peer, value: theirs },
    ratio: isMoreBetter ? ours / theirs : theirs / ours,
  });
  const { perSecond, cpuMicros } = measured;
  return [
    { name, unit: 'events/s', value: perSecond, note, ...(alone ? against(perSecond, alone.perSecond, true) : {}) },
    {
      name,
      unit: 'CPU µs/event',
      value: cpuMicros,
      note,
      ...(alone ? against(cpuMicros, alone.cpuMicros, false) : {}),
    },
  ];
}

async function measure(source: Source, wanted: number, run: Run): Promise<Measured> {
  const events = Math.ceil(wanted / source.batch) * source.batch;
  const client = await run(source, events);
  try {
    const cpu = process.cpuUsage();
    const from = performance.now();
    client.start();
    await within(client.done, `${String(events)} events`);
    const seconds = (performance.now() - from) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    return { events, perSecond: events / seconds, cpuMicros: (user + system) / events };
  } finally {
    await client.stop();
  }
}

/** A socket that counts bytes; the log-in before is the price of the same server. */
const drain: Run = async (source, count) => {
  const socket = connect(source.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write('Action: Login\r\nUsername: crm\r\nSecret: crm-secret\r\n\r\n');
  await once(socket, 'data');
  const wanted = (count / source.batch) * source.bytes;
  let read = 0;
  const done = new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      read += chunk.length;
      if (read >= wanted) resolve();
    });
  });
  return { start: () => socket.write(flood(count)), done, stop: async () => void socket.destroy() };
};

const packageAlone: Run = async (source, count) => {
  const manager = AsteriskManager(source.port, '127.0.0.1', 'crm', 'crm-secret', true);
  let read = 0;
  const done = new Promise<void>((resolve) => {
    manager.on('managerevent', () => {
      if ((read += 1) >= count) resolve();
    });
  });
  // It holds the action until it is logged in.
  await new Promise<void>((resolve) => {
    manager.action({ action: 'Ping' }, () => resolve());
  });
  return {
    start: () => void manager.action({ action: 'Flood', count: String(count) }),
    done,
    stop: () => new Promise((resolve) => manager.disconnect(resolve)),
  };
};

function session(transport: PbxTarget['transport']): Run {
  return async (source, count) => {
    const target = targetOf(source, transport);
    let read = 0;
    const { promise: isUp, resolve: up } = signal();
    const { promise: done, resolve: finish } = signal();
    const client = new AmiSession({
      target,
      plan: planLink(target),
      clock: systemClock,
      log: silent,
      listener: {
        onUp: up,
        onEvent: () => {
          if ((read += 1) >= count) finish();
        },
        onCut: () => undefined,
        onLost: () => undefined,
      },
    });
    client.start();
    await within(isUp, 'the session');
    const deadlineMs = PATIENCE_MS * 2;
    return {
      start: () => void client.action('Flood', { Count: count }, { deadlineMs }).catch(() => undefined),
      done,
      stop: () => client.stop(),
    };
  };
}

async function idle(source: Source, transport: PbxTarget['transport']): Promise<BenchResult[]> {
  let live = 0;
  const { promise: allLive, resolve } = signal();
  const links = createPbxLinks({
    clock: systemClock,
    log: silent,
    onFact: (_key, fact) => {
      if (fact.kind === 'snapshot' && (live += 1) === IDLE) resolve();
    },
  });
  const before = memory();
  try {
    await links.apply(
      Array.from({ length: IDLE }, (_, n) => ({ ...targetOf(source, transport), key: `pbx-${String(n)}` })),
    );
    await within(allLive, `${String(IDLE)} sessions`);
    const after = memory();
    const name = `AMI, ${String(IDLE)} idle PBX sessions over ${String(transport)}`;
    const kilobytes = (key: 'heap' | 'rss') => (after[key] - before[key]) / IDLE / 1024;
    return [
      { name, unit: 'KB of heap each', value: kilobytes('heap') },
      { name, unit: 'KB of RSS each', value: kilobytes('rss'), note: 'second run reuses pages of the first' },
    ];
  } finally {
    await links.stop();
  }
}

function memory(): { heap: number; rss: number } {
  setFlagsFromString('--expose_gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, rss };
}

function targetOf(source: Source, transport: PbxTarget['transport']): PbxTarget {
  return {
    key: 'bench',
    host: '127.0.0.1',
    port: source.port,
    tls: false,
    username: 'crm',
    secret: 'crm-secret',
    transport,
    md5: false,
    encoding: null,
    allowPlain: false,
    eventMask: 'on',
  };
}

function flood(count: number): string {
  return `Action: Flood\r\nCount: ${String(count)}\r\n\r\n`;
}

async function startSource(): Promise<Source> {
  const script = fileURLToPath(new URL('./ami-source.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await within(once(createInterface(child.stdout), 'line'), 'the source')) as [string];
  const said = JSON.parse(line) as Omit<Source, 'stop'>;
  return { ...said, stop: () => void child.stdin.end() };
}

function signal(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

async function within<T>(awaited: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the bench waited in vain for ${what}`)), PATIENCE_MS);
  });
  try {
    return await Promise.race([awaited, late]);
  } finally {
    clearTimeout(timer);
  }
}
