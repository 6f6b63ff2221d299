import { parseArgs } from 'node:util';
import { listDeliveries } from '../delivery/inspect.js';
import type { DeliveryListed, DeliveryState } from '../delivery/inspect.js';
import { UsageError } from './command.js';
import type { CommandContext } from './command.js';
import { table } from './table.js';
import { withWorkbench } from './workbench.js';

const STATES: readonly DeliveryState[] = ['pending', 'started', 'done', 'expired', 'skipped', 'dead'];

export async function deliveriesList(context: CommandContext): Promise<number> {
  const { values } = parseArgs({
    args: context.argv,
    options: {
      enterprise: { type: 'string' },
      type: { type: 'string' },
      state: { type: 'string', multiple: true, default: ['dead'] },
      call: { type: 'string' },
      limit: { type: 'string', default: '50' },
      json: { type: 'boolean', default: false },
    },
  });
  const states = statesOf(values.state);
  const limit = Number(values.limit);
  if (!Number.isInteger(limit) || limit < 1) throw new UsageError('--limit takes a number');
  return withWorkbench(context, async ({ database }) => {
    const deliveries = await listDeliveries(database.pool, {
      ...(values.enterprise === undefined ? {} : { enterprise: values.enterprise }),
      ...(values.type === undefined ? {} : { type: values.type }),
      ...(values.call === undefined ? {} : { externalId: values.call }),
      states,
      limit,
    });
    if (values.json) for (const delivery of deliveries) context.stdout(JSON.stringify(delivery));
    else for (const line of table(COLUMNS, deliveries.map(rowOf))) context.stdout(line);
    return 0;
  });
}

function statesOf(names: readonly string[]): DeliveryState[] | readonly DeliveryState[] {
  if (names.includes('all')) return STATES;
  return names.map((name) => {
    const state = STATES.find((known) => known === name);
    if (!state) throw new UsageError(`--state takes ${STATES.join(', ')} or all`);
    return state;
  });
}

const COLUMNS = ['id', 'enterprise', 'type', 'call', 'step', 'state', 'attempts', 'created', 'error'] as const;

function rowOf(delivery: DeliveryListed): Record<(typeof COLUMNS)[number], string | number> {
  return {
    id: delivery.id,
    enterprise: delivery.enterprise,
    type: delivery.type,
    call: delivery.externalId,
    step: delivery.step,
    state: delivery.state,
    attempts: delivery.attempts,
    created: delivery.createdAt.toISOString(),
    error: [delivery.lastCode, delivery.lastError].filter(Boolean).join(': '),
  };
}
