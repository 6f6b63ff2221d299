/** One of each kind of secret the product holds, with signs in them that every writer has to escape, where their makers allow such. */
import { generateKeyPairSync } from 'node:crypto';
import { newKey } from '../../../src/platform/secret-key.js';
import type { Crms } from '../../ui/support/site.js';

const { privateKey } = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  privateKeyEncoding: { type: 'sec1', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});

export const KEY = newKey();

/** As they are given in; what accounts are renewed with, sessions and links come up on the way. */
export const HELD = {
  'key that seals': KEY.toString('base64'),
  'webhook token': 'webhook-token-of-0367+/=',
  'client id': 'client-id-of-0367-with-128-random-bits',
  'AMI secret': 'ami "secret" of\\0367 & more',
  'AMI secret that is refused': 'ami-secret-nobody-takes-0369',
  'SSH password': 'ssh "pass" w\\rd/+&?%',
  'SSH private key': privateKey,
  'recordings password': 'recordings "pass"\\w&rd',
  'smart redirect secret': 'redirect-word-0367',
  'RetailCRM key': 'retail/key+with=signs-0367',
  'RetailCRM client id': 'retail-client-id-with-128-random-bits',
  'RetailCRM key that is refused': 'retail/key+of=nobody-0367',
  'Bitrix24 webhook': 'bitrix-webhook-word-0367',
  'Bitrix24 application': 'bitrix-client-secret-0368',
  'Bitrix24 application token': 'bitrix-application-token-0368',
  'Bitrix24 access token': 'bitrix-access-token-0368',
  'Bitrix24 refresh token': 'bitrix-refresh-token-0368',
  'amoCRM long-lived token': 'amo-long-lived-token-0367',
  'amoCRM client secret': 'amo-client-secret-0368',
  'Telegram bot': '1234567890:telegram-bot-0367',
  'alerting bot': '1234567891:alerting-bot-0367',
  'key in the address alerts go to': 'key-in-the-path-0001',
  'password of the first operator': 'first "operator" p\\ssword',
  'password of an administrator': 'ann "has" a p\\ssword&more',
  'password that is wrong': 'a "wrong" p\\ssword',
  'token of metrics': 'metrics-token-0001',
} as const;

export const AMO_INTEGRATION = {
  clientId: '00000000-0000-4000-8000-000000000368',
  clientSecret: HELD['amoCRM client secret'],
  redirectUri: 'https://pbx.example.invalid/oauth/amocrm/callback',
};

/** 0367 with everything by keys, 0368 with applications and no PBX, 0369 whose PBX refuses. */
export function enterprisesOf(crms: Crms, pbxPort: number, monitor: string): object[] {
  const codes = { '7': '151' };
  return [
    {
      ...{ number: '0367', name: 'Example Ltd', token: HELD['webhook token'], clientId: HELD['client id'] },
      pbx: { host: '127.0.0.1', port: pbxPort, username: 'crm', secret: HELD['AMI secret'] },
      inboundContexts: ['from-trunk'],
      smartRedirect: { mode: 'owner', secret: HELD['smart redirect secret'] },
      ssh: {
        ...{ host: '127.0.0.1', port: 9, username: 'trunkline' },
        ...{ password: HELD['SSH password'], privateKey: HELD['SSH private key'] },
      },
      recovery: { events: {}, cdr: {} },
      recordings: { root: monitor, file: '{uniqueid}.wav', password: HELD['recordings password'] },
      extensions: [{ number: '151', name: 'Ann' }],
      integrations: {
        retailcrm: {
          ...{ enabled: true, api_url: crms.retailcrm.url, user_extensions: codes },
          ...{ api_key: HELD['RetailCRM key'], client_id: HELD['RetailCRM client id'] },
        },
        bitrix24: {
          ...{ enabled: true, user_extensions: codes },
          webhook_url: `${crms.bitrix24.url}/rest/1/${HELD['Bitrix24 webhook']}/`,
        },
        amocrm: {
          ...{ enabled: true, base_url: crms.amocrm.url, user_extensions: codes },
          access_token: HELD['amoCRM long-lived token'],
        },
        telegram: { enabled: true, api_url: crms.telegram.url, bot_token: HELD['Telegram bot'], chat_id: '-100' },
      },
    },
    {
      ...{ number: '0368', name: 'Another Ltd', token: 'another-token-0368', sources: ['webhook'] },
      recordings: {
        ...{ from: 'http', url: `${crms.retailcrm.url}/nowhere/`, username: 'trunkline' },
        password: HELD['recordings password'],
      },
      integrations: {
        bitrix24: {
          ...{ enabled: true, domain: crms.bitrix24.url, oauth_url: crms.bitrix24.url },
          ...{ client_id: 'local.0000000000000001.00000001', client_secret: HELD['Bitrix24 application'] },
          application_token: HELD['Bitrix24 application token'],
          ...{ access_token: HELD['Bitrix24 access token'], refresh_token: HELD['Bitrix24 refresh token'] },
        },
        amocrm: {
          ...{ enabled: true, base_url: crms.amocrm.url },
          ...{ client_id: AMO_INTEGRATION.clientId, client_secret: AMO_INTEGRATION.clientSecret },
          redirect_uri: AMO_INTEGRATION.redirectUri,
          ...crms.amocrm.tokens.pair(Date.now()),
        },
      },
    },
    {
      ...{ number: '0369', name: 'Third Ltd', token: 'third-token-0369' },
      pbx: { host: '127.0.0.1', port: 9, username: 'crm', secret: HELD['AMI secret that is refused'] },
    },
  ];
}
