import { enterpriseEntry } from '../../config/enterprise.js';
import type { EnterpriseEntry } from '../../config/enterprise.js';
import type { DemoCrm } from './crms.js';

/** The one enterprise of the demo, with the CRMs that hear of its calls. */
export function demoEnterprise(amiPort: number, crms: readonly DemoCrm[]): EnterpriseEntry {
  return enterpriseEntry.parse({
    number: '0999',
    name: 'Demo Ltd',
    token: 'unit-token-0999',
    pbx: { host: '127.0.0.1', port: amiPort, username: 'crm', secret: 'crm-secret', inboundContexts: ['from-trunk'] },
    integrations: Object.fromEntries(crms.map(({ type, settings }) => [type, { enabled: true, ...settings }])),
  });
}
