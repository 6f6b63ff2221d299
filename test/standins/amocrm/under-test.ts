import { amocrm } from '../../../src/integrations/amocrm/index.js';
import type { CrmUnderTest } from '../../integrations/contract-suite.js';
import { INTEGRATION, startAmoCrmStandIn } from './server.js';
import type { AmoCrmStandIn } from './server.js';

const EXTENSIONS = Array.from({ length: 10 }, (_, index) => ({ id: index + 11, extension: String(151 + index) }));
const TOKEN = 'token-of-the-account-0001';
const REFRESH = 'refresh-token-of-the-account-0001';

/** amoCRM for the contract suite. The client its calls are of is known there, with an open lead. */
export const amocrmUnderTest: CrmUnderTest = {
  connector: amocrm,
  async start() {
    const users = EXTENSIONS.map(({ id, extension }) => ({ id, name: `User ${extension}` }));
    const crm = await startAmoCrmStandIn({ tokens: { [TOKEN]: {} }, users, perSecond: 0 });
    const contact = crm.state.contact({ phones: ['+375290000001'], responsibleUserId: 11 });
    crm.state.lead({ contactIds: [contact.id], responsibleUserId: 11 });
    return {
      ...crm,
      records: () => crm.state.notes.map(({ params }) => String(params['uniq'])),
      credited: () => creditedIn(crm),
      // A pop-up goes away by itself: nobody closes it, and nothing is left open.
      openCards: () => 0,
      madeTwice: () => [
        ...repeated(crm.state.contacts.flatMap(({ phones }) => phones)),
        ...repeated(crm.state.leads.flatMap(({ name }) => /\+\d+$/.exec(name)?.[0] ?? [])),
      ],
    };
  },
  settings: (url) => ({
    enabled: true,
    base_url: url,
    access_token: TOKEN,
    refresh_token: REFRESH,
    client_id: INTEGRATION.clientId,
    client_secret: INTEGRATION.clientSecret,
    user_extensions: Object.fromEntries(EXTENSIONS.map(({ id, extension }) => [String(id), extension])),
    rate: { perSecond: 1_000, burst: 1_000 },
  }),
  refusedSettings: (url) => ({
    ...amocrmUnderTest.settings(url),
    access_token: 'token-that-is-not-known',
    refresh_token: null,
  }),
  otherSettings: (url) => ({ ...amocrmUnderTest.settings(url), base_url: 'https://another.example.invalid' }),
};

function creditedIn(crm: AmoCrmStandIn): { id: string; extension: string; seconds: number }[] {
  return crm.state.notes.map(({ params, responsibleUserId }) => ({
    id: String(params['uniq']),
    extension: EXTENSIONS.find(({ id }) => id === responsibleUserId)?.extension ?? '',
    seconds: Number(params['duration']),
  }));
}

function repeated(all: readonly string[]): string[] {
  return [...new Set(all.filter((one, index) => all.indexOf(one) !== index))];
}
