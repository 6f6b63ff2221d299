import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { LiveChannels } from './live-channels.js';
import { readRecording, rebase } from './recording.js';
import type { Counters } from './recording.js';
import { SimulatedClient } from './simulated-client.js';

export interface SimulatedPbxOptions {
  /** 0: a free one. */
  port: number;
  /** Captured AMI sessions, one call each. */
  captures: readonly { name: string; bytes: Buffer }[];
  user: string;
  secret: string;
  /** How many times faster than it was; 1 when absent. Time stamps stay as far apart as they were. */
  speed?: number;
}

export interface SimulatedPbx {
  readonly port: number;
  /**
   * Tells a recorded call to every client that is logged in, in the time it took, as if it began now. Calls may be played
   * at the same time, each as often as one likes. Resolves when it has been told, or when the PBX stops.
   */
  play(name: string): Promise<void>;
  /** Resolves once a client is logged in. */
  connected(): Promise<void>;
  stop(): Promise<void>;
}

/** A PBX for demonstrations on 127.0.0.1: it speaks AMI over a socket and plays recorded calls. */
export async function createSimulatedPbx(options: SimulatedPbxOptions): Promise<SimulatedPbx> {
  const recordings = new Map(options.captures.map(({ name, bytes }) => [name, readRecording(bytes)]));
  const stopping = new AbortController();
  const counters: Counters = { channel: 1 };
  const channels = new LiveChannels();
  const clients = new Map<Socket, SimulatedClient>();
  const waiting: (() => void)[] = [];
  const account = {
    user: options.user,
    secret: options.secret,
    startedAt: Date.now(),
    channels,
    onLogin: () => {
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
  const server = createServer((socket) => {
    clients.set(socket, new SimulatedClient(socket, account));
    socket.on('close', () => clients.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });

  return {
    port: (server.address() as AddressInfo).port,

    async play(name) {
      const recording = recordings.get(name);
      if (!recording) throw new Error(`no recorded call ${name}`);
      const startAt = Date.now();
      const events = rebase(recording, startAt, counters);
      for (const { afterMs, text } of events) {
        const waitMs = startAt + afterMs / (options.speed ?? 1) - Date.now();
        if (waitMs > 0) await delay(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined);
        if (stopping.signal.aborted) return;
        channels.see(text, Date.now());
        for (const client of clients.values()) client.tell(text);
      }
    },

    connected() {
      if ([...clients.values()].some((client) => client.isLoggedIn)) return Promise.resolve();
      return new Promise((resolve) => waiting.push(resolve));
    },

    async stop() {
      stopping.abort();
      for (const resolve of waiting.splice(0)) resolve();
      for (const socket of clients.keys()) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
