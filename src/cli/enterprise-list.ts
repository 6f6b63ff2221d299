import { parseArgs } from 'node:util';
import { enterpriseOf } from '../integrations/enterprise-row.js';
import { readAll } from '../integrations/store.js';
import type { EnterpriseRow } from '../integrations/store.js';
import type { CommandContext } from './command.js';
import { table } from './table.js';
import { withWorkbench } from './workbench.js';

interface Listed {
  number: string;
  name: string;
  mode: string;
  pbx: string;
  sources: string;
  integrations: string;
}

export async function enterpriseList(context: CommandContext): Promise<number> {
  const { values } = parseArgs({ args: context.argv, options: { json: { type: 'boolean', default: false } } });
  return withWorkbench(context, async ({ database }) => {
    const listed = (await readAll(database.pool)).map(listedOf);
    if (values.json) for (const enterprise of listed) context.stdout(JSON.stringify(enterprise));
    else
      for (const line of table(['number', 'name', 'mode', 'pbx', 'sources', 'integrations'], listed))
        context.stdout(line);
    return 0;
  });
}

function listedOf(row: EnterpriseRow): Listed {
  const { number, name } = row;
  try {
    const enterprise = enterpriseOf(row, () => null, {});
    const enabled = Object.entries(enterprise.integrations).filter(([, settings]) => settings['enabled'] === true);
    return {
      number,
      name,
      mode: row.running ? enterprise.mode : 'disabled',
      pbx: enterprise.pbxKey,
      sources: enterprise.sources.join(','),
      integrations: enabled.map(([type]) => type).join(','),
    };
  } catch {
    return { number, name, mode: 'unreadable', pbx: '', sources: '', integrations: '' };
  }
}
