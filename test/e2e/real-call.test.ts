import { expect, test } from 'vitest';
import { startAsterisk } from '../pbx/asterisk.js';
import { describeWith } from '../pbx/available.js';
import { placeCall, tagOf } from '../pbx/callers.js';
import { startPhone } from '../pbx/phones.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { linkUp, startTestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

describeWith(['sipp', 'asterisk-22'], 'a real call on a real Asterisk', () => {
  test(
    'opens a card while it rings, closes it at the end and leaves one right record',
    { timeout: 120_000 },
    async () => {
      await using asterisk = await startAsterisk({ version: 22 });
      const crm = await startRetailCrmStandIn({ users: [{ id: 6, firstName: 'Vera', code: '150' }] });
      await using running = await startTestApp({
        enterprises: [retailCrmEnterprise({ amiPort: asterisk.amiPort, crmUrl: crm.url })],
      });
      await linkUp(running);
      await using _phone = await startPhone(asterisk, '150', { default: { then: 'answer', ringMs: 800 } });

      await placeCall(asterisk, { tag: tagOf(1), dial: '0001360', from: '80290000001', talkMs: 2_000 });
      const [record] = await until('the record', () => crm.state.calls.length > 0 && crm.state.calls);
      await until('the card to close', () => crm.state.openCards().length === 0);

      expect(crm.state.calls).toHaveLength(1);
      expect(record).toMatchObject({ type: 'in', phone: '375290000001', code: '150', result: 'answered' });
      expect(crm.state.cards).toMatchObject([{ code: '150', hangupStatus: 'answered' }]);
      await crm.stop();
    },
  );
});
