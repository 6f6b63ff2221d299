/** The daemon as an operator runs it: a process of its own, killed and started at will. It dies with this process. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { keepProcess } from '../pbx/kept-process.js';
import type { KeptProcess } from '../pbx/kept-process.js';
import { freePort } from '../support/free-port.js';
import { sleep } from './waiting.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const COMMAND = [process.execPath, '--import', 'tsx', 'src/main.ts', 'serve'];

export interface Daemon {
  readonly url: string;
  /** Null before it was started. */
  pid(): number | null;
  start(): Promise<void>;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGSTOP for so long, then SIGCONT: as a host does that has no time for it. */
  freeze(ms: number): Promise<void>;
  /** SIGTERM, and SIGKILL after 20 s. Resolves with the exit code. */
  stop(): Promise<number>;
  running(): boolean;
  /** The value of one metric, or null while nobody answers. */
  metric(name: string): Promise<number | null>;
  /** Everything it logged, over all its lives. */
  log(): Promise<string>;
}

export async function createDaemon(env: Readonly<Record<string, string>>, logFile: string): Promise<Daemon> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let process_: KeptProcess | null = null;
  return {
    url,
    pid: () => process_?.pid ?? null,
    async start() {
      if (process_?.running()) throw new Error('the daemon is running');
      process_ = await keepProcess({
        command: ['/bin/sh', '-c', 'log=$1; shift; exec "$@" >>"$log" 2>&1', 'daemon', logFile, ...COMMAND],
        cwd: ROOT,
        env: { TRUNKLINE_HTTP_PORT: String(port), HOME: process.env['HOME'] ?? '/', ...env },
      });
    },
    async kill() {
      await process_?.stop('SIGKILL', 5_000);
    },
    async freeze(ms) {
      process_?.signal('SIGSTOP');
      await sleep(ms);
      process_?.signal('SIGCONT');
    },
    async stop() {
      return (await process_?.stop('SIGTERM', 20_000)) ?? 0;
    },
    running: () => process_?.running() ?? false,
    async metric(name) {
      try {
        const text = await (await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(2_000) })).text();
        const value = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1];
        return value === undefined ? null : Number(value);
      } catch {
        return null;
      }
    },
    log: () => readFile(logFile, 'utf8').catch(() => ''),
  };
}
