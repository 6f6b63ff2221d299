import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A thousand ports in a row for one PBX and its phones, below the range the kernel hands out by itself.
 *
 * The first port is held bound for as long as the block is in use: a bind is atomic, so two test processes never get
 * the same block, and it is free again however the process ends.
 */
export interface PortBlock {
  readonly ami: number;
  readonly sip: number;
  readonly trunk: number;
  /** The far end of a second trunk. */
  readonly reserve: number;
  /** The phone of an extension 150 … 164. */
  phone(extension: string): number;
  /** Source port, control port and media port for one SIPp process; given back with `giveBack`. */
  lend(): SippPorts;
  giveBack(ports: SippPorts): void;
  readonly rtp: readonly [first: number, last: number];
  release(): Promise<void>;
}

export interface SippPorts {
  readonly slot: number;
  readonly source: number;
  readonly control: number;
  readonly media: number;
}

const FIRST = 10_000;
const SIZE = 1_000;
const BLOCKS = 22;
const SLOTS = 40;

export async function takePortBlock(): Promise<PortBlock> {
  const start = Math.floor(Math.random() * BLOCKS);
  for (let i = 0; i < BLOCKS; i += 1) {
    const base = FIRST + ((start + i) % BLOCKS) * SIZE;
    const guard = await tryBind(base);
    if (!guard) continue;
    // A PBX whose test was killed may live a moment longer than the guard it was started under.
    if ((await tcpIsFree(base + 1)) && (await udpIsFree(base + 2))) return blockAt(base, guard);
    guard.close();
  }
  throw new Error(`no free block of ${SIZE} ports between ${FIRST} and ${FIRST + BLOCKS * SIZE}`);
}

function blockAt(base: number, guard: Socket): PortBlock {
  guard.unref();
  const lent = new Set<number>();
  return {
    ami: base + 1,
    sip: base + 2,
    trunk: base + 3,
    reserve: base + 19,
    phone: (extension) => base + 4 + (Number(extension) - 150),
    lend() {
      const slot = Array.from({ length: SLOTS }, (_, n) => n).find((n) => !lent.has(n));
      if (slot === undefined) throw new Error(`more than ${SLOTS} SIPp processes on one PBX`);
      lent.add(slot);
      return { slot, source: base + 20 + slot, control: base + 60 + slot, media: base + 100 + slot * 4 };
    },
    giveBack: (ports) => void lent.delete(ports.slot),
    rtp: [base + 300, base + SIZE - 1],
    async release() {
      guard.close();
      await once(guard, 'close');
    },
  };
}

async function tryBind(port: number): Promise<Socket | null> {
  const socket = createSocket('udp4');
  return await new Promise((resolve) => {
    socket.once('error', () => {
      socket.close();
      resolve(null);
    });
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(socket));
  });
}

async function udpIsFree(port: number): Promise<boolean> {
  const socket = await tryBind(port);
  socket?.close();
  return socket !== null;
}

async function tcpIsFree(port: number): Promise<boolean> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
