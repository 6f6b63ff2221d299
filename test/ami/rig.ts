import type { Clock } from '../../src/platform/clock.js';
import { systemClock } from '../../src/platform/clock.js';
import type { TrunklineError } from '../../src/platform/errors.js';
import { createLogger } from '../../src/platform/log.js';
import type { AmiMessage } from '../../src/ami/message.js';
import { AmiSession } from '../../src/ami/session.js';
import type { SessionSettings } from '../../src/ami/session.js';
import { planLink } from '../../src/ami/target.js';
import type { PbxTarget } from '../../src/ami/target.js';
import type { AmiServer, AmiServerOptions } from '../support/ami-server.js';
import { startAmiServer } from '../support/ami-server.js';
import { until } from '../support/until.js';

export type TransportName = 'native' | 'asterisk-manager';

export function targetOf(port: number, changes: Partial<PbxTarget> = {}): PbxTarget {
  return {
    key: `127.0.0.1:${String(port)}`,
    host: '127.0.0.1',
    port,
    tls: false,
    username: 'crm',
    secret: 'crm-secret',
    transport: 'auto',
    md5: false,
    encoding: null,
    allowPlain: false,
    eventMask: 'call,user,cdr',
    ...changes,
  };
}

/** Quick enough for tests, patient enough for a busy machine. */
export const QUICK: Partial<SessionSettings> = {
  backoff: { firstMs: 10, maxMs: 100, authFirstMs: 400, authFactor: 4, authMaxMs: 60_000 },
};

export interface RigOptions {
  transport: TransportName;
  target?: Partial<PbxTarget>;
  server?: AmiServerOptions;
  settings?: Partial<SessionSettings>;
  clock?: Clock;
  /** Do not wait for the first log-in. */
  noWait?: boolean;
}

export interface Rig {
  server: AmiServer;
  session: AmiSession;
  events: AmiMessage[];
  /** Events lost to what a caller wrote into them, and their channels. */
  cuts: [string, string][];
  /** `up` and the code of every loss, in order. */
  turns: string[];
  /** Log lines, parsed. */
  lines: Record<string, unknown>[];
  log: string[];
  up(count?: number): Promise<void>;
  lost(count?: number): Promise<void>;
  /** The first event of that name. */
  event(name: string): Promise<AmiMessage>;
}

/** A session against a server of the test's own; both are gone afterwards. */
export async function withSession(options: RigOptions, run: (rig: Rig) => Promise<void>): Promise<void> {
  const server = await startAmiServer(options.server ?? {});
  const target = targetOf(server.port, { transport: options.transport, ...options.target });
  const events: AmiMessage[] = [];
  const cuts: [string, string][] = [];
  const turns: string[] = [];
  const log: string[] = [];
  const session = new AmiSession({
    target,
    plan: planLink(target),
    clock: options.clock ?? systemClock,
    log: createLogger('debug', { write: (line) => log.push(line) }),
    settings: { ...QUICK, ...options.settings },
    listener: {
      onUp: () => turns.push('up'),
      onEvent: (message) => events.push(message),
      onCut: (event, channel) => cuts.push([event, channel]),
      onLost: (why: TrunklineError) => turns.push(why.code),
    },
  });
  const count = (wanted: (turn: string) => boolean) => turns.filter(wanted).length;
  const rig: Rig = {
    server,
    session,
    events,
    cuts,
    turns,
    log,
    get lines() {
      return log.map((line) => JSON.parse(line) as Record<string, unknown>);
    },
    up: async (wanted = 1) =>
      void (await until('the session to be up', () => count((turn) => turn === 'up') >= wanted)),
    lost: async (wanted = 1) => void (await until('the loss', () => count((turn) => turn !== 'up') >= wanted)),
    event: (name) => until(`event ${name}`, () => events.find((event) => event.name === name)),
  };
  session.start();
  try {
    if (!options.noWait) await rig.up();
    await run(rig);
  } finally {
    await session.stop();
    await server.close();
  }
}

/** The header lines of an event about a channel, as Asterisk writes them. */
export function channelLines(prefix: string, changes: Record<string, string> = {}): string[] {
  const headers: Record<string, string> = {
    Channel: 'PJSIP/trunk-00000001',
    ChannelState: '4',
    ChannelStateDesc: 'Ring',
    CallerIDNum: '80290000001',
    CallerIDName: '<unknown>',
    ConnectedLineNum: '<unknown>',
    ConnectedLineName: '<unknown>',
    Language: 'en',
    AccountCode: '',
    Context: 'from-trunk',
    Exten: '0001360',
    Priority: '1',
    Uniqueid: '1795386355.0',
    Linkedid: '1795386355.0',
    ...changes,
  };
  return Object.entries(headers).map(([name, value]) => `${prefix}${name}: ${value}`);
}

export function event(name: string, lines: string[], privilege = 'call,all'): string {
  return [`Event: ${name}`, `Privilege: ${privilege}`, ...lines].join('\r\n') + '\r\n\r\n';
}

export function newchannel(changes: Record<string, string> = {}): string {
  return event('Newchannel', channelLines('', changes));
}

export function hangup(changes: Record<string, string> = {}): string {
  return event('Hangup', [...channelLines('', changes), 'Cause: 16', 'Cause-txt: Normal Clearing']);
}

/** A harmless event with a number in it, to see what came through and in which order. */
export function numbered(n: number): string {
  return newchannel({ Uniqueid: `1795386355.${String(n)}`, Linkedid: `1795386355.${String(n)}` });
}

export function numbersOf(events: readonly AmiMessage[]): number[] {
  return events.filter(({ name }) => name === 'Newchannel').map((one) => Number(one.get('Uniqueid')?.split('.')[1]));
}
