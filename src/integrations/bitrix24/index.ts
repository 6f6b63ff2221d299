import { defineConnector } from '../contract.js';
import type { Connection, ConnectionDeps } from '../contract.js';
import { peopleOf } from '../people.js';
import { check } from './check.js';
import { dropAsked } from './click.js';
import { createClient } from './client.js';
import { deliver, plan } from './deliver.js';
import { INSTALL_PATH, bindEvents, install } from './install.js';
import { findResponsible, listUsers } from './lookup.js';
import type { Context } from './requests.js';
import { settingsSchema } from './settings.js';
import type { Bitrix24Settings } from './settings.js';

export const bitrix24 = defineConnector({
  id: 'bitrix24',
  title: 'Bitrix24',
  settings: settingsSchema,
  example: { enabled: true, webhook_url: 'https://example.bitrix24.ru/rest/1/example/' },
  secretFields: [
    'webhook_url',
    'incoming_webhook',
    'client_secret',
    'access_token',
    'refresh_token',
    'application_token',
  ],
  // A portal takes 50 at once and 2 a second from one address, all its applications together. The rest is for look-ups,
  // which are asked outside of deliveries.
  rate: { perSecond: 2, burst: 40 },
  limitKey: ({ access }) => new URL(access.base).host,
  plan,
  connect,
});

function connect(settings: Bitrix24Settings, deps: ConnectionDeps): Connection {
  const { http, log, keepSecrets, publicUrl, enterprise } = deps;
  const client = createClient(settings, { http, log, ...(keepSecrets ? { keepSecrets } : {}) });

  function context(): Context {
    const users = deps.crmUsers?.() ?? [];
    const left = new Set(users.filter(({ active }) => !active).map(({ id }) => id));
    return {
      settings,
      people: peopleOf(settings.user_extensions, users, (mobile) => deps.extensionOfMobile?.(mobile) ?? null),
      usersKnown: users.length > 0,
      hasLeft: (userId) => left.has(userId),
      timezone: deps.timezone,
      lastTalked: async (phone) => (await deps.lastTalked?.(phone)) ?? null,
    };
  }

  return {
    deliver: (job, attempt) => deliver(job, attempt, { client, context: context(), askedFor: deps.askedFor }),
    check: (signal) => check(client, settings, deps.crmUsers?.() ?? [], signal),
    users: (signal) => listUsers(client, settings, signal),
    findResponsible: (phone, signal) => findResponsible(client, context(), phone, signal),
    dropAsked: (refs, extension, signal) => dropAsked(client, context(), refs, extension, signal),
    // An application alone is told of clicks at an address it names itself; a webhook's portal has it entered by a person.
    ...(settings.access.kind === 'application' && settings.access.accessToken !== null
      ? { register: (signal) => bindEvents(client, { publicUrl, enterprise }, signal) }
      : {}),
    howToLetIn: () =>
      settings.client_id === null || publicUrl === null ? null : { enter: `${publicUrl}${INSTALL_PATH}/${enterprise}` },
    letIn: (told, signal) => install(told, settings, deps, signal),
    // Nothing is held: sockets belong to `http`, and an attempt under way ends by its own signal.
    close: async () => {},
  };
}
