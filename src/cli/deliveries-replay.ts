import { parseArgs } from 'node:util';
import { replayDeliveries } from '../delivery/inspect.js';
import { deliverySettings } from '../delivery/settings.js';
import { UsageError } from './command.js';
import type { CommandContext } from './command.js';
import { withWorkbench } from './workbench.js';

/** Marks them as owed again; a running daemon sends them at once, else the next one to start. */
export async function deliveriesReplay(context: CommandContext): Promise<number> {
  const { values, positionals: ids } = parseArgs({
    args: context.argv,
    allowPositionals: true,
    options: { all: { type: 'boolean', default: false }, enterprise: { type: 'string' }, type: { type: 'string' } },
  });
  const { enterprise, type } = values;
  if (values.all === ids.length > 0) throw new UsageError('name deliveries by their ids, or --all');
  if (ids.some((id) => !/^\d+$/.test(id))) throw new UsageError('an id is a number');
  return withWorkbench(context, async ({ config, database }) => {
    const { durable } = deliverySettings(config.delivery).lifeMs;
    const filter = { ...(enterprise === undefined ? {} : { enterprise }), ...(type === undefined ? {} : { type }) };
    const replayed = await replayDeliveries(database.pool, values.all ? { filter } : { ids }, durable);
    for (const delivery of replayed) context.stdout(`${delivery.id} ${delivery.enterprise} ${delivery.type}`);
    context.stdout(`${replayed.length} deliveries will be sent again.`);
    return ids.length > replayed.length ? 1 : 0;
  });
}
