import type { ReadFile } from '../config/env.js';

/** What a command is given; it touches nothing else of the process. */
export interface CommandContext {
  /** The arguments after the command's name. */
  argv: string[];
  env: Readonly<Record<string, string | undefined>>;
  /** Writes one line. */
  stdout(line: string): void;
  stderr(line: string): void;
  readFile: ReadFile;
  /** Aborted by SIGINT and SIGTERM. */
  signal: AbortSignal;
}

/** @returns the exit code */
export type Run = (context: CommandContext) => Promise<number>;

export interface Command {
  /** One or two words: `enterprise list`. */
  name: string;
  /** Arguments, as help shows them. */
  usage: string;
  summary: string;
  /** Loaded when it is run: a command pays for its own imports only. */
  load(): Promise<Run>;
}

/** The command was called wrongly: exit code 2, with its usage. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
