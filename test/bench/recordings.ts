/** Memory while fifty recordings of 200 MB are served at once, to clients that read slower than a disk gives. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { BenchResult } from './result.js';

const CLIENTS = 50;
const BYTES = 200 * 1024 * 1024;

export async function benchRecordings(): Promise<BenchResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-bench-recordings-'));
  for (let n = 0; n < CLIENTS; n += 1) {
    await writeFile(join(folder, `${n}.wav`), '');
    await truncate(join(folder, `${n}.wav`), BYTES);
  }
  const server = spawn(
    process.execPath,
    ['--import', 'tsx', new URL('recordings-server.ts', import.meta.url).pathname, folder, String(BYTES)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  try {
    const [line] = (await once(server.stdout, 'data')) as [Buffer];
    const url = line.toString().trim();
    await read(`${url}/recordings/file/${tokenOf(0)}`, 1024 * 1024);
    const idle = await megabytes(server.pid, 'VmRSS');
    let most = idle;
    const watch = setInterval(() => {
      void megabytes(server.pid, 'VmRSS').then((now) => (most = Math.max(most, now)));
    }, 50);
    const began = performance.now();
    const read_ = await Promise.all(
      Array.from({ length: CLIENTS }, (_, n) => read(`${url}/recordings/file/${tokenOf(n)}`, BYTES)),
    );
    clearInterval(watch);
    const seconds = (performance.now() - began) / 1_000;
    if (read_.some((bytes) => bytes !== BYTES)) throw new Error('a recording was not served whole');
    const peak = await megabytes(server.pid, 'VmHWM');
    return [
      {
        name: `memory above idle, ${CLIENTS} recordings of 200 MB at once`,
        unit: 'MB',
        value: Math.round(Math.max(most, peak) - idle),
        note: `idle ${Math.round(idle)} MB, most ${Math.round(peak)} MB, ${Math.round((CLIENTS * 200) / seconds)} MB/s`,
      },
    ];
  } finally {
    server.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
}

const tokenOf = (n: number): string => `token-of-a-recording-${String(n).padStart(4, '0')}`;

async function read(url: string, most: number): Promise<number> {
  const request = get(url, { agent: false });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += (chunk as Buffer).length;
    if (bytes >= most) break;
  }
  request.destroy();
  return Math.min(bytes, most);
}

async function megabytes(pid: number | undefined, name: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid ?? 0}/status`, 'utf8');
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024;
}
