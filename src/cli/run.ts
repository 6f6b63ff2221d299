import { readFileSync } from 'node:fs';
import { TrunklineError } from '../platform/errors.js';
import { UsageError } from './command.js';
import type { Command, CommandContext } from './command.js';
import { commands } from './commands.js';

/** 0 done, 1 failed, 2 called wrongly. */
export async function runCli(context: CommandContext, known: readonly Command[] = commands): Promise<number> {
  const [first, second] = context.argv;
  if (first === undefined || ['help', '--help', '-h'].includes(first)) {
    const asked = known.find((command) => command.name.split(' ')[0] === second);
    context.stdout(asked ? helpOf(known.filter((command) => command.name.split(' ')[0] === second)) : help(known));
    return first === undefined ? 2 : 0;
  }
  if (first === 'version' || first === '--version') {
    context.stdout(version());
    return 0;
  }
  const command = known.find(({ name }) => name === first || name === `${first} ${second}`);
  if (!command) {
    const family = known.filter(({ name }) => name.startsWith(`${first} `));
    context.stderr(family.length > 0 ? helpOf(family) : `trunkline: there is no command ${first}; try trunkline help`);
    return 2;
  }
  const argv = context.argv.slice(command.name.split(' ').length);
  if (argv.includes('--help') || argv.includes('-h')) {
    context.stdout(helpOf([command]));
    return 0;
  }
  try {
    return await (
      await command.load()
    )({ ...context, argv });
  } catch (error) {
    return explain(error, command, context);
  }
}

function explain(error: unknown, command: Command, { stderr }: CommandContext): number {
  if (error instanceof UsageError || isParseArgsError(error)) {
    stderr(`trunkline: ${(error as Error).message}\n${helpOf([command])}`);
    return 2;
  }
  if (error instanceof TrunklineError) stderr(`trunkline: ${error.code}\n${error.message}`);
  else stderr(`trunkline: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return 1;
}

function isParseArgsError(error: unknown): boolean {
  return error instanceof Error && String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS');
}

function help(known: readonly Command[]): string {
  const width = Math.max(...known.map(({ name }) => name.length));
  const lines = known.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    'usage: trunkline COMMAND …',
    '',
    ...lines,
    '',
    'Settings come from the environment: see docs/operation.md.',
  ].join('\n');
}

function helpOf(some: readonly Command[]): string {
  return some
    .map(({ name, usage, summary }) => `usage: trunkline ${name} ${usage}`.trimEnd() + `\n  ${summary}`)
    .join('\n');
}

function version(): string {
  // The same place from src/cli and from dist/cli.
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
