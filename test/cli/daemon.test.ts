import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { withDb } from '../support/db.js';
import { listenDatagrams } from '../systemd/datagram-socket.js';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

describe('the daemon as a process', () => {
  it('tells systemd READY, WATCHDOG, RELOADING and STOPPING, and ends with 0', async () => {
    await withDb(async ({ url }) => {
      const folder = mkdtempSync(path.join(os.tmpdir(), 'trunkline-daemon-'));
      const address = path.join(folder, 'notify');
      const socket = await listenDatagrams(address);
      const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', main, 'serve'], {
        env: {
          PATH: process.env['PATH'],
          DATABASE_URL: url,
          TRUNKLINE_DATA_DIR: path.join(folder, 'data'),
          TRUNKLINE_HTTP_PORT: '0',
          TRUNKLINE_LOG_LEVEL: 'warn',
          NOTIFY_SOCKET: address,
          WATCHDOG_USEC: '1000000',
        },
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      const ended = once(child, 'exit');
      try {
        const ready = await socket.heard('READY=1');
        const base = /serving (\S+)/.exec(ready)?.[1] ?? '';
        expect((await fetch(`${base}/healthz`)).status).toBe(200);
        await socket.heard('WATCHDOG=1');
        child.kill('SIGHUP');
        await socket.heard('RELOADING=1');
        child.kill('SIGTERM');
        await socket.heard('STOPPING=1');
        expect(await ended).toEqual([0, null]);
        // READY once more after the reload.
        expect(socket.messages.filter((message) => message.startsWith('READY=1'))).toHaveLength(2);
      } finally {
        child.kill('SIGKILL');
        await ended;
        await socket.close();
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });
});
