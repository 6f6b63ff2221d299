/**
 * Smart redirect on real calls, over AMI, on Asterisk 16 and 22: everything that can go wrong while a call waits. Trials have lines,
 * clients and phones of their own and run side by side, since most of their time is waiting; each test looks at one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../pbx/available.js';
import { createTestDb } from '../support/db.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';
import { CALLER_TRIALS, MANY_CALLS } from './trials/caller-trials.js';
import { CRM_TRIALS } from './trials/crm-trials.js';
import { DAEMON_TRIALS } from './trials/daemon-trials.js';
import { openDaemonStand } from './trials/daemon-stand.js';
import type { DaemonStand } from './trials/daemon-stand.js';
import { DIALPLAN_TRIALS, OURS_IS_GONE } from './trials/dialplan-trials.js';
import { enterpriseEntry } from './trials/enterprises.js';
import { LINK_TRIALS } from './trials/link-trials.js';
import { MODE_TRIALS } from './trials/mode-trials.js';
import { openOffice } from './trials/office.js';
import type { Office } from './trials/office.js';
import { OWNER_TRIALS } from './trials/owner-trials.js';
import { Report } from './trials/report.js';

const VERSIONS = [16, 22] as const;
const SIDE_BY_SIDE = [
  ...[...OWNER_TRIALS, ...CRM_TRIALS, ...CALLER_TRIALS, ...DIALPLAN_TRIALS, ...MODE_TRIALS, ...LINK_TRIALS],
  // When most of the others are over.
  MANY_CALLS,
];
const TRIALS = [...SIDE_BY_SIDE, OURS_IS_GONE];
/** Those the app of this process serves; by three addresses of each PBX. */
const SERVED = ['0', '2', '3', '4', '5', '6', '7', '8', '9'] as const;
const ADDRESSES = 3;
/** Begun one after another, so that a small machine does not make a moment of them all. */
const APART_MS = 600;
const PATIENCE_MS = 150_000;

describeWith(['asterisk-16', 'asterisk-22'], 'smart redirect on real calls', () => {
  const report = new Report(VERSIONS);
  const undo: (() => PromiseLike<unknown>)[] = [];
  const outcomes = new Map<string, Promise<string>>();
  let offices: Office[];
  let running: TestApp;
  let stand: DaemonStand;

  /** Its failure is told by the test that looks at it. */
  function begin(key: string, outcome: Promise<string>): void {
    outcomes.set(key, outcome);
    outcome.catch(() => undefined);
  }

  beforeAll(async () => {
    const db = await createTestDb();
    undo.push(() => db.drop());
    offices = await Promise.all(VERSIONS.map((version) => openOffice(version, TRIALS, db.pool)));
    for (const office of offices) undo.push(() => office[Symbol.asyncDispose]());
    const opening = openDaemonStand(offices);
    running = await startTestApp({
      db,
      enterprises: offices.flatMap((office) => SERVED.map((digit) => enterpriseEntry(office, digit, TRIALS))),
    });
    undo.push(() => running[Symbol.asyncDispose]());
    stand = await opening;
    undo.push(() => stand[Symbol.asyncDispose]());
    const known = () => running.log.filter((line) => /smart redirect is (ready|off) on this PBX/.test(line)).length;
    await Promise.all([until('the app’s PBXs', () => known() === offices.length * ADDRESSES), stand.linked()]);

    for (const office of offices)
      for (const [index, { name, run, seat }] of SIDE_BY_SIDE.entries())
        begin(
          keyOf(name, office.version),
          sleep(index * APART_MS).then(() => run(office, seat)),
        );
    let before: Promise<unknown> = Promise.resolve();
    for (const { name, run } of DAEMON_TRIALS) {
      const ran = before.then(() => run(stand));
      before = ran.catch(() => undefined);
      for (const [index, { version }] of offices.entries())
        begin(
          keyOf(name, version),
          ran.then((told) => told[index] ?? ''),
        );
    }
    const allOver = Promise.allSettled(outcomes.values());
    for (const office of offices)
      begin(
        keyOf(OURS_IS_GONE.name, office.version),
        allOver.then(() => OURS_IS_GONE.run(office, OURS_IS_GONE.seat)),
      );
  }, 120_000);

  afterAll(async () => {
    await Promise.allSettled(outcomes.values());
    for (const step of undo.reverse()) await step();
    report.print();
  }, 120_000);

  for (const { name } of [...SIDE_BY_SIDE, ...DAEMON_TRIALS, OURS_IS_GONE])
    test.each(VERSIONS)(`${name}, on Asterisk %i`, { timeout: PATIENCE_MS }, async (version) => {
      const outcome = outcomes.get(keyOf(name, version));
      report.told(name, version, await (outcome ?? Promise.reject(new Error('it was not begun'))));
    });

  test('no caller was hung up who had not hung up himself', { timeout: PATIENCE_MS }, async () => {
    await Promise.allSettled(outcomes.values());
    const placed = offices.flatMap((office) => office.placed);
    const lost = placed.filter((call) => call.lost());
    report.count('callers lost', lost.length, placed.length);
    expect(lost.map(({ seat, leg }) => ({ seat: seat.id, leg }))).toEqual([]);
    expect(placed.length).toBeGreaterThan(TRIALS.length * VERSIONS.length);
  });

  test('every decision has a reason', async () => {
    const decisions = await Promise.all([running.db, stand.db].map(({ pool }) => readDecisions(pool)));
    const all = decisions.flat();
    const without = all.filter(({ reason }) => typeof reason !== 'string' || reason === '');
    report.count('decisions without a reason', without.length, all.length);
    expect(without).toEqual([]);
    expect(all.length).toBeGreaterThan(TRIALS.length);
  });

  test('what a caller waited for a CRM is told', () => {
    report.measure(offices);
  });
});

const keyOf = (name: string, version: number): string => `${name} on ${version}`;

async function readDecisions(pool: TestApp['db']['pool']): Promise<{ reason: unknown }[]> {
  const { rows } = await pool.query<{ decision: { reason: unknown } }>('SELECT decision FROM redirect_decisions');
  return rows.map(({ decision }) => decision);
}
