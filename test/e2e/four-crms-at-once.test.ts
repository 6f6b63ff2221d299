import { expect, test } from 'vitest';
import { startAsterisk } from '../pbx/asterisk.js';
import { describeWith } from '../pbx/available.js';
import { placeCall, tagOf } from '../pbx/callers.js';
import { startPhone } from '../pbx/phones.js';
import { startAmoCrmStandIn } from '../standins/amocrm/server.js';
import { startBitrix24StandIn } from '../standins/bitrix24/server.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import { startTelegramStandIn } from '../standins/telegram/server.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { linkUp, startTestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const PHONES = ['+375290000001', '+375290000002'] as const;
const SECRET = 'secret-of-the-webhook-0001';

describeWith(['sipp', 'asterisk-16', 'asterisk-22'], 'four CRMs at once', () => {
  test.each([16, 22] as const)(
    'on Asterisk %i tell the same of an answered and of a missed call, each in its own way',
    { timeout: 120_000 },
    async (version) => {
      await using asterisk = await startAsterisk({ version });
      const retailcrm = await startRetailCrmStandIn({
        users: [
          { id: 6, firstName: 'Vera', code: '150' },
          { id: 7, firstName: 'Ann', code: '151' },
        ],
      });
      const bitrix24 = await startBitrix24StandIn({
        webhooks: { [`1/${SECRET}`]: null },
        users: [
          { id: 1, name: 'Olga' },
          { id: 26, name: 'Vera', inner: '150' },
          { id: 27, name: 'Ann', inner: '151' },
        ],
      });
      const users = [
        { id: 36, name: 'Vera' },
        { id: 37, name: 'Ann' },
      ];
      const amocrm = await startAmoCrmStandIn({ tokens: { 'token-1': {} }, users });
      for (const phone of PHONES) amocrm.state.contact({ phones: [phone], responsibleUserId: 36 });
      const telegram = await startTelegramStandIn();
      const { integrations, ...entry } = retailCrmEnterprise({
        amiPort: asterisk.amiPort,
        crmUrl: retailcrm.url,
        user: asterisk.users.safe,
        codes: { '6': '150', '7': '151' },
      }) as { integrations: object };
      await using running = await startTestApp({
        enterprises: [
          {
            ...entry,
            integrations: {
              ...integrations,
              bitrix24: {
                enabled: true,
                webhook_url: `${bitrix24.url}/rest/1/${SECRET}/`,
                user_extensions: { '26': '150', '27': '151' },
              },
              amocrm: {
                enabled: true,
                base_url: amocrm.url,
                access_token: 'token-1',
                user_extensions: { '36': '150', '37': '151' },
              },
              telegram: { enabled: true, api_url: telegram.url, bot_token: '1:abc', chat_id: '-100' },
            },
          },
        ],
      });
      await linkUp(running);
      await using _ann = await startPhone(asterisk, '151', { default: { then: 'answer', ringMs: 500 } });
      await using _vera = await startPhone(asterisk, '150', { default: { then: 'ring-on' } });
      await Promise.all([
        placeCall(asterisk, { tag: tagOf(1), dial: '0001367', from: PHONES[0], talkMs: 3_000 }),
        placeCall(asterisk, { tag: tagOf(2), dial: '0001361', from: PHONES[1], talkMs: 1_000 }),
      ]);

      await until(
        'all four to have both',
        () =>
          retailcrm.state.calls.length === 2 &&
          bitrix24.state.calls.length === 2 &&
          amocrm.state.notes.length === 2 &&
          telegram.state.messages.filter(({ text }) => /^[✅❌]/u.test(text)).length === 2,
      );
      const finished = running.events.flatMap((event) => (event.kind === 'call.finished' ? [event.call] : []));
      const told = PHONES.map((phone) => {
        const call = finished.find(({ external }) => external === phone);
        const seconds = Math.round((call?.talkMs ?? 0) / 1_000);
        return { phone, seconds, id: call?.externalId };
      });
      expect(told.map(({ seconds }) => seconds >= 3 && seconds <= 4)).toEqual([true, false]);

      const result = ['answered', 'missed'] as const;
      const each = <T>(rows: T[], phoneOf: (row: T) => string, read: (row: T) => unknown) =>
        PHONES.map((phone) => rows.filter((row) => phoneOf(row).replace(/^\+?/, '+') === phone).map(read));
      const wanted = told.map(({ seconds, id }, index) => [
        { id, owner: ['151', '150'][index], result: result[index], seconds: index === 0 ? seconds : 0 },
      ]);
      expect(
        each(
          retailcrm.state.calls,
          ({ phone }) => phone,
          ({ externalId, code, result: how, duration }) => ({
            id: externalId,
            owner: code,
            result: how === 'answered' ? 'answered' : 'missed',
            seconds: duration,
          }),
        ),
      ).toEqual(wanted);
      expect(
        each(
          bitrix24.state.calls,
          ({ phone }) => phone,
          ({ externalId, userId, code, duration }) => ({
            id: externalId,
            owner: { 26: '150', 27: '151' }[userId],
            result: code === '200' ? 'answered' : 'missed',
            seconds: duration,
          }),
        ),
      ).toEqual(wanted);
      expect(
        each(
          amocrm.state.notes,
          ({ params }) => String(params['phone']),
          ({ params, responsibleUserId }) => ({
            id: params['uniq'],
            owner: { 36: '150', 37: '151' }[responsibleUserId ?? 0],
            result: params['call_status'] === 4 ? 'answered' : 'missed',
            seconds: params['duration'],
          }),
        ),
      ).toEqual(wanted);
      const messages = telegram.state.in('-100').map(({ text }) => text.split('\n'));
      expect(messages).toHaveLength(2);
      expect(messages.find(([first]) => first?.startsWith('✅'))).toEqual(
        expect.arrayContaining([
          '💰+375 (29) 000-00-01 (Client)',
          '☎️151',
          `⌛ Длительность: 00:0${told[0]?.seconds ?? ''}`,
        ]),
      );
      expect(messages.find(([first]) => first?.startsWith('❌'))).toContain('💰+375 (29) 000-00-02 (Client)');

      await until(
        'every card to close',
        () => retailcrm.state.openCards().length + bitrix24.state.openCards().length === 0,
      );
      for (const crm of [retailcrm, bitrix24, amocrm, telegram])
        expect(crm.exchanges.filter(({ status }) => status !== null && status >= 400)).toEqual([]);
      await running.stop();
      for (const crm of [retailcrm, bitrix24, amocrm, telegram]) await crm.stop();
    },
  );
});
