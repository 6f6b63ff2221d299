import { parseArgs } from 'node:util';
import { inTransaction } from '../integrations/store.js';
import { takeOverSecrets } from '../integrations/take-over-secrets.js';
import { UsageError } from './command.js';
import type { CommandContext } from './command.js';
import { withWorkbench } from './workbench.js';

export async function secretsTakeOver(context: CommandContext): Promise<number> {
  const { positionals } = parseArgs({ args: context.argv, allowPositionals: true });
  if (positionals.length > 1) throw new UsageError('name one enterprise, or none for all');
  return withWorkbench(context, async ({ database, vault, secretFields }) => {
    const only = positionals[0] ?? null;
    const moved = await inTransaction(database.pool, (tx) => takeOverSecrets(tx, { vault, secretFields }, only));
    for (const place of moved) context.stdout(`sealed ${place}`);
    context.stdout(`${moved.length} secrets were moved out of the JSON.`);
    return 0;
  });
}
