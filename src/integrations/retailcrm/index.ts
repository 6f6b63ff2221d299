import { createHash } from 'node:crypto';
import { defineConnector } from '../contract.js';
import type { Connection, ConnectionDeps } from '../contract.js';
import { peopleOf } from '../people.js';
import { createClient } from './client.js';
import { ensureCustomer } from './customer.js';
import { deliver, plan } from './deliver.js';
import { checkCredentials, findResponsible, listUsers } from './lookup.js';
import { register } from './register.js';
import type { Context } from './requests.js';
import { settingsSchema, zoneOf } from './settings.js';
import type { RetailCrmSettings } from './settings.js';

export const retailcrm = defineConnector({
  id: 'retailcrm',
  title: 'RetailCRM',
  settings: settingsSchema,
  example: { enabled: true, api_url: 'https://example.retailcrm.ru', api_key: 'example' },
  secretFields: ['api_key', 'client_id'],
  // 40 in any second under `/telephony`, where all deliveries go (other routes take 10 and are asked rarely): a full bucket
  // and what flows in during that second must stay within it together.
  rate: { perSecond: 32, burst: 8 },
  limitKey: ({ origin, api_key }) =>
    `${new URL(origin).host}/${createHash('sha256').update(api_key).digest('hex').slice(0, 16)}`,
  plan,
  connect,
});

function connect(settings: RetailCrmSettings, deps: ConnectionDeps): Connection {
  const client = createClient(settings, deps.http);
  const zone = zoneOf(settings, deps.timezone);
  const people = () =>
    peopleOf(settings.user_extensions, deps.crmUsers?.() ?? [], (mobile) => deps.extensionOfMobile?.(mobile) ?? null);
  const context = (): Context => ({
    settings,
    zone,
    people: people(),
    ensureCustomer: (phone, signal) => ensureCustomer(client, settings, deps.createOnce, phone, signal),
    lastTalked: async (phone) => (await deps.lastTalked?.(phone)) ?? null,
  });

  return {
    deliver: (job, attempt) => deliver(job, attempt, client, context()),
    check: (signal) => checkCredentials(client, settings, signal),
    users: (signal) => listUsers(client, settings, signal),
    findResponsible: (phone, signal) => findResponsible(client, settings, people(), phone, signal),
    register: (signal) =>
      register(client, settings, { publicUrl: deps.publicUrl, clientId: deps.clientId ?? null }, signal),
    // Nothing is held: sockets belong to `http`, and an attempt under way ends by its own signal.
    close: async () => {},
  };
}
