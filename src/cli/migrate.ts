import { parseArgs } from 'node:util';
import type { CommandContext } from './command.js';
import { withWorkbench } from './workbench.js';

/** Opening the database migrates it. */
export async function migrate(context: CommandContext): Promise<number> {
  parseArgs({ args: context.argv });
  return withWorkbench(context, async ({ database }) => {
    context.stdout(`The database is up to date; Trunkline's tables stand in schema ${await database.ready}.`);
    return 0;
  });
}
