import { describe, expect, it } from 'vitest';
import { bitrix24 } from '../../../src/integrations/bitrix24/index.js';
import { STATUS_CODES } from '../../../src/integrations/bitrix24/settings.js';

const parse = (raw: object) => bitrix24.settings.parse({ enabled: true, ...raw });
const wrong = (raw: object) =>
  bitrix24.settings.safeParse({ enabled: true, ...raw }).error?.issues.map(({ path }) => path.join('.'));

describe('settings the old plan wrote', () => {
  it('are read as they are, and keys nobody here knows are kept', () =>
    expect(
      parse({
        incoming_webhook: 'https://demo.bitrix24.ru/rest/1/secret-0001',
        webhook_url: '',
        user_id: 7,
        user_extensions: { '11': 151, '12': '', x: '152', ' 13 ': ' 153 ' },
        of_another: true,
      }),
    ).toMatchObject({
      access: { kind: 'webhook', base: 'https://demo.bitrix24.ru/rest/1/secret-0001/', userId: '1' },
      user_id: '7',
      user_extensions: { '11': '151', '13': '153' },
      of_another: true,
    }));
});

describe('the address of a webhook', () => {
  it.each([
    'https://demo.bitrix24.ru/rest/1/secret-0001/',
    'https://demo.bitrix24.ru/rest/1/secret-0001',
    'https://demo.bitrix24.ru/rest/1/secret-0001/profile.json',
    ' demo.bitrix24.ru/rest/1/secret-0001/ ',
    'https://demo.bitrix24.ru/rest/1/secret-0001/?x=1',
  ])('is read with what is around it: %s', (webhook_url) =>
    expect(parse({ webhook_url })).toMatchObject({ access: { base: 'https://demo.bitrix24.ru/rest/1/secret-0001/' } }),
  );

  it.each([
    '',
    'demo.bitrix24.ru',
    'https://demo.bitrix24.ru/rest/',
    'https://demo.bitrix24.ru/rest/x/secret',
    'secret-0001',
  ])('is refused by name when it is none: %j', (webhook_url) =>
    expect(wrong({ webhook_url })).toEqual(['webhook_url']),
  );

  it('is named as it was given', () => expect(wrong({ incoming_webhook: 'nonsense' })).toEqual(['incoming_webhook']));
});

describe('an application', () => {
  const tokens = { access_token: 'access-0001', refresh_token: 'refresh-0001' };

  it.each([{ domain: 'demo.bitrix24.ru' }, { client_endpoint: 'https://demo.bitrix24.ru/rest/' }])(
    'is found by %j',
    (where) =>
      expect(
        parse({ ...where, ...tokens, webhook_url: 'https://other.bitrix24.ru/rest/1/secret-0001/' }),
      ).toMatchObject({
        access: { kind: 'application', base: 'https://demo.bitrix24.ru/rest/', oauthUrl: 'https://oauth.bitrix.info' },
      }),
  );

  it('needs to know its portal', () => expect(wrong(tokens)).toEqual(['domain']));
});

it('a limit belongs to the portal, whoever asks, and names no secret', () => {
  const keys = [
    parse({ webhook_url: 'https://demo.bitrix24.ru/rest/1/secret-0001/' }),
    parse({ webhook_url: 'https://DEMO.bitrix24.ru/rest/7/secret-0002/' }),
    parse({ domain: 'demo.bitrix24.ru', access_token: 'access-0001' }),
  ].map((settings) => bitrix24.limitKey(settings));
  expect(new Set(keys)).toEqual(new Set(['demo.bitrix24.ru']));
});

it('codes of results are those the portal knows, and only the chosen ones change', () => {
  const webhook_url = 'https://demo.bitrix24.ru/rest/1/secret-0001/';
  expect(parse({ webhook_url, status_codes: { in_busy: '486' } })['status_codes']).toEqual({
    ...STATUS_CODES,
    in_busy: '486',
  });
  expect(wrong({ webhook_url, status_codes: { in_busy: '999' } })).toEqual(['status_codes.in_busy']);
  expect(wrong({ webhook_url, status_codes: { in_bsy: '486' } })).toEqual(['status_codes']);
  expect(wrong({ webhook_url, user_id: 'admin' })).toEqual(['user_id']);
});
