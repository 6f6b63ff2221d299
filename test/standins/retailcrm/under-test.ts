import { retailcrm } from '../../../src/integrations/retailcrm/index.js';
import type { CrmUnderTest } from '../../integrations/contract-suite.js';
import { startRetailCrmStandIn } from './server.js';

const EXTENSIONS = Array.from({ length: 10 }, (_, index) => ({ id: index + 1, code: String(151 + index) }));
const KEY = 'key-of-the-account-0001';

/** RetailCRM for the contract suite. */
export const retailcrmUnderTest: CrmUnderTest = {
  connector: retailcrm,
  async start() {
    const users = EXTENSIONS.map(({ id, code }) => ({ id, code, firstName: `User ${code}` }));
    const crm = await startRetailCrmStandIn({ keys: { [KEY]: null }, users, telephonyPerSecond: 0 });
    return {
      ...crm,
      records: () => crm.state.calls.map((call) => call.externalId ?? ''),
      credited: () =>
        crm.state.calls.map(({ externalId = '', code = '', duration = 0 }) => ({
          id: externalId,
          extension: code,
          seconds: duration,
        })),
      openCards: () => crm.state.openCards().length,
    };
  },
  settings: (url) => ({
    enabled: true,
    api_url: url,
    api_key: KEY,
    client_id: '0123456789abcdef0123456789abcdef',
    user_extensions: Object.fromEntries(EXTENSIONS.map(({ id, code }) => [String(id), code])),
  }),
  refusedSettings: (url) => ({ ...retailcrmUnderTest.settings(url), api_key: 'key-that-is-not-known' }),
};
