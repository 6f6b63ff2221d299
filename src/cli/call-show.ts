import { parseArgs } from 'node:util';
import type { Note } from '../calls/rules.js';
import { findCalls, readCall, readFacts, readGaps, readNotes } from '../calls/timeline-store.js';
import type { FoundCall, StoredCall } from '../calls/timeline-store.js';
import type { Enterprise } from '../config/enterprise.js';
import { listAttempts, listDeliveries } from '../delivery/inspect.js';
import { TrunklineError } from '../platform/errors.js';
import { UsageError } from './command.js';
import type { CommandContext } from './command.js';
import { keptFactSeen } from './timeline/fact-text.js';
import { linesOf } from './timeline/print.js';
import type { Story } from './timeline/story.js';
import { enterpriseIn, withWorkbench } from './workbench.js';
import type { Workbench } from './workbench.js';

type Pool = Workbench['database']['pool'];

/** What comes so long after the last word about a call still is about it. */
const AFTERMATH_MS = 60_000;
const DELIVERIES = 1_000;

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
    const story = await storyOf(pool, stored, enterprise);
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

async function storyOf(pool: Pool, stored: StoredCall, { integrations }: Enterprise): Promise<Story> {
  const { facts: call, live, ids } = stored;
  const notes = await readNotes(pool, ids);
  const [from, until] = spanOf(stored, notes);
  const kept = await readFacts(pool, call.pbx, uidsOf(stored, notes), from, until);
  const deliveries = await listDeliveries(pool, { callIds: ids, limit: DELIVERIES });
  return {
    call,
    live,
    facts: kept.map(keptFactSeen),
    notes,
    gaps: await readGaps(pool, call.pbx, from, until),
    sent: { deliveries, attempts: await listAttempts(pool, ids) },
    integrations: Object.keys(integrations),
  };
}

/** By our clock: a host may give the same unique ids out again. */
function spanOf({ facts: call, live }: StoredCall, notes: readonly Note[]): [number, number] {
  const arrivals = notes.map((note) => note.arrivedAt);
  const first = Math.min(...arrivals, arrivals.length > 0 ? Infinity : call.startedAt);
  const last = Math.max(...arrivals, arrivals.length > 0 ? 0 : (call.endedAt ?? call.startedAt));
  return [first, (live ? Date.now() : last) + AFTERMATH_MS];
}

/** Those that are its now, and those that were: a host that was reinstalled gives a uid to a newer call. */
function uidsOf({ uids }: StoredCall, notes: readonly Note[]): string[] {
  return [...new Set([...uids, ...notes.flatMap(({ uid }) => (uid === '' ? [] : [uid]))])];
}
