import { defineConnector } from '../contract.js';
import type { Connection, ConnectionDeps } from '../contract.js';
import { createClient } from './client.js';
import { deliver, plan } from './deliver.js';
import { check } from './lookup.js';
import { createMemory } from './memory.js';
import { createPace } from './pace.js';
import { settingsSchema } from './settings.js';
import type { TelegramSettings } from './settings.js';

export const telegram = defineConnector({
  id: 'telegram',
  title: 'Telegram',
  settings: settingsSchema,
  example: { enabled: true, bot_token: '1:example', chat_id: '-100' },
  secretFields: ['bot_token'],
  // Thirty a second for all chats of a bot together.
  rate: { perSecond: 25, burst: 5 },
  retryAfterInFull: true,
  limitKey: ({ api_url, bot_token }) => `${new URL(api_url).host}/bot${bot_token.split(':')[0] ?? ''}`,
  plan,
  connect,
});

function connect(settings: TelegramSettings, deps: ConnectionDeps): Connection {
  const client = createClient(settings, deps.http);
  const memory = createMemory(settings, deps);
  const pace = createPace(settings.per_chat);
  const names = {
    language: settings.language,
    timezone: deps.timezone,
    nameOf: (extension: string) => deps.nameOf?.(extension) ?? null,
    lineName: (line: string) => deps.lineName?.(line) ?? null,
  };
  const clientName = async (phone: string) => (await deps.clientName?.(phone)) ?? null;
  return {
    deliver: ({ step, event }, attempt) =>
      deliver(step, event, attempt, { settings, client, memory, pace, names, clientName }),
    check: (signal) => check(client, settings, memory, signal),
    // Nothing is held: sockets belong to `http`.
    close: async () => {},
  };
}
