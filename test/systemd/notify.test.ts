import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/platform/clock.js';
import { createLogger } from '../../src/platform/log.js';
import { createServiceNotifier } from '../../src/platform/sd-notify.js';
import { listenDatagrams } from './datagram-socket.js';
import type { DatagramSocket } from './datagram-socket.js';

const quiet = createLogger('silent');
let folder: string;
/** A search path with perl alone. */
let perlOnly: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'trunkline-notify-'));
  perlOnly = path.join(folder, 'bin');
  mkdirSync(perlOnly);
  symlinkSync(execFileSync('sh', ['-c', 'command -v perl'], { encoding: 'utf8' }).trim(), path.join(perlOnly, 'perl'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function withSocket(address: string, work: (socket: DatagramSocket) => Promise<void>): Promise<void> {
  const socket = await listenDatagrams(address);
  try {
    await work(socket);
  } finally {
    await socket.close();
  }
}

const addresses = () => [
  path.join(folder, `s-${randomBytes(4).toString('hex')}`),
  `@trunkline-${randomBytes(6).toString('hex')}`,
];

describe.each([
  ['with the search path of this machine', () => process.env['PATH']],
  ['without systemd-notify', () => perlOnly],
])('a daemon under systemd, %s', (_title, searchPath) => {
  it.each([0, 1])('is heard on a socket by path and by abstract name (%d)', async (which) => {
    const address = addresses()[which] ?? '';
    await withSocket(address, async (socket) => {
      const systemd = createServiceNotifier({ PATH: searchPath(), NOTIFY_SOCKET: address }, quiet);
      await systemd.ready('serving http://127.0.0.1:8000');
      await systemd.reloading();
      await systemd.stopping();
      await socket.heard('STOPPING=1');
      const heard = socket.messages.filter((message) => message !== 'BARRIER=1');
      expect(heard[0]).toBe('READY=1\nSTATUS=serving http://127.0.0.1:8000');
      expect(heard[1]).toMatch(/^RELOADING=1\nMONOTONIC_USEC=\d+$/);
      expect(heard[2]).toBe('STOPPING=1');
    });
  });
});

describe('the watchdog', () => {
  it('is pinged while the daemon is well, and not while it is not', async () => {
    const [address = ''] = addresses();
    await withSocket(address, async (socket) => {
      const env = {
        PATH: process.env['PATH'],
        NOTIFY_SOCKET: address,
        WATCHDOG_USEC: '200000',
        WATCHDOG_PID: String(process.pid),
      };
      let well = true;
      let asked = 0;
      const systemd = createServiceNotifier(env, quiet);
      const unwatch = systemd.watchdog(() => {
        asked += 1;
        return well;
      });
      try {
        await socket.heard('WATCHDOG=1');
        well = false;
        await systemd.reloading(); // what was on its way has arrived before this
        await socket.heard('RELOADING=1');
        const pings = () => socket.messages.filter((message) => message === 'WATCHDOG=1').length;
        const before = pings();
        const from = asked;
        while (asked < from + 4) await systemClock.sleep(20);
        expect(pings()).toBe(before);
      } finally {
        unwatch();
      }
    });
  });

  it('is nobody’s business when systemd watches another process, or none', () => {
    const env = { NOTIFY_SOCKET: '/nowhere', WATCHDOG_USEC: '2000', WATCHDOG_PID: '1' };
    const asked = () => {
      throw new Error('asked');
    };
    createServiceNotifier(env, quiet).watchdog(asked)();
    createServiceNotifier({ WATCHDOG_USEC: '2000' }, quiet).watchdog(asked)();
  });
});

describe('without systemd', () => {
  it('nothing is sent and nothing fails', async () => {
    const systemd = createServiceNotifier({}, quiet);
    await systemd.ready('x');
    await systemd.stopping();
  });

  it('a socket that is gone is logged once and stops nothing', async () => {
    const lines: string[] = [];
    const log = createLogger('info', { write: (line: string) => void lines.push(line) });
    const systemd = createServiceNotifier({ PATH: process.env['PATH'], NOTIFY_SOCKET: path.join(folder, 'gone') }, log);
    await systemd.ready('x');
    await systemd.stopping();
    expect(lines).toHaveLength(1);
  });
});
