import { parseArgs } from 'node:util';
import { rotateSecrets } from '../integrations/rotate-secrets.js';
import type { CommandContext } from './command.js';
import { withWorkbench } from './workbench.js';

export async function secretsRotate(context: CommandContext): Promise<number> {
  parseArgs({ args: context.argv });
  return withWorkbench(context, async ({ config, database, box }) => {
    const fromFile = config.secretKeys === null;
    const count = await rotateSecrets({ pool: database.pool, box, dataDir: fromFile ? config.dataDir : null });
    context.stdout(`${count} secrets sealed with key ${box.currentKeyId()}.`);
    if (!fromFile && config.secretKeys?.length === 1) {
      context.stdout(
        'TRUNKLINE_SECRET_KEY holds one key. To change it: put the new one before it, with a comma, everywhere;',
      );
      context.stdout('restart the daemons; run this again; then take the old one out.');
    }
    return 0;
  });
}
