import { parseArgs } from 'node:util';
import { findCalls, readCall } from '../calls/timeline-store.js';
import type { FoundCall } from '../calls/timeline-store.js';
import { readStory } from '../delivery/read-story.js';
import { TrunklineError } from '../platform/errors.js';
import { UsageError } from './command.js';
import type { CommandContext } from './command.js';
import { linesOf } from './story-print.js';
import { enterpriseIn, withWorkbench } from './workbench.js';

/** The story of a stored call. */
export async function callShow(context: CommandContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args: context.argv,
    allowPositionals: true,
    options: { all: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
  });
  const [number, id, ...more] = positionals;
  if (number === undefined || id === undefined || more.length > 0)
    throw new UsageError('name an enterprise and one id of a call');
  return withWorkbench(context, async (bench) => {
    const enterprise = await enterpriseIn(bench, number, { secrets: false });
    const { pool } = bench.database;
    const found = onlyOne(await findCalls(pool, { enterprise: number, pbx: enterprise.pbxKey, id }), number, id);
    const stored = await readCall(pool, found.id);
    if (!stored) throw unknown(number, id);
    const story = await readStory(pool, stored, Object.keys(enterprise.integrations));
    if (values.json) context.stdout(JSON.stringify(story));
    else for (const line of linesOf(story, { all: values.all, timezone: enterprise.timezone })) context.stdout(line);
    return 0;
  });
}

/** @throws TrunklineError CALL_UNKNOWN, CALL_AMBIGUOUS */
function onlyOne(found: readonly FoundCall[], enterprise: string, id: string): FoundCall {
  const [call, ...others] = found;
  if (!call) throw unknown(enterprise, id);
  if (others.length === 0) return call;
  const list = found.map((one) => `${one.id}  ${one.startedAt.toISOString()}  ${one.direction}  ${one.phone ?? ''}`);
  throw new TrunklineError('CALL_AMBIGUOUS', `${id} means several calls; name one by our id:\n${list.join('\n')}`);
}

function unknown(enterprise: string, id: string): TrunklineError {
  return new TrunklineError('CALL_UNKNOWN', `no call of enterprise ${enterprise} has a channel or an id ${id}`);
}
