import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/platform/clock.js';
import { createLogger } from '../../src/platform/log.js';
import { dayIn, nightlyOnce } from '../../src/recovery/nightly.js';
import type { NightlyDeps } from '../../src/recovery/nightly.js';
import type { Reconciled } from '../../src/recovery/reconcile.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { startTestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const EQUAL: Reconciled = {
  ...{ enterprise: '0367', day: '', pbxCalls: 0, readAt: null, ourCalls: 0, recovered: 0, crms: [], differences: [] },
};

interface Nights {
  done: Set<string>;
  broken?: string;
  since?: string | null;
  isOurs?: boolean;
}

/** Looks at this moment until nothing more is reconciled; answers the days, one a look. */
async function nights(now: string, { done, broken, since = '2026-01-01', isOurs = true }: Nights): Promise<string[]> {
  const told: string[] = [];
  const deps: NightlyDeps = {
    clock: { ...systemClock, now: () => Date.parse(now) },
    log: createLogger('silent'),
    enterprises: () => [{ number: '0367', timezone: 'Europe/Warsaw', isOurs }],
    left: (_number, days) => Promise.resolve(days.filter((day) => !done.has(day))),
    keptSince: () => Promise.resolve(since === null ? null : Date.parse(`${since}T12:00:00Z`)),
    reconcile: (_number, day) => {
      if (day === broken) return Promise.reject(new Error('it is broken'));
      told.push(day);
      done.add(day);
      return Promise.resolve({ ...EQUAL, day });
    },
    told: () => undefined,
  };
  for (let before = -1; before < told.length;) {
    before = told.length;
    await nightlyOnce(deps);
    expect(told.length - before).toBeLessThanOrEqual(1);
  }
  return told;
}

const week = ['2026-11-18', '2026-11-19', '2026-11-20', '2026-11-21', '2026-11-22', '2026-11-23', '2026-11-24'];

describe('a night', () => {
  it('reconciles the days of a week that nobody has, the oldest first, one a look', async () => {
    expect(await nights('2026-11-25T03:00:00Z', { done: new Set() })).toEqual(week);
    expect(await nights('2026-11-25T03:00:00Z', { done: new Set(week.filter((_day, n) => n % 2 === 0)) })).toEqual(
      week.filter((_day, n) => n % 2 === 1),
    );
  });

  it('is none before two in the morning, nor for a PBX another daemon has', async () => {
    expect(await nights('2026-11-25T00:30:00Z', { done: new Set() })).toEqual([]);
    expect(await nights('2026-11-25T03:00:00Z', { done: new Set(), isOurs: false })).toEqual([]);
  });

  it('leaves out what was before anything was kept, but for the day before', async () => {
    expect(await nights('2026-11-25T03:00:00Z', { done: new Set(), since: '2026-11-21' })).toEqual(week.slice(4));
    expect(await nights('2026-11-25T03:00:00Z', { done: new Set(), since: null })).toEqual(week.slice(6));
  });

  it('goes on behind a day that cannot be reconciled', async () => {
    expect(await nights('2026-11-25T03:00:00Z', { done: new Set(), broken: '2026-11-18' })).toEqual(week.slice(1));
  });

  it('knows the day before from today, though one of them has 25 hours', async () => {
    const done = new Set(['2026-10-24', '2026-10-23', '2026-10-22', '2026-10-21', '2026-10-20', '2026-10-19']);
    expect(await nights('2026-10-25T22:30:00Z', { done })).toEqual(['2026-10-18']);
    expect(await nights('2026-10-26T01:30:00Z', { done })).toEqual(['2026-10-25']);
  });
});

const DAY_S = 86_400;
const NOW = Math.floor(Date.now() / 1_000);
/** Where it is later than two in the morning. */
const ZONE = new Date().getUTCHours() >= 2 ? 'UTC' : 'Asia/Tokyo';
const dayBefore = (days: number) => dayIn(ZONE, (NOW - days * DAY_S) * 1_000);

function line(at: number): string {
  const stamp = (seconds: number) => new Date((at + seconds) * 1_000).toISOString().slice(0, 19).replace('T', ' ');
  const texts = ['', '375290000001', '0001360', 'from-trunk', '', `SIP/0001363-${at}`, `SIP/151-${at}`, 'Dial', ''];
  const fields = [...texts, stamp(0), stamp(3), stamp(15)].map((text) => `"${text}"`).join(',');
  return `${fields},15,12,"ANSWERED","DOCUMENTATION","${at}.1",""\n`;
}

it('a daemon that was away reconciles the days since it first kept calls, and anew one that was not over then', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cdr-'));
  const file = join(folder, 'Master.csv');
  await writeFile(file, [200, 5, 3, 1].map((days) => line(NOW - days * DAY_S - 60)).join(''));
  const crm = await startRetailCrmStandIn();
  let look: () => void = () => undefined;
  const mayLook = new Promise<void>((resolve) => (look = resolve));
  const clock = {
    ...systemClock,
    /** Ten minutes are as long as the test likes. */
    sleep: (ms: number, signal?: AbortSignal) =>
      ms < 600_000
        ? systemClock.sleep(ms, signal)
        : Promise.race([mayLook.then(() => systemClock.sleep(100, signal)), systemClock.sleep(ms, signal)]),
  };
  const recovery = { everyMinutes: 0.01, cdr: { at: 'local', file, zone: 'UTC', days: 6 } };
  await using app = await startTestApp({
    enterprises: [retailCrmEnterprise({ amiPort: null, crmUrl: crm.url, more: { timezone: ZONE, recovery } })],
    config: { recovery: { settleMs: 1_000, pollMs: 100, retryMs: 300 } },
    clock,
  });
  const { pool } = app.db;
  await until('the records', () => crm.state.calls.length === 3);
  await pool.query(
    `INSERT INTO reconciliations (enterprise_number, day, result, differs, made_at)
     VALUES ('0367', $1::date, '{}', false, $1::date + interval '1 hour'), ('0367', $2::date, '{}', false, now())`,
    [dayBefore(3), dayBefore(2)],
  );
  look();
  const made = async () =>
    (
      await pool.query<{ day: string; calls: number | null }>(
        `SELECT day::text, (result->>'pbxCalls')::int AS calls FROM reconciliations WHERE result <> '{}' ORDER BY made_at`,
      )
    ).rows;
  await until('the days', async () => (await made()).length >= 3);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(await made()).toEqual([
    { day: dayBefore(4), calls: 0 },
    { day: dayBefore(3), calls: 1 },
    { day: dayBefore(1), calls: 1 },
  ]);
  await crm.stop();
  await rm(folder, { recursive: true });
});
