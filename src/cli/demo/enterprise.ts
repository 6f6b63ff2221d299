import { enterpriseEntry } from '../../config/enterprise.js';
import type { EnterpriseEntry } from '../../config/enterprise.js';
import type { StandInUser } from './standins/retailcrm/account.js';

const users: StandInUser[] = [
  { id: 6, firstName: 'Vera', lastName: 'Testova', code: '150' },
  { id: 7, firstName: 'Ann', lastName: 'Testova', code: '151' },
  { id: 8, firstName: 'Boris', lastName: 'Testov', code: '152' },
];

/** The one enterprise of the demo and its CRM's users. */
export const demoEnterprise = {
  users,
  entry(amiPort: number, retailCrmUrl: string): EnterpriseEntry {
    return enterpriseEntry.parse({
      number: '0999',
      name: 'Demo Ltd',
      token: 'unit-token-0999',
      pbx: { host: '127.0.0.1', port: amiPort, username: 'crm', secret: 'crm-secret', inboundContexts: ['from-trunk'] },
      integrations: {
        retailcrm: {
          enabled: true,
          api_url: retailCrmUrl,
          api_key: 'key-1',
          user_extensions: Object.fromEntries(users.map((user) => [String(user.id), user.code])),
        },
      },
    });
  },
};
