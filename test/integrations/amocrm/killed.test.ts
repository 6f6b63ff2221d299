import { afterEach, expect, test } from 'vitest';
import { aCall, eventsOf } from '../example-calls.js';
import { until } from '../../support/until.js';
import { KNOWN } from './ground.js';
import { killedDaemon } from './support/killed-daemon.js';
import type { KilledDaemon } from './support/killed-daemon.js';

let daemon: KilledDaemon;
afterEach(() => daemon.stop());

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
