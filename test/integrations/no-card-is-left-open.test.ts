import { describe, expect, test } from 'vitest';
import { bitrix24UnderTest } from '../standins/bitrix24/under-test.js';
import { retailcrmUnderTest } from '../standins/retailcrm/under-test.js';
import { createRig } from '../delivery/support/rig.js';
import { withDb } from '../support/db.js';
import { until } from '../support/until.js';
import type { CrmStandIn } from './contract-suite.js';
import { randomCall, randomOf } from './random-calls.js';
import type { RandomCall } from './random-calls.js';
import { BRISK } from './telling-worker.js';
import { drawnFault, isSettled, tellAll, unlimited } from './told-through-kills.js';

const EXTENSIONS = Array.from({ length: 10 }, (_, index) => String(151 + index));
const CALLS = 200;
/** `RANDOM_CALLS_SEED=7` draws others. */
const SEED = Number(process.env['RANDOM_CALLS_SEED'] ?? 5);

describe('every CRM that can close cards', () => {
  test.concurrent.each([retailcrmUnderTest, bitrix24UnderTest])(
    `$connector.title has none open after ${CALLS} random calls, and one right record of each, though it fails and cuts off answers`,
    { timeout: 180_000 },
    async ({ connector, start, settings }) => {
      await withDb(
        async (db) => {
          const crm = await start();
          const rig = createRig({ pool: db.pool, settings: BRISK });
          rig.connect(connector, unlimited(settings(crm.url)));
          const stop = new AbortController();
          const running = rig.worker.run(stop.signal);
          try {
            const random = randomOf(SEED);
            const calls = Array.from({ length: CALLS }, () => randomCall(random, { extensions: EXTENSIONS }));
            for (let request = 0; request < 2.5 * CALLS; request += 1) crm.faults.next(1, drawnFault(random));
            for (let from = 0; from < CALLS; from += 100)
              await tellAll(calls.slice(from, from + 100), {
                tell: (events) => rig.tell(events),
                pool: db.pool,
                random,
              });
            await until('everything is settled', () => isSettled(db.pool), 90_000);
            expect(crm.openCards()).toBe(0);
            expect(crm.records().sort()).toEqual(calls.map(({ externalId }) => externalId).sort());
            expect(calls.flatMap((call) => wrongIn(call, crm))).toEqual([]);
            const cutOff = crm.exchanges.filter(({ fault, applied }) => applied && fault !== null && fault !== 'delay');
            expect(cutOff.length).toBeGreaterThan(30);
          } finally {
            stop.abort();
            await running;
            await rig.close();
            await crm.stop();
          }
        },
        { max: 10 },
      );
    },
  );
});

/** Of an answered call, who talked last and for how long all of them together. */
function wrongIn({ externalId, result, last, talkSeconds }: RandomCall, crm: CrmStandIn): string[] {
  const record = crm.credited().find(({ id }) => id === externalId);
  const right =
    result === 'answered' ? record?.extension === last && record.seconds === talkSeconds : record?.seconds === 0;
  return right ? [] : [`${externalId} ${result} by ${last}, ${talkSeconds} s: ${JSON.stringify(record)}`];
}
