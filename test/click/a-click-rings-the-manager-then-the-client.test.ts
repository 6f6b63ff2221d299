import { afterAll, beforeAll, expect, test } from 'vitest';
import { clickLink } from '../../src/click/link.js';
import { startAsterisk } from '../pbx/asterisk.js';
import type { Asterisk } from '../pbx/asterisk.js';
import { describeWith } from '../pbx/available.js';
import { startPhoneAgent } from '../pbx/sip-agent/on-pbx.js';
import type { Agent } from '../pbx/sip-agent/agent.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import type { RetailCrmStandIn } from '../standins/retailcrm/server.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { linkUp, startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const CLIENT_ID = '0123456789abcdef0123456789abcdef';
const BITRIX_TOKEN = 'fedcba9876543210fedcba9876543210';

const PBXS = [
  { name: 'Asterisk 16', version: 16, chanSip: false },
  { name: 'Asterisk 16 with chan_sip', version: 16, chanSip: true },
  { name: 'Asterisk 22', version: 22, chanSip: false },
] as const;

/** How each CRM asks for a call of 151 (its user 7) with this number. */
const ENTRIES: Record<string, (url: string, phone: string) => Promise<Response>> = {
  'the fleet’s own address': (url, phone) =>
    fetch(`${url}/api/makecallexternal?${new URLSearchParams({ code: '151', phone, clientId: CLIENT_ID }).toString()}`),
  'the fleet’s own address, a plus that nobody encoded': (url, phone) =>
    fetch(`${url}/api/makecallexternal?code=151&phone=${phone}&clientId=${CLIENT_ID}`),
  'RetailCRM by GET': (url, phone) =>
    fetch(`${url}/retailcrm/make-call?${new URLSearchParams({ clientId: CLIENT_ID, code: '151', phone }).toString()}`),
  'RetailCRM by POST, the user alone': (url, phone) =>
    fetch(`${url}/retailcrm/make-call`, {
      method: 'POST',
      body: new URLSearchParams({ clientId: CLIENT_ID, userId: '7', phone }),
    }),
  'Bitrix24, a click': (url, phone) => bitrix24(url, { PHONE_NUMBER: phone, USER_ID: '27', CALL_ID: 'externalCall.1' }),
  'a signed link': (url, phone) =>
    fetch(clickLink(url, CLIENT_ID, '0367', '151').replace('{phone}', encodeURIComponent(phone))),
};

function bitrix24(url: string, data: Record<string, string>, token = BITRIX_TOKEN): Promise<Response> {
  const fields = Object.entries(data).map(([name, value]): [string, string] => [`data[${name}]`, value]);
  return fetch(`${url}/bitrix24/event/0367`, {
    method: 'POST',
    body: new URLSearchParams([['event', 'ONEXTERNALCALLSTART'], ...fields, ['auth[application_token]', token]]),
  });
}

for (const { name, version, chanSip } of PBXS) {
  describeWith([`asterisk-${version}`], `a click on ${name}`, () => {
    let asterisk: Asterisk;
    let crm: RetailCrmStandIn;
    let running: TestApp;
    let manager: Agent;
    let outside: Agent;
    let next = 0;

    beforeAll(async () => {
      asterisk = await startAsterisk({ version, chanSip });
      crm = await startRetailCrmStandIn({ users: [{ id: 7, firstName: 'Ann', code: '151' }] });
      running = await startTestApp({ enterprises: [enterprise(asterisk, crm)] });
      await linkUp(running);
      manager = await startPhoneAgent(asterisk, '151', { default: { then: 'answer', ringMs: 300 } });
      outside = await startPhoneAgent(asterisk, 'trunk', { default: { then: 'answer', ringMs: 300 } });
    }, 90_000);

    afterAll(async () => {
      await manager.stop();
      await outside.stop();
      await running[Symbol.asyncDispose]();
      await crm.stop();
      await asterisk.stop();
    });

    const freshPhone = () => `+37529000${String((next += 1)).padStart(4, '0')}`;
    const recordsOf = (phone: string) => crm.state.calls.filter((call) => `+${call.phone}` === phone);

    // What differs between the drivers is how the phone is rung, not who asks.
    test.each(Object.entries(ENTRIES).filter(([entry]) => !chanSip || entry.startsWith('Bitrix24')))(
      'by %s: the manager sees whom he is to talk with, takes it, the client rings, and one outgoing call is recorded',
      async (_entry, ask) => {
        const phone = freshPhone();
        const answer = await ask(running.app.url, phone);
        expect([answer.status, await answer.json()]).toMatchObject([200, { success: true }]);

        const his = await manager.incoming();
        expect(his.who.from).toBe(phone);
        const theirs = await outside.incoming();
        expect(theirs.who.number).toBe(phone);
        // He calls as himself, not as the client.
        expect(theirs.who.from).toBe('151');
        await theirs.reached('talking');
        expect(manager.legOf(his).answeredAt).toBeLessThan(outside.legOf(theirs).invitedAt);
        await new Promise((resolve) => setTimeout(resolve, 1_200));
        await his.hangUp();
        await theirs.reached('over');

        const [record] = await until('the record', () => recordsOf(phone).length > 0 && recordsOf(phone));
        expect(recordsOf(phone)).toHaveLength(1);
        expect(record).toMatchObject({ type: 'out', code: '151', result: 'answered' });
        expect(record?.duration).toBeGreaterThanOrEqual(1);
        await until('the card to close', () => crm.state.openCards().length === 0);
        // Only a bounded number of clicks is allowed in a minute; here many entries are tried one after another.
        await running.db.pool.query(`UPDATE click_calls SET asked_at = asked_at - interval '2 minutes'`);
      },
      60_000,
    );

    test('twice in a moment: one call', async () => {
      const phone = freshPhone();
      const ask = ENTRIES['RetailCRM by GET'] as (typeof ENTRIES)[string];
      const answers = await Promise.all([1, 2, 3].map(() => ask(running.app.url, phone)));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      const his = await manager.incoming();
      const theirs = await outside.incoming();
      await theirs.reached('talking');
      await his.hangUp();
      await until('the record', () => recordsOf(phone).length > 0);
      expect(manager.calls.filter((call) => call.who.from === phone)).toHaveLength(1);
    }, 60_000);

    test('what Bitrix24 called the call goes with it, and with no other', async () => {
      const { rows } = await running.db.pool.query<{ refs: object; uid: string }>(
        `SELECT refs, c.unique_id AS uid FROM click_calls k JOIN calls c USING (enterprise_number, unique_id)
          WHERE k.source = 'bitrix24'`,
      );
      expect(rows).toMatchObject([{ refs: { call_id: 'externalCall.1' } }]);
    });

    test('a manager who does not answer leaves no call behind', async () => {
      const phone = freshPhone();
      manager.take({ default: { then: 'decline', ringMs: 200 } });
      const answer = await ENTRIES['RetailCRM by GET']?.(running.app.url, phone);
      expect(answer?.status).toBe(200);
      const his = await manager.incoming((call) => call.who.from === phone);
      await his.reached('over').catch(() => undefined);
      expect(outside.calls.some((call) => call.who.number === phone)).toBe(false);
      manager.take({ default: { then: 'answer', ringMs: 300 } });
    }, 60_000);
  });
}

function enterprise(asterisk: Asterisk, crm: RetailCrmStandIn): object {
  const entry = retailCrmEnterprise({
    amiPort: asterisk.amiPort,
    crmUrl: crm.url,
    user: asterisk.users.safe,
    codes: { '7': '151' },
    more: { clientId: CLIENT_ID, extensions: [{ number: '151', name: 'Ann' }] },
  }) as { integrations: Record<string, object> };
  const bitrix = { enabled: true, application_token: BITRIX_TOKEN, user_extensions: { '27': '151' } };
  return { ...entry, integrations: { ...entry.integrations, bitrix24: bitrix } };
}
