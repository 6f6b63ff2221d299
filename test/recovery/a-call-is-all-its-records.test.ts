import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { insertCdrs, readUnsettled, settleCdrs } from '../../src/recovery/cdr-store.js';
import type { CdrRecord } from '../../src/recovery/cdr-record.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import { withDb } from '../support/db.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { startTestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const PBX = 'unit:5038';
const T = 1_800_000_000_000;
const seconds = (n: number) => T + n * 1_000;

function record(uid: string, phone: string, start: number, end: number, linkedid = ''): CdrRecord {
  return {
    ...{ uid, linkedid, channel: `PJSIP/trunk-${uid}`, dstChannel: `PJSIP/${phone}-${uid}` },
    ...{ src: '375290000001', dst: '0001363', context: 'from-trunk', clid: '', app: 'Dial', appData: '' },
    ...{ start: seconds(start), answer: null, end: seconds(end), disposition: 'NO ANSWER' },
  } as unknown as CdrRecord;
}

/** Two phones of a group did not answer, the third talked for long. */
const group = (uid: string, linkedid = '') => [
  record(uid, '150', 0, 2, linkedid),
  record(uid, '151', 0, 2, linkedid),
  record(uid, '152', 0, 22, linkedid),
];

const page = { after: null, limit: 100 };

it('a record that is too young comes with those of its call and its time, and is passed by', () =>
  withDb(async ({ pool }) => {
    await insertCdrs(pool, PBX, [...group('1800000000.1'), record('1800000000.9', '150', 1, 3)]);
    const first = await readUnsettled(pool, PBX, { ...page, until: seconds(10) });
    expect(first.rows).toHaveLength(4);
    const behind = await readUnsettled(pool, PBX, { ...page, until: seconds(10), after: first.reached });
    expect(behind).toEqual({ rows: [], reached: null });
    await settleCdrs(
      pool,
      first.rows.map(({ id }) => id),
      null,
    );
    expect(await readUnsettled(pool, PBX, { ...page, until: seconds(10) })).toEqual({ rows: [], reached: null });
  }));

it.each(['', '1800000000.1'])('of a long backlog no call is cut by where a batch ends (linked id %j)', (linkedid) =>
  withDb(async ({ pool }) => {
    await insertCdrs(pool, PBX, group('1800000000.1', linkedid));
    const { rows, reached } = await readUnsettled(pool, PBX, { until: seconds(60), after: null, limit: 2 });
    expect(rows).toHaveLength(3);
    expect(reached?.end).toBe(seconds(2));
    const behind = await readUnsettled(pool, PBX, { until: seconds(60), after: reached, limit: 2 });
    expect(behind.reached?.end).toBe(seconds(22));
  }),
);

/** A line of `Master.csv` in UTC; times in whole seconds before now. */
function line(uid: string, phone: string, [from, to]: [number, number], answered = false): string {
  const now = Date.now();
  const at = (ago: number) => new Date(now - ago * 1_000).toISOString().slice(0, 19).replace('T', ' ');
  const texts = ['', '375290000001', '0001363', 'from-trunk', '', `PJSIP/trunk-${uid}`, `PJSIP/${phone}-${uid}`];
  const stamps = [at(from), answered ? at(from) : '', at(to)];
  const all = [...texts, 'Dial', '', ...stamps].map((text) => `"${text}"`);
  return `${all.join(',')},${from - to},${answered ? from - to : 0},"${answered ? 'ANSWERED' : 'NO ANSWER'}","DOCUMENTATION","${uid}",""\n`;
}

it('a call that is looked at while its last record is young is told once, whole', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cdr-'));
  const file = join(folder, 'Master.csv');
  const crm = await startRetailCrmStandIn();
  await writeFile(file, '');
  const recovery = { everyMinutes: 0.005, cdr: { at: 'local', file, zone: 'UTC' } };
  const enterprise = retailCrmEnterprise({ amiPort: null, crmUrl: crm.url, more: { recovery } });
  await using app = await startTestApp({
    enterprises: [enterprise],
    config: { recovery: { settleMs: 5_000, pollMs: 100, retryMs: 300 } },
  });
  const born = Math.floor(Date.now() / 1_000) - 12;
  const [uid, other] = [`${born}.1`, `${born}.9`];
  await writeFile(
    file,
    line(other, '150', [12, 8]) +
      line(uid, '150', [12, 9]) +
      line(uid, '151', [12, 9]) +
      line(uid, '152', [12, 0], true),
  );
  await until('both calls', () => crm.state.calls.length >= 2, 20_000);
  await until('every record to be looked at', async () => {
    const { rows } = await app.db.pool.query<{ n: number }>(
      'SELECT count(*)::int AS n FROM pbx_cdrs WHERE settled_at IS NULL',
    );
    return rows[0]?.n === 0;
  });
  const told = crm.state.calls.map(({ externalId, result, code, duration }) => [
    externalId,
    { result, ...(result === 'answered' ? { code, duration } : {}) },
  ]);
  expect(told).toHaveLength(2);
  expect(Object.fromEntries(told)).toEqual({
    [`0367-${other}`]: { result: 'no answer' },
    [`0367-${uid}`]: { result: 'answered', code: '152', duration: 12 },
  });
  await crm.stop();
  await rm(folder, { recursive: true });
});
