import { expect, test } from 'vitest';
import { startAsterisk } from '../pbx/asterisk.js';
import { describeWith } from '../pbx/available.js';
import { placeCall, tagOf } from '../pbx/callers.js';
import { startPhone } from '../pbx/phones.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import type { RetailCrmStandIn } from '../standins/retailcrm/server.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { startFleetPoster } from '../support/fleet-poster.js';
import { linkUp, startTestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const USERS = [{ id: 7, firstName: 'Ann', code: '151' }];
/** Where a caller's number belongs: what this account keeps of those who have none. */
const WITHHELD = '000';
const CHOICES = ['record', 'card', 'ignore'] as const;

/** One account for every way a call is heard of and every choice, and one more that keeps no calls without a number. */
const ACCOUNTS = [
  { choice: 'record', source: 'ami', withheld: WITHHELD },
  ...CHOICES.map((choice) => ({ choice, source: 'webhook', withheld: WITHHELD })),
  { choice: 'card', source: 'webhook', withheld: null },
];

describeWith(['sipp', 'asterisk-16', 'asterisk-22'], 'a real caller who hides his number', () => {
  test.each([16, 22] as const)(
    'on Asterisk %i is recorded without a card, or as the enterprise chose',
    { timeout: 120_000 },
    async (version) => {
      await using asterisk = await startAsterisk({ version });
      const crms: RetailCrmStandIn[] = [];
      const enterprises: object[] = [];
      for (const [index, { choice, source, withheld }] of ACCOUNTS.entries()) {
        const crm = await startRetailCrmStandIn({ users: USERS });
        crms.push(crm);
        const integrations = {
          retailcrm: { enabled: true, api_url: crm.url, api_key: 'key-1', withheld_phone: withheld },
        };
        enterprises.push(
          retailCrmEnterprise({
            number: `036${index}`,
            token: `unit-token-000${index}`,
            amiPort: source === 'ami' ? asterisk.amiPort : null,
            crmUrl: crm.url,
            more: { anonymous: choice, sources: [source], integrations },
          }),
        );
      }
      await using running = await startTestApp({ enterprises });
      await linkUp(running);
      const probe = await asterisk.probe('crm');
      const posters = ACCOUNTS.flatMap(({ source }, index) =>
        source === 'ami' ? [] : [startFleetPoster({ probe, url: running.app.url, token: `unit-token-000${index}` })],
      );
      await using _ann = await startPhone(asterisk, '151', { default: { then: 'answer', ringMs: 1_500 } });
      await placeCall(asterisk, { tag: tagOf(1), dial: '0001371', from: 'anonymous', talkMs: 4_000 });
      for (const poster of posters) await poster.stop();
      await probe.close();

      const finished = () => running.events.filter((event) => event.kind === 'call.finished');
      await until('every account to hear of its end', () => finished().length === ACCOUNTS.length);
      await until('those who keep it to be told', () =>
        crms.slice(0, 3).every(({ state }) => state.calls.length > 0 && state.openCards().length === 0),
      );
      const { rows } = await running.db.pool.query(
        'SELECT DISTINCT enterprise_number AS number FROM deliveries ORDER BY 1',
      );
      expect(rows).toEqual([{ number: '0360' }, { number: '0361' }, { number: '0362' }]);
      for (const { call } of finished()) {
        expect(call).toMatchObject({ direction: 'in', external: null, result: 'answered', finalAgent: '151' });
      }
      const told = crms.map((crm) => [
        crm.state.calls.map(({ phone, code, result }) => `${phone} ${code} ${result}`),
        crm.state.cards.map(({ phone, code }) => `${phone} ${code}`),
      ]);
      const record = [`${WITHHELD} 151 answered`];
      expect(told).toEqual([
        [record, []],
        [record, []],
        [record, [`${WITHHELD} 151`]],
        [[], []],
        [[], []],
      ]);
      expect(crms.flatMap((crm) => crm.exchanges.filter(({ status }) => status !== 200))).toEqual([]);
      await running.stop();
      for (const crm of crms) await crm.stop();
    },
  );
});
