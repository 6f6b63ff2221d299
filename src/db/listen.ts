import pg from 'pg';
import type { Clock } from '../platform/clock.js';
import { systemClock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import { connectionOf } from './pool.js';

/** Every channel there is. The first is the old system's own name: its dashboard and ours both send it. */
export const CHANNELS = {
  /** Payload: enterprise number. */
  config: 'integration_config_changed',
  /** Rows of `deliveries` were added or became due. */
  deliveries: 'trunkline_deliveries',
  /** Payload: PBX key. Rows of `webhook_inbox` were added. */
  inbox: 'trunkline_inbox',
  /** A row of `recovery_requests` was added. */
  recovery: 'trunkline_recovery',
} as const;

export interface ListenerOptions {
  url: string;
  /** By channel name. An error of a handler is logged and goes no further. */
  channels: Record<string, (payload: string) => void>;
  /** Called each time listening has begun, the first time too: what was sent before that was not heard, so look. */
  onReconnect?: () => void;
  log?: Logger;
  clock?: Clock;
}

export interface Listener {
  start(): void;
  connected(): boolean;
  stop(): Promise<void>;
}

const PING_MS = 20_000;
const MAX_WAIT_MS = 10_000;

/**
 * One connection that listens, for as long as it is not stopped. Lost or refused, it comes back after 100 ms to 10 s
 * with jitter. A ping finds the half-open link that would stay silent for ever.
 */
export function createListener(options: ListenerOptions): Listener {
  const { url, channels, onReconnect, log, clock = systemClock } = options;
  const stopping = new AbortController();
  let running: Promise<void> | null = null;
  let connected = false;

  function guarded(what: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      log?.error({ err: error, what }, 'a listener failed');
    }
  }

  /** Resolves when the connection is over; true if it had got as far as listening. */
  async function listenOnce(): Promise<boolean> {
    const db = new pg.Client(connectionOf(url, { name: 'trunkline-listen', answerMs: 10_000 }));
    const over = new AbortController();
    const end = () => over.abort();
    db.on('error', end);
    db.on('end', end);
    db.on('notification', ({ channel, payload }) => guarded(channel, () => channels[channel]?.(payload ?? '')));
    stopping.signal.addEventListener('abort', end, { once: true });
    try {
      await db.connect();
      for (const channel of Object.keys(channels)) await db.query(`LISTEN ${db.escapeIdentifier(channel)}`);
      if (over.signal.aborted) return false;
      connected = true;
      if (onReconnect) guarded('onReconnect', onReconnect);
      while (!over.signal.aborted) {
        await clock.sleep(PING_MS, over.signal);
        if (!over.signal.aborted) await db.query('SELECT 1');
      }
      return true;
    } catch (error) {
      if (!stopping.signal.aborted) log?.warn({ err: String(error) }, 'not listening to the database');
      return connected;
    } finally {
      connected = false;
      stopping.signal.removeEventListener('abort', end);
      await db.end().catch(() => undefined);
    }
  }

  async function run(): Promise<void> {
    let wait = 100;
    while (!stopping.signal.aborted) {
      if (await listenOnce()) wait = 100;
      if (stopping.signal.aborted) return;
      await clock.sleep(wait * (0.5 + Math.random()), stopping.signal);
      wait = Math.min(wait * 2, MAX_WAIT_MS);
    }
  }

  return {
    start() {
      running ??= run();
    },
    connected: () => connected,
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
