import { bitrix24 } from '../../../src/integrations/bitrix24/index.js';
import type { CrmUnderTest } from '../../integrations/contract-suite.js';
import { NOON } from '../../integrations/example-calls.js';
import { startBitrix24StandIn } from './server.js';

const USERS = Array.from({ length: 10 }, (_, index) => ({ id: 11 + index, inner: String(151 + index) }));
const SECRET = 'secret-of-the-webhook-0001';

/** Bitrix24 for the contract suite. */
export const bitrix24UnderTest: CrmUnderTest = {
  connector: bitrix24,
  async start() {
    const users = [{ id: 1, name: 'Olga' }, ...USERS.map(({ id, inner }) => ({ id, inner, name: `User ${inner}` }))];
    const crm = await startBitrix24StandIn({
      webhooks: { [`1/${SECRET}`]: null },
      users,
      bucket: { perSecond: 0, most: 0 },
      // Calls of the examples are of that day.
      now: () => NOON + 60_000,
    });
    const innerOf = (id: number) => users.find((user) => user.id === id && 'inner' in user);
    return {
      ...crm,
      records: () => crm.state.calls.map((call) => call.externalId ?? ''),
      credited: () =>
        crm.state.calls.map(({ externalId, userId, duration }) => {
          const user = innerOf(userId);
          return { id: externalId ?? '', extension: user && 'inner' in user ? user.inner : '', seconds: duration };
        }),
      openCards: () => crm.state.openCards().length,
    };
  },
  settings: (url) => ({
    enabled: true,
    webhook_url: `${url}/rest/1/${SECRET}/`,
    user_extensions: Object.fromEntries(USERS.map(({ id, inner }) => [String(id), inner])),
  }),
  refusedSettings: (url) => ({ ...bitrix24UnderTest.settings(url), webhook_url: `${url}/rest/1/unknown-secret/` }),
  otherSettings: () => bitrix24UnderTest.settings('https://other.example.invalid'),
};
