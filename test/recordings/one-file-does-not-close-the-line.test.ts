import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/platform/clock.js';
import { createHttpStreams } from '../../src/platform/http-streams.js';
import { SourceFailure } from '../../src/recordings/ports.js';
import type { RecordingEnterprise } from '../../src/recordings/ports.js';
import { createSources } from '../../src/recordings/sources.js';
import { describeWith } from '../pbx/available.js';
import { startSshHost, type SshHost } from '../pbx/sshd.js';
import { wave } from './ground.js';

const LONG = wave(600);

describeWith(['asterisk-22'], 'a line to a host that several read by', () => {
  test('stays where one file cannot be read, and is opened anew where it is lost', async () => {
    await using host = await startSshHost({ version: 22 });
    await using sources = open();
    const enterprise = enterpriseOn(host);
    writeFileSync(join(host.folder, 'long.wav'), LONG);
    writeFileSync(join(host.folder, 'closed.wav'), wave(1));
    chmodSync(join(host.folder, 'closed.wav'), 0o000);

    const heard = await sources.use(enterprise, async (source) => {
      const pieces = (await source.read('long.wav')) as AsyncIterable<Buffer>;
      const chunks: Buffer[] = [];
      for await (const chunk of pieces) {
        chunks.push(chunk);
        if (chunks.length > 1) continue;
        // In the midst of it, others find that theirs cannot be had.
        const bad = ['closed.wav', 'none.wav'].map((path) =>
          sources.use(enterprise, async (same) => all(await same.read(path))),
        );
        expect((await Promise.allSettled(bad)).map((one) => one.status === 'rejected' && String(one.reason))).toEqual([
          expect.stringMatching(/Permission denied/),
          expect.stringMatching(/No such file/),
        ]);
        const short = sources.use(enterprise, () => Promise.reject(new Error('the disk is full')));
        await expect(short).rejects.toThrow('the disk is full');
      }
      return Buffer.concat(chunks);
    });
    expect(heard.equals(LONG)).toBe(true);
    expect(logins(host)).toBe(1);

    const cut = sources.use(enterprise, async (source) => {
      const stream = await source.read('long.wav');
      for await (const chunk of stream as AsyncIterable<Buffer>) if (chunk.length > 0) await host.kill();
    });
    await expect(cut).rejects.toThrow(SourceFailure);
    await host.start();
    const part = await sources.use(enterprise, async (source) =>
      all(await source.read('long.wav', { start: 0, end: 99 })),
    );
    expect(part.equals(LONG.subarray(0, 100))).toBe(true);
    expect(logins(host)).toBe(2);
  });
});

function open() {
  const stopping = new AbortController();
  const streams = createHttpStreams();
  const hostKeys = { pin: (_host: string, _port: number, seen: string) => Promise.resolve(seen) };
  const sources = createSources({ streams, hostKeys, clock: systemClock, signal: stopping.signal });
  return Object.assign(sources, {
    async [Symbol.asyncDispose]() {
      sources.close();
      stopping.abort();
      await streams.close();
    },
  });
}

function enterpriseOn({ host, port, users, privateKey }: SshHost): RecordingEnterprise {
  return {
    number: '0367',
    recordings: {
      ...{ from: 'sftp', root: '/', pbxRoot: '/', url: null, username: null, password: null, file: '{name}' },
      ...{ timezone: 'UTC', format: 'as-is', mp3Kbps: 64, keepDays: 1, linkDays: null },
    },
    ssh: { host, port, username: users.files, password: null, privateKey, hostKey: null },
  };
}

async function all(stream: Readable): Promise<Buffer> {
  return Buffer.concat((await stream.toArray()) as Buffer[]);
}

function logins(host: SshHost): number {
  return host
    .log()
    .split('\n')
    .filter((line) => line.includes('Accepted publickey')).length;
}
