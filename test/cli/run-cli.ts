import { existsSync, readFileSync } from 'node:fs';
import { runCli } from '../../src/cli/run.js';

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a command in this process, as main.ts does, with an environment of its own. */
export async function cli(
  argv: string[],
  env: Record<string, string | undefined> = {},
  signal = new AbortController().signal,
): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCli({
    argv,
    env: { PATH: process.env['PATH'], ...env },
    stdout: (line) => out.push(line),
    stderr: (line) => err.push(line),
    readFile: (file) => (existsSync(file) ? readFileSync(file, 'utf8') : null),
    signal,
  });
  return { code, stdout: out.join('\n'), stderr: err.join('\n') };
}
