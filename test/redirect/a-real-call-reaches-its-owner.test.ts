import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAsterisk } from '../pbx/asterisk.js';
import type { Asterisk } from '../pbx/asterisk.js';
import { describeWith } from '../pbx/available.js';
import { placeCall } from '../pbx/callers.js';
import { startPhone } from '../pbx/phones.js';
import type { Phone } from '../pbx/phones.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import type { RetailCrmStandIn } from '../standins/retailcrm/server.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { linkUp, startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { SECRET, redirectDialplan } from './redirect-pbx.js';

for (const version of [16, 22] as const) {
  describeWith(['sipp', `asterisk-${version}`], `on Asterisk ${version}`, () => {
    let asterisk: Asterisk;
    let crm: RetailCrmStandIn;
    let running: TestApp;
    const phones: Partial<Record<'150' | '152', Phone>> = {};

    beforeAll(async () => {
      asterisk = await startAsterisk({ version, extraDialplan: redirectDialplan() });
      const users = ['150', '151', '152'].map((code, index) => ({ id: 6 + index, firstName: code, code }));
      const customers = [{ phone: '+375290000001', managerId: 8, firstName: 'Ann, "Ltd"', lastName: 'Example' }];
      crm = await startRetailCrmStandIn({ users, customers });
      running = await startTestApp({
        enterprises: [
          retailCrmEnterprise({
            amiPort: asterisk.amiPort,
            crmUrl: crm.url,
            user: asterisk.users.safe,
            more: { smartRedirect: { mode: 'owner', secret: SECRET } },
          }),
        ],
      });
      await linkUp(running);
      for (const extension of ['150', '152'] as const)
        phones[extension] = await startPhone(asterisk, extension, { default: { then: 'answer', ringMs: 200 } });
    }, 60_000);

    afterAll(async () => {
      for (const phone of Object.values(phones)) await phone.stop();
      await running[Symbol.asyncDispose]();
      await crm.stop();
      await asterisk.stop();
    });

    /** Calls each phone has rung for so far; the client's name has taken the tag's place on its display. */
    const rung = () => ({ 150: phones['150']?.legs().length ?? 0, 152: phones['152']?.legs().length ?? 0 });

    test.each([
      ['a client with an owner rings there and nowhere else', '80290000001', { 150: 0, 152: 1 }],
      ['a client nobody owns goes to the default route', '80290000002', { 150: 1, 152: 0 }],
    ])(
      '%s',
      async (_what, from, wanted) => {
        const before = rung();
        const { leg } = await placeCall(asterisk, { tag: 'T0001', dial: '0001400', from, talkMs: 1_000 });
        const after = rung();
        expect(leg?.finalStatus).toBe(200);
        expect({ 150: after[150] - before[150], 152: after[152] - before[152] }).toEqual(wanted);
      },
      60_000,
    );

    test('the manager sees who calls, cleaned of what a phone cannot show', () => {
      const decided = running.log.filter((line) => line.includes('redirect decided'));
      expect(decided.map((line) => JSON.parse(line) as object)).toMatchObject([
        { action: 'go', chosen: '152', name: 'Ann Ltd Example', namedBy: 'retailcrm' },
        { action: 'release', reason: 'nobody owns this client' },
      ]);
    });
  });
}
