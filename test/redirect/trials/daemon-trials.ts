/** A daemon that is killed, frozen and stopped while calls wait. One after the other; every PBX lives through each at once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { until } from '../../support/until.js';
import type { ClientCall } from './client-call.js';
import { asked, meets } from './crm-trials.js';
import type { DaemonStand } from './daemon-stand.js';
import { reaches } from './expecting.js';
import { decisionOf } from './office.js';
import { enterpriseOf, seat } from './seat.js';
import type { Seat } from './seat.js';

export interface DaemonTrial {
  readonly name: string;
  /** Resolves with what became of the calls, PBX by PBX. */
  run(stand: DaemonStand): Promise<string[]>;
}

/** The wait is ten seconds: a daemon frozen so long wakes 9.5 s into the wait of a call that came then. */
const FROZEN_MS = 12_000;
const LATE_MS = FROZEN_MS - 9_500;
/** To be awake again before a call's time is over. */
const IN_TIME_MS = FROZEN_MS - 1_000;

/** Places this client's call on every PBX. */
const placeAll = ({ offices }: DaemonStand, here: Seat): ClientCall[] => offices.map((office) => office.place(here));

/** The same once the CRM was asked, which answers after a while. */
async function placeAndAsk(stand: DaemonStand, here: Seat, answerMs: number): Promise<ClientCall[]> {
  for (const office of stand.offices) meets(office, here, { kind: 'delay', ms: answerMs });
  const calls = placeAll(stand, here);
  await Promise.all(stand.offices.map((office) => asked(office, here)));
  return calls;
}

/** Resolves when every PBX's decision is committed; the PBX has not been heard since, so none is carried out. */
async function decidedOnly(stand: DaemonStand, here: Seat): Promise<void> {
  const { offices } = stand;
  for (const { lines } of offices) lines['1'].deafen();
  await until('the decisions', async () => (await openDecisions(stand, here)) === offices.length);
}

async function openDecisions({ db }: DaemonStand, { line }: Seat): Promise<number> {
  const { rowCount } = await db.pool.query(
    "SELECT 1 FROM redirect_decisions WHERE decision->>'line' = $1 AND decision->>'action' IS NULL",
    [line],
  );
  return rowCount ?? 0;
}

/** Nothing can be noted of these decisions while `meanwhile` runs; who tried it by then never will. */
async function whileUnnoted({ db }: DaemonStand, { line }: Seat, meanwhile: () => Promise<void>): Promise<void> {
  const holder = await db.pool.connect();
  try {
    await holder.query('BEGIN');
    await holder.query("SELECT 1 FROM redirect_decisions WHERE decision->>'line' = $1 FOR UPDATE", [line]);
    await meanwhile();
    await holder.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
  } finally {
    await holder.query('ROLLBACK');
    holder.release();
  }
}

function hear({ offices }: DaemonStand): void {
  for (const { lines } of offices) lines['1'].heal();
}

const decisions = ({ offices, db }: DaemonStand, { id, line }: Seat) =>
  Promise.all(offices.map(({ version }) => decisionOf(db.pool, enterpriseOf(version, id), line)));

export const DAEMON_TRIALS: readonly DaemonTrial[] = [
  {
    name: 'the daemon is killed between decision and action, and started again',
    async run(stand) {
      const here = seat('101');
      const calls = await placeAndAsk(stand, here, 700);
      await decidedOnly(stand, here);
      await stand.daemon.kill();
      hear(stand);
      await stand.daemon.start();
      const outcomes = await Promise.all(calls.map((call) => reaches(call, '101')));
      for (const { action } of await decisions(stand, here)) expect(action).toBe('go');
      return outcomes;
    },
  },
  {
    name: 'the daemon is killed after the action, before it could note it, and started again',
    async run(stand) {
      const here = seat('102');
      const calls = await placeAndAsk(stand, here, 700);
      await decidedOnly(stand, here);
      await whileUnnoted(stand, here, async () => {
        hear(stand);
        await until('the managers’ phones', () => calls.every((call) => call.rang().length > 0));
        await stand.daemon.kill();
      });
      await stand.daemon.start();
      await stand.linked();
      const outcomes = await Promise.all(calls.map((call) => reaches(call, '102')));
      // Whether it was carried out is known to nobody.
      expect(await openDecisions(stand, here)).toBe(calls.length);
      return outcomes;
    },
  },
  {
    name: `the daemon is frozen until 12 s and 9.5 s into the wait, and while it asks; 1 s into the wait it acts`,
    async run(stand) {
      const [deciding, over, late, inTime] = [seat('103'), seat('104'), seat('105'), seat('106')];
      const first = await placeAndAsk(stand, deciding, 700);
      const frozen = stand.daemon.freeze(FROZEN_MS);
      const second = placeAll(stand, over);
      await sleep(LATE_MS);
      const third = placeAll(stand, late);
      await sleep(IN_TIME_MS - LATE_MS);
      const fourth = placeAll(stand, inTime);
      await frozen;
      const outcomes = await Promise.all([
        ...[first, second, third].flat().map((call) => reaches(call, call.seat.desk)),
        ...fourth.map((call) => reaches(call, '106')),
      ]);
      for (const { action } of await decisions(stand, late)) expect(action).toBe('nothing');
      return stand.offices.map(() => [...new Set(outcomes)].join(', '));
    },
  },
  {
    name: 'the daemon is stopped in the wait, and before',
    async run(stand) {
      const [inTheWait, before] = [seat('107'), seat('108')];
      const first = await placeAndAsk(stand, inTheWait, 3_000);
      expect(await stand.daemon.stop()).toBe(0);
      const second = placeAll(stand, before);
      await Promise.all([...first, ...second].map((call) => reaches(call, call.seat.desk)));
      return stand.offices.map(() => `${before.desk} answered`);
    },
  },
];
