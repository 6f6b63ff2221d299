import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { EnterpriseEntry } from '../config/enterprise.js';
import { parseEnterpriseFile } from '../config/enterprise-file.js';
import { registry } from '../integrations/registry.js';
import { importEnterprises } from '../integrations/import-enterprises.js';
import { inTransaction } from '../integrations/store.js';
import { TrunklineError } from '../platform/errors.js';
import { UsageError } from './command.js';
import type { CommandContext } from './command.js';
import { withWorkbench } from './workbench.js';

/** A file with a fault changes nothing, and is refused before the database is opened. */
export async function importFile(context: CommandContext): Promise<number> {
  const { positionals } = parseArgs({ args: context.argv, allowPositionals: true });
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new UsageError('name one file');
  const text = file === '-' ? readFileSync(0, 'utf8') : context.readFile(file);
  if (text === null) throw new TrunklineError('CONFIG_INVALID', `there is no file ${file}`);
  const entries = parseEnterpriseFile(text);
  return withWorkbench(context, async ({ database, vault, secretFields }) => {
    const imported = await inTransaction(database.pool, (tx) =>
      importEnterprises(tx, { vault, secretFields }, entries),
    );
    for (const warning of [...imported.warnings, ...withoutConnector(entries)]) context.stderr(`warning: ${warning}`);
    for (const number of imported.created) context.stdout(`created ${number}`);
    for (const number of imported.updated) context.stdout(`updated ${number}`);
    return 0;
  });
}

/** Settings of other kinds are kept, and nothing is sent to them. */
function withoutConnector(entries: readonly EnterpriseEntry[]): string[] {
  const known = new Set(registry.map(({ id }) => id));
  return entries.flatMap(({ number, integrations }) =>
    Object.entries(integrations)
      .filter(([type, settings]) => settings.enabled === true && !known.has(type))
      .map(([type]) => `${number}: there is no connector for ${type} yet; its settings are kept and nothing is sent`),
  );
}
