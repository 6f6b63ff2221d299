/** One account of a CRM, alive for one command, with what the daemon's own connection has. */
import type { Enterprise } from '../config/enterprise.js';
import type { LiveConnection } from '../integrations/connections.js';
import { createDirectory } from '../integrations/directory.js';
import { registry } from '../integrations/registry.js';
import { systemClock } from '../platform/clock.js';
import { TrunklineError } from '../platform/errors.js';
import { parseArgs } from 'node:util';
import { openConnections } from './bench-connections.js';
import { UsageError } from './command.js';
import type { CommandContext } from './command.js';
import { withWorkbench } from './workbench.js';
import type { Workbench } from './workbench.js';

export interface OpenAccount extends Pick<LiveConnection, 'connection'> {
  bench: Workbench;
  enterprise: Enterprise;
  type: string;
}

/** Of the enterprise and CRM the command line names. */
export async function withAccount<T>(context: CommandContext, work: (account: OpenAccount) => Promise<T>): Promise<T> {
  const { positionals } = parseArgs({ args: context.argv, allowPositionals: true, options: {} });
  const [number, type] = positionals;
  if (number === undefined || type === undefined || positionals.length > 2)
    throw new UsageError('an enterprise and a CRM are asked for');
  if (!registry.some(({ id }) => id === type))
    throw new UsageError(`there is no CRM ${type}; there are ${registry.map(({ id }) => id).join(', ')}`);
  return withWorkbench(context, async (bench) => {
    const { database, vault, log } = bench;
    const directory = createDirectory({ db: database.pool, vault, clock: systemClock, log });
    await directory.refresh();
    const enterprise = directory.byNumber(number);
    if (!enterprise) throw new TrunklineError('ENTERPRISE_UNKNOWN', `there is no enterprise ${number}`);
    const { connections, close } = openConnections(bench, directory);
    try {
      const live = connections.of(number, type);
      if (!live) {
        const why = connections.problems().get(`${number}/${type}`) ?? 'it is not switched on';
        throw new TrunklineError('CONFIG_INVALID', `${type} of ${number} cannot be used: ${why}`);
      }
      return await work({ bench, enterprise, type, connection: live.connection });
    } finally {
      await close();
    }
  });
}
