import { expect, test } from 'vitest';
import { bitrix24UnderTest } from '../../standins/bitrix24/under-test.js';
import { createRig } from '../../delivery/support/rig.js';
import { withDb } from '../../support/db.js';
import { until } from '../../support/until.js';
import { startBitrix24StandIn } from '../../standins/bitrix24/server.js';
import { randomCall, randomOf } from '../random-calls.js';
import type { RandomCall } from '../random-calls.js';
import { BRISK } from '../telling-worker.js';
import { drawnFault, isSettled, tellAll, toldThroughKills } from '../told-through-kills.js';

const USERS = Array.from({ length: 10 }, (_, index) => ({ id: 11 + index, name: 'x', inner: String(151 + index) }));
const extensions = USERS.map(({ inner }) => inner);
const KILLS = 3;

test(
  'of 200 random calls, the portal failing and cutting off answers, each is one record and no card is left open',
  { timeout: 120_000 },
  async () => {
    await withDb(
      async (db) => {
        const crm = await startBitrix24StandIn({
          users: [{ id: 1, name: 'Olga' }, ...USERS],
          bucket: { perSecond: 0, most: 0 },
        });
        const rig = createRig({ pool: db.pool, settings: BRISK });
        rig.connect(bitrix24UnderTest.connector, {
          enabled: true,
          webhook_url: `${crm.url}/rest/1/secret/`,
          user_extensions: Object.fromEntries(USERS.map(({ id, inner }) => [String(id), inner])),
          rate: { perSecond: 1_000, burst: 1_000 },
        });
        const stop = new AbortController();
        const running = rig.worker.run(stop.signal);
        try {
          const random = randomOf(5);
          const calls = Array.from({ length: 200 }, () => randomCall(random, { extensions }));
          for (let request = 0; request < 500; request += 1) crm.faults.next(1, drawnFault(random));
          for (let from = 0; from < calls.length; from += 50)
            await tellAll(calls.slice(from, from + 50), { tell: (events) => rig.tell(events), pool: db.pool, random });
          await until('everything is settled', () => isSettled(db.pool), 60_000);

          const stored = (id: string) => crm.state.calls.filter(({ externalId }) => externalId === id);
          expect(calls.filter(({ externalId }) => stored(externalId).length !== 1)).toEqual([]);
          expect(crm.state.calls).toHaveLength(calls.length);
          expect(crm.state.openCards()).toEqual([]);
          expect(crm.state.open).toEqual([]);
          expect(crm.state.cards.length).toBeGreaterThan(200);
          expect(calls.flatMap((call) => wrongIn(call, stored(call.externalId)[0]))).toEqual([]);
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

/** Of an answered call, who talked last and for how long all of them together. */
function wrongIn(call: RandomCall, row?: { userId: number; duration: number; code: string }): string[] {
  if (!row) return [`${call.externalId} is missing`];
  const user = USERS.find(({ inner }) => inner === call.last)?.id;
  const right =
    call.result === 'answered'
      ? row.userId === user && row.duration === call.talkSeconds && row.code === '200'
      : row.duration === 0 && row.code !== '200';
  return right ? [] : [`${call.externalId} ${call.result} by ${call.last}: ${JSON.stringify(row)}`];
}

test(
  `with two daemons killed ${KILLS} times at random and answers cut off, every call is one record and no card is left open`,
  { timeout: 180_000 },
  async () => {
    await withDb(async (db) => {
      const told = await toldThroughKills(bitrix24UnderTest, db, { kills: KILLS, callsPerLife: 12, seed: 7 });
      expect(told.calls.filter(({ externalId }) => told.records.get(externalId) !== 1)).toEqual([]);
      expect(told.records.size).toBe(told.calls.length);
      expect(told.openCards).toBe(0);
      expect(told.dead).toEqual([]);
      expect(told.cutOff).toBeGreaterThan(5);
    });
  },
);
