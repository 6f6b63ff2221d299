import { afterEach, expect, test } from 'vitest';
import { aCall, eventsOf, handedOn } from '../example-calls.js';
import { until } from '../../support/until.js';
import { KNOWN } from './ground.js';
import { killedDaemon } from './support/killed-daemon.js';
import type { KilledDaemon } from './support/killed-daemon.js';

/** `AMOCRM_KILLS=100` for a long run. */
const KILLS = Number(process.env['AMOCRM_KILLS'] ?? 3);
const PATHS = ['/api/v4/calls', '/api/v4/contacts', '/api/v4/leads'];
/** Cuts beside the kills: the answer is lost after the deed, or the connection before it. */
const CUTS = ['close-after', 'close-before', 'truncated-json'] as const;

let daemon: KilledDaemon;
afterEach(() => daemon.stop());

const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;

test(
  'killed at any moment, with answers cut after the deed, every call is there once and every client made once',
  { timeout: 60_000 + KILLS * 15_000 },
  async () => {
    daemon = await killedDaemon({}, { access_token: 'token-1', credit: 'each' });
    const { crm } = daemon;
    const contact = crm.state.contact({ phones: [KNOWN] });
    crm.state.lead({ contactIds: [contact.id] });
    const owed: string[] = [];
    const clients: string[] = [];
    for (let nth = 0; nth < KILLS; nth += 1) {
      const client = `+3752910${String(nth).padStart(5, '0')}`;
      clients.push(client);
      const moved = handedOn(aCall(), [
        ['151', 10],
        ['152', 50],
      ]);
      const missed = [client, client, client].map((external) => eventsOf(aCall({ external }), 'missed').finished);
      const events = [eventsOf(aCall(), 'answered', '152').finished, moved, ...missed];
      owed.push(...events.map(({ call }) => call.externalId), `${moved.call.externalId}/2`);
      await daemon.start();
      crm.faults.next(2, { kind: pick(CUTS) }, pick(PATHS));
      await daemon.owe(events);
      // In a request, before or after its deed, or wherever it happens to be.
      if (nth % 3 === 2) await new Promise((resolve) => setTimeout(resolve, Math.random() * 300));
      else await daemon.killIn(pick(PATHS), nth % 3 === 0);
      await daemon.kill();
      crm.faults.clear();
    }
    await daemon.start();
    await daemon.settled();

    const { rows } = await daemon.db.pool.query(`SELECT state, count(*)::int AS n FROM deliveries GROUP BY 1`);
    expect(rows).toEqual([{ state: 'done', n: KILLS * 5 }]);
    const recorded = crm.state.notes.map(({ params }) => String(params['uniq'])).sort();
    expect(recorded).toEqual(owed.sort());
    for (const client of clients) {
      expect(crm.state.contacts.filter(({ phones }) => phones.includes(client))).toHaveLength(1);
      expect(crm.state.leads.filter(({ name }) => name.endsWith(client))).toHaveLength(1);
    }
  },
);

test(
  'a pair lost to a kill costs nothing owed: the old token serves to its end, a person gives a new pair, all goes out once',
  { timeout: 90_000 },
  async () => {
    daemon = await killedDaemon({}, { access_token: 'not-yet' });
    const { crm } = daemon;
    crm.state.contact({ phones: [KNOWN] });
    const owed: string[] = [];
    const owe = async (count: number) => {
      const events = Array.from({ length: count }, () => eventsOf(aCall(), 'answered', '152').finished);
      owed.push(...events.map(({ call }) => call.externalId));
      await daemon.owe(events);
    };
    const stored = async () => await until('a pair is in use', () => crm.tokens.issued.at(-1));

    // Its time has nearly come: exchanged behind the first request, and killed with amoCRM's answer on the way.
    const first = crm.tokens.pair(Date.now() - 23 * 3_600_000);
    await daemon.give(first);
    await daemon.start();
    await owe(2);
    expect(await daemon.killIn('/oauth2/access_token', true)).toBe(true);
    expect(crm.tokens.issued).toHaveLength(2);

    // The void pair's access token still works; after its end the account waits, and nothing is given up.
    await daemon.start();
    await owe(2);
    await daemon.settled();
    crm.tokens.end(first.access_token);
    await owe(3);
    await until('a person is asked for', async () => (await daemon.waiting()).codes.includes('RE_AUTHORISE'));
    expect((await daemon.waiting()).count).toBe(3);

    // Given a pair, it goes on by itself; killed once that pair was renewed and stored, it goes on with the new one.
    const given = crm.tokens.pair(Date.now() - 23 * 3_600_000);
    await daemon.give(given);
    await daemon.settled();
    await until('the given pair is renewed', () => crm.tokens.issued.length === 4);
    const renewed = await stored();
    crm.tokens.end(given.access_token);
    await owe(1);
    await until('the new pair is used', () =>
      crm.exchanges.some(({ headers }) => headers['authorization'] === `Bearer ${renewed?.access_token}`),
    );
    await daemon.kill();
    await daemon.start();
    await owe(2);
    await daemon.settled();
    expect(crm.tokens.issued).toHaveLength(4);
    expect(crm.state.notes.map(({ params }) => String(params['uniq'])).sort()).toEqual(owed.sort());
  },
);
