import { expect, test } from 'vitest';
import { bitrix24 } from '../../../src/integrations/bitrix24/index.js';
import { startBitrix24StandIn } from '../../standins/bitrix24/server.js';
import type { Bitrix24StandIn } from '../../standins/bitrix24/server.js';
import { createRig } from '../../delivery/support/rig.js';
import type { Rig } from '../../delivery/support/rig.js';
import { withDb } from '../../support/db.js';
import { until } from '../../support/until.js';
import { aCall, eventsOf } from '../example-calls.js';
import { randomOf } from '../random-calls.js';
import { isSettled } from '../told-through-kills.js';

/** Whatever has a time is so many times faster: what the portal allows, what we keep to, how long a card lives, the calls. */
const FASTER = 5;
const CALLS = 120;
const PER_MINUTE = 60;
const CARD_MS = 15_000;
/** For the request that was on its way when a card's life ended, on a busy machine; by our clock. */
const ON_ITS_WAY_MS = 1_500;

const RANG = Array.from({ length: 10 }, (_, index) => String(151 + index));
const USERS = RANG.map((inner, index) => ({ id: 11 + index, name: inner, inner }));

test(
  `of ${PER_MINUTE} calls a minute on one portal at its limit, each ringing ten managers, every finish arrives, no card is late, and what finds no room is skipped as rate budget`,
  { timeout: 180_000 },
  async () => {
    await withDb(
      async (db) => {
        const crm = await startBitrix24StandIn({
          users: [{ id: 1, name: 'Olga' }, ...USERS],
          bucket: { perSecond: 2 * FASTER, most: 50 },
          methodSeconds: 0,
        });
        const rig = createRig({
          pool: db.pool,
          settings: {
            pollMs: 80,
            lifeMs: { perishable: CARD_MS / FASTER, closing: 600_000 / FASTER },
            backoff: { perishable: { baseMs: 50 }, closing: { baseMs: 170, maxMs: 5_000 }, durable: { baseMs: 330 } },
          },
        });
        rig.connect(bitrix24, {
          enabled: true,
          webhook_url: `${crm.url}/rest/1/secret/`,
          user_extensions: Object.fromEntries(USERS.map(({ id, inner }) => [String(id), inner])),
          rate: { perSecond: bitrix24.rate.perSecond * FASTER, burst: bitrix24.rate.burst },
        });
        const stop = new AbortController();
        const running = rig.worker.run(stop.signal);
        try {
          const acted = await actAll(rig);
          await until('everything is settled', () => isSettled(db.pool), 120_000);

          const ids = [...acted.keys()].sort();
          expect(crm.state.calls.map(({ externalId }) => externalId).sort()).toEqual(ids);
          expect(crm.state.openCards()).toEqual([]);
          const late = crm.state.cards.map((card) => card.openedAt - (acted.get(card.externalId ?? '')?.rangAt ?? 0));
          expect(Math.max(...late)).toBeLessThan(CARD_MS / FASTER + ON_ITS_WAY_MS);
          const { rows } = await db.pool.query<{ state: string; why: string | null; n: number }>(
            `SELECT state, last_error AS why, count(*)::int AS n FROM deliveries WHERE step = 'card' GROUP BY 1, 2`,
          );
          const skipped = rows.find(({ why }) => why === 'rate budget');
          expect(skipped).toMatchObject({ state: 'skipped' });
          const logged = await db.pool.query(`SELECT FROM integration_logs WHERE error_message = 'rate budget'`);
          expect(logged.rowCount).toBe(skipped?.n);
          // Nothing was sent that came to nothing; on a machine too slow for this pace some cards expire unsent.
          expect(rows.filter(({ state }) => !['done', 'skipped', 'expired'].includes(state))).toEqual([]);
          // We keep to the limit by ourselves: the portal never had to say no.
          expect(crm.bucket.overflowed).toBe(0);
          process.stdout.write(`${figures(crm, acted, skipped?.n ?? 0)}\n`);
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

interface Acted {
  rangAt: number;
  endedAt: number;
}

/** Each rings 3 to 9 s and talks 5 to 40 s; one in five is missed. */
async function actAll(rig: Rig): Promise<Map<string, Acted>> {
  const random = randomOf(3);
  const acted = new Map<string, Acted>();
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms / FASTER));
  const began = Date.now();

  async function act(nth: number): Promise<void> {
    await wait((nth * 60_000) / PER_MINUTE);
    const answered = random() < 0.8;
    const by = answered ? (RANG[Math.floor(random() * 10)] ?? null) : null;
    const [rings, talks] = [3_000 + random() * 6_000, 5_000 + random() * 35_000];
    const call = aCall({ rang: RANG, startedAt: Date.now(), external: `+37529${String(1_000_000 + nth)}` });
    const { ringing, finished } = eventsOf(call, answered ? 'answered' : 'missed', by);
    const rangAt = Date.now();
    await rig.tell([ringing]);
    await wait(rings);
    if (answered) {
      const talking = { ...finished.call, result: null, endedAt: null };
      await rig.tell([{ kind: 'call.answered', seq: 3, at: Date.now(), call: talking, extension: by }]);
      await wait(talks);
    }
    acted.set(call.externalId, { rangAt, endedAt: Date.now() });
    await rig.tell([finished]);
  }

  await Promise.all(Array.from({ length: CALLS }, (_, nth) => act(nth)));
  expect(Date.now() - began).toBeGreaterThan(((CALLS - 1) * 60_000) / PER_MINUTE / FASTER);
  return acted;
}

/** In the seconds of a portal that is not in a hurry. */
function figures(crm: Bitrix24StandIn, acted: ReadonlyMap<string, Acted>, skipped: number): string {
  const seconds = (ms: number | undefined) => `${(((ms ?? 0) * FASTER) / 1_000).toFixed(1)} s`;
  const finishes = crm.exchanges
    .filter(({ effect }) => effect.includes('in history'))
    .map(({ at, body }) => {
      const call = crm.state.calls.find(
        ({ callId, externalId }) => body.includes(callId) || body.includes(`EXTERNAL_CALL_ID=${externalId}"`),
      );
      return at - (acted.get(call?.externalId ?? '')?.endedAt ?? at);
    })
    .sort((one, other) => one - other);
  const shown = new Set(crm.state.cards.map(({ callId }) => callId)).size;
  const latest = Math.max(
    ...crm.state.cards.map((card) => card.openedAt - (acted.get(card.externalId ?? '')?.rangAt ?? 0)),
  );
  return `${acted.size} calls, ${crm.exchanges.length} requests: ${shown} with a card, the latest ${seconds(latest)} after the ring; ${skipped} card steps skipped; finishes ${seconds(finishes[Math.floor(finishes.length / 2)])} after the end, at most ${seconds(finishes.at(-1))}`;
}
