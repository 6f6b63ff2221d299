import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

/**
 * A child process that cannot outlive its test.
 *
 * A small shell is its parent and reads a pipe that only this process holds open. However this process ends, the pipe
 * closes, the shell sees the end of file, kills the child with SIGKILL and removes `removeAfter`. The shell also keeps
 * the child's pid from being given to somebody else before it is collected.
 */
const KEEPER = `
exec 4<&0
"$@" </dev/null 3>&- 4<&- & child=$!
echo $child >&3
exec 3>&-
( while read -r _ <&4; do :; done; kill -KILL $child; [ -z "$REMOVE_AFTER" ] || rm -rf "$REMOVE_AFTER" ) >/dev/null 2>&1 & guard=$!
wait $child; code=$?
kill -KILL $guard 2>/dev/null
exit $code
`;

export interface KeptProcess {
  /** The child's own pid (not the keeper's). */
  readonly pid: number;
  readonly exited: Promise<number>;
  running(): boolean;
  /** Sends the signal; waits up to `graceMs`, then SIGKILL. Harmless when it has already ended. */
  stop(signal: NodeJS.Signals, graceMs: number): Promise<number>;
  signal(signal: NodeJS.Signals): void;
  /** The last 16 KiB of what it wrote to stdout and stderr: for error messages. */
  output(): string;
}

export interface KeepOptions {
  readonly command: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly removeAfter?: string;
}

export async function keepProcess(options: KeepOptions): Promise<KeptProcess> {
  const keeper = spawn('/bin/sh', ['-c', KEEPER, 'keeper', ...options.command], {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'] ?? '', ...options.env, REMOVE_AFTER: options.removeAfter ?? '' },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: Buffer) => (output = (output + chunk.toString('latin1')).slice(-16_384));
  keeper.stdout?.on('data', keep);
  keeper.stderr?.on('data', keep);
  const exited = waitForExit(keeper);
  const pid = await toldPid(keeper);
  let ended = false;
  void exited.then(() => (ended = true));

  const signal = (name: NodeJS.Signals) => {
    if (ended) return;
    try {
      process.kill(pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  return {
    pid,
    exited,
    running: () => !ended,
    signal,
    output: () => output,
    async stop(name, graceMs) {
      signal(name);
      const timer = setTimeout(() => signal('SIGKILL'), graceMs);
      const code = await exited;
      clearTimeout(timer);
      return code;
    },
  };
}

async function waitForExit(keeper: ChildProcess): Promise<number> {
  const [code] = (await once(keeper, 'close')) as [number | null];
  return code ?? 128;
}

/** On a pipe of its own: the child may have written before the keeper names it. */
async function toldPid(keeper: ChildProcess): Promise<number> {
  const pipe = keeper.stdio[3] as Readable;
  let text = '';
  pipe.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  await Promise.race([once(pipe, 'end'), once(keeper, 'error').then(([error]) => Promise.reject(error as Error))]);
  const pid = Number(text);
  if (!Number.isInteger(pid) || pid <= 0) throw new Error('the keeper did not name its child');
  return pid;
}
