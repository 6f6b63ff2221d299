/**
 * Outages of hosts that only post, as the fleet does: what nobody took of their events is recovered from their own databases, over SSH. At
 * the end each of their calls is one record, with its result, and with its seconds where all of it was told in time or none of it was.
 */
import type { StoredCall } from '../../src/cli/demo/standins/retailcrm/account.js';
import { createCutProxy } from '../support/cut-proxy.js';
import { until } from '../support/until.js';
import { OUTAGES, withoutIt } from './outages.js';
import type { Outage } from './outages.js';
import { startPostingHost } from './posting-host.js';
import type { CallShape, HostedCall, PostingHost } from './posting-host.js';
import { comeToRest } from './settle.js';
import type { Figures, Tally } from './settle.js';
import { openStage } from './stage.js';
import type { Stage } from './stage.js';
import { SHORT_TIMES } from './times.js';
import type { Size } from './trials.js';
import { sleep } from './waiting.js';

export const POSTING_OUTAGES = 'outage-posts';

const NUMBERS = ['0401', '0402', '0403'];
const FULL: CallShape = { everyMs: 3_000, waits: 8, talks: [5, 30] };
const SHORT: CallShape = { everyMs: 1_000, waits: 3, talks: [2, 4] };

export async function postingOutages(size: Size, keep?: (logFile: string) => void): Promise<Figures> {
  const { short } = size;
  const hosts = await Promise.all(NUMBERS.map((number) => startPostingHost(number, short ? 0.03 : 1)));
  try {
    // What a call is waited for is as in the field.
    const { delivery = {}, recovery = {} } = SHORT_TIMES;
    await using stage = await openStage({ versions: [], times: short ? { delivery, recovery } : {}, posting: hosts });
    const figures = await outagesOf(stage, hosts, size);
    keep?.(stage.logFile);
    return figures;
  } finally {
    for (const host of hosts) await host.stop();
  }
}

async function outagesOf(stage: Stage, hosts: readonly PostingHost[], size: Size): Promise<Figures> {
  const { short } = size;
  const [restMs, patienceMs] = short ? [4_000, 60_000] : [60_000, 600_000];
  const began = Date.now();
  const isUp = () =>
    until('the daemon', async () => (await stage.daemon.metric('trunkline_calls_live')) !== null, 60_000);
  await isUp();
  const way = await createCutProxy({ host: '127.0.0.1', port: Number(new URL(stage.daemon.url).port) });
  const made = new Map<string, HostedCall[]>();
  try {
    const url = `http://${way.host}:${way.port}`;
    const loads = hosts.map((host) => [host.number, host.begin(url, short ? SHORT : FULL)] as const);
    for (const outage of outagesIn(size)) {
      await sleep(restMs);
      await withoutIt(stage, outage, size.awayMs ?? (short ? 9_000 : 600_000), [way, ...hosts]);
      await isUp();
    }
    await sleep(restMs);
    for (const [number, load] of loads) made.set(number, await load.end());
    await until('every call to be told', () => isTold(stage, made), patienceMs).catch(() => undefined);
    await comeToRest(stage, patienceMs);
  } finally {
    await way.close();
  }
  const seconds = Math.round((Date.now() - began) / 1_000);
  return {
    trial: POSTING_OUTAGES,
    rounds: outagesIn(size).length,
    seconds,
    accounts: {},
    ...(await judged(stage, made)),
  };
}

function outagesIn({ outage, count }: Size): Outage[] {
  const kinds = outage ? [outage] : OUTAGES;
  return Array.from({ length: count ?? kinds.length }, (_, i) => kinds[i % kinds.length] ?? 'daemon');
}

function idsOf(made: ReadonlyMap<string, HostedCall[]>): Map<string, HostedCall> {
  return new Map(
    [...made].flatMap(([number, calls]) => calls.map((one) => [`${number}-${one.call.uid}`, one] as const)),
  );
}

function isTold({ crm }: Stage, made: ReadonlyMap<string, HostedCall[]>): boolean {
  const told = new Set(crm.state.calls.map(({ externalId }) => externalId));
  return [...idsOf(made).keys()].every((id) => told.has(id));
}

async function judged({ crm, pool }: Stage, made: ReadonlyMap<string, HostedCall[]>) {
  const calls = idsOf(made);
  const records = new Map<string, StoredCall[]>();
  for (const record of crm.state.calls)
    records.set(record.externalId ?? '', [...(records.get(record.externalId ?? '') ?? []), record]);
  const { rows } = await pool.query<{ id: string; recovered: boolean }>(
    'SELECT external_id AS id, recovered FROM calls',
  );
  const recovered = new Set(rows.flatMap(({ id, recovered: was }) => (was ? [id] : [])));
  const violations: string[] = [];
  const wrong = (id: string, why: string) => void violations.push(`${id}: ${why}`);
  const once: Tally = { what: 'calls with exactly one record', good: 0, of: calls.size, missed: 0 };
  const result: Tally = { what: 'of those with the right result', good: 0, of: 0, missed: 0 };
  const seconds: Tally = { what: 'told whole, seconds right', good: 0, of: 0, missed: 0 };
  const silent: Tally = { what: 'recovered without a card', good: 0, of: recovered.size, missed: 0 };

  for (const [id, { talks, lost, lagMs, call }] of calls) {
    const [record, ...more] = records.get(id) ?? [];
    if (!record || more.length > 0) {
      wrong(id, `${record ? more.length + 1 : 0} records, ${lost} of ${call.events.length} events lost`);
      continue;
    }
    once.good += 1;
    result.of += 1;
    if ((record.result === 'answered') === talks > 0) result.good += 1;
    else wrong(id, `${record.result}, and talked for ${talks} s, ${lost} events lost`);
    if (talks === 0 || (lost > 0 && !recovered.has(id))) continue;
    seconds.of += 1;
    // Posts have no stamps: what they tell of is dated by when they come, and a busy machine posts late.
    const withinMs = 1_000 + (recovered.has(id) ? 0 : lagMs);
    if (Math.abs((record.duration ?? 0) - talks) * 1_000 <= withinMs) seconds.good += 1;
    else wrong(id, `${record.duration ?? 0} s, and talked for ${talks} s, ${recovered.has(id) ? 'recovered' : 'live'}`);
  }
  for (const id of records.keys()) if (!calls.has(id)) wrong(id, 'a record of no call');
  for (const card of crm.state.openCards()) wrong(card.callExternalId ?? '', `a card is open for ${card.code}`);
  const shown = new Set(crm.state.cards.map(({ callExternalId }) => callExternalId));
  for (const id of recovered)
    if (shown.has(id)) wrong(id, 'was recovered and had a card');
    else silent.good += 1;
  const lost = [...calls.values()].reduce((sum, one) => sum + one.lost, 0);
  return {
    tallies: [once, result, seconds, silent],
    violations,
    counted: { recovered: recovered.size, eventsLost: lost },
  };
}
