import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/platform/clock.js';
import { withDb } from '../support/db.js';
import { startCrm } from './support/crm.js';
import { aCall, createRig } from './support/rig.js';
import { until } from '../support/until.js';
import { ENTERPRISES } from './support/worker-process.js';

const SCRIPT = fileURLToPath(new URL('support/worker-process.ts', import.meta.url));
const KILLS = 6;
const CALLS = 240;

test(
  'with two daemons killed again and again nothing is lost, and only a lost attempt is repeated',
  { timeout: 90_000 },
  async () => {
    await withDb(async (db) => {
      const crm = await startCrm();
      // Slow enough to be killed in flight, and busy now and then.
      let count = 0;
      crm.answer(() => ({ delayMs: 5 + (count++ % 4) * 10, ...(count % 9 === 0 ? { status: 503 } : {}) }));
      const alive = new Set<ChildProcess>();
      let boots = 0;
      const start = () => {
        const child = fork(SCRIPT, [db.url, crm.url, `daemon-${++boots}`], {
          execArgv: ['--import', 'tsx'],
          stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        });
        alive.add(child);
        child.once('exit', () => alive.delete(child));
        return child;
      };
      const rig = createRig({ pool: db.pool });
      try {
        const children = [start(), start()];
        const calls = Array.from({ length: CALLS }, (_, i) => aCall(ENTERPRISES[i % ENTERPRISES.length]));
        for (let kill = 0; kill <= KILLS; kill++) {
          const batch = calls.slice((CALLS / (KILLS + 1)) * kill, (CALLS / (KILLS + 1)) * (kill + 1));
          const last = kill === KILLS ? calls.slice(Math.floor((CALLS / (KILLS + 1)) * kill)) : batch;
          const before = crm.received.length;
          for (const call of last) await rig.owe([call.ringing()]);
          for (const call of last) await rig.owe([call.finished()]);
          await until('work is under way', () => crm.received.length > before + 10, 30_000);
          if (kill === KILLS) break;
          const victim = children[kill % 2];
          victim?.kill('SIGKILL');
          children[kill % 2] = start();
          await systemClock.sleep(30);
        }
        await until(
          'everything is settled',
          async () =>
            (await db.pool.query(`SELECT FROM deliveries WHERE state IN ('pending', 'started') LIMIT 1`)).rowCount ===
            0,
          60_000,
        );

        const { rows } = await db.pool.query<{ state: string; n: number }>(
          `SELECT state, count(*)::int AS n FROM deliveries WHERE step = 'record' GROUP BY 1`,
        );
        expect(rows).toEqual([{ state: 'done', n: CALLS }]);
        expect(calls.filter((call) => !crm.records.has(call.externalId))).toEqual([]);
        const careless = crm.received.filter((one) => {
          const earlier = crm.received
            .slice(0, crm.received.indexOf(one))
            .filter((two) => two.id === one.id && two.step === one.step);
          return earlier.length >= one.attempt || (one.attempt === 1 && earlier.length > 0);
        });
        expect(careless).toEqual([]);
        // Carried out twice only where the daemon could not know, and then it said so.
        for (const [id, times] of crm.records) {
          const repeats = crm.received.filter((one) => one.id === id && one.step === 'record' && one.afterUnknown);
          expect(times - 1).toBeLessThanOrEqual(repeats.length);
        }
        const lost = await db.pool.query(`SELECT FROM integration_logs WHERE status = 'unknown'`);
        expect(lost.rowCount).toBeGreaterThan(0);
      } finally {
        const gone = [...alive].map((child) => once(child, 'exit'));
        for (const child of alive) child.kill('SIGKILL');
        await Promise.all(gone);
        await rig.close();
        await crm.close();
      }
    });
  },
);
