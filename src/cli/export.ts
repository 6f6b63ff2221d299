import { parseArgs } from 'node:util';
import { exportEnterprises } from '../integrations/export-enterprises.js';
import type { CommandContext } from './command.js';
import { withWorkbench } from './workbench.js';

export async function exportFile(context: CommandContext): Promise<number> {
  const { values } = parseArgs({
    args: context.argv,
    options: { 'with-secrets': { type: 'boolean', default: false } },
  });
  return withWorkbench(context, async ({ database, vault, secretFields }) => {
    const text = await exportEnterprises(database.pool, { vault, secretFields }, values['with-secrets']);
    context.stdout(text.trimEnd());
    return 0;
  });
}
