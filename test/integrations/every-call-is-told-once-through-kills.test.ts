import { expect, test } from 'vitest';
import { amocrmUnderTest } from '../standins/amocrm/under-test.js';
import { bitrix24UnderTest } from '../standins/bitrix24/under-test.js';
import { retailcrmUnderTest } from '../standins/retailcrm/under-test.js';
import { telegramUnderTest } from '../standins/telegram/under-test.js';
import { withDb } from '../support/db.js';
import { doubled, toldThroughKills, violationsOf } from './told-through-kills.js';

const KILLS = 3;

/** `npm run chaos -- --trial told-…` kills a hundred times for each. */
test(
  `with two daemons that tell all four CRMs killed ${KILLS} times at random, and answers cut off, every call is there once and no card is left open`,
  { timeout: 240_000 },
  async () => {
    await withDb(
      async (db) => {
        const crms = [retailcrmUnderTest, bitrix24UnderTest, amocrmUnderTest, telegramUnderTest];
        const all = await toldThroughKills(crms, db, { kills: KILLS, callsPerLife: 10, seed: 7 });
        expect(all.flatMap(violationsOf)).toEqual([]);
        for (const { type, cutOff } of all) expect([type, cutOff > 2]).toEqual([type, true]);
        const told = all.map(
          (one) => `${one.type}: ${one.calls.length} calls, ${one.lost} lost in kills, ${doubled(one)} twice`,
        );
        process.stdout.write(`${told.join('; ')}\n`);
      },
      { max: 10 },
    );
  },
);
