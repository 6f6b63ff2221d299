import { telegram } from '../../../src/integrations/telegram/index.js';
import type { CrmUnderTest } from '../../integrations/contract-suite.js';
import { startTelegramStandIn } from './server.js';

const TOKEN = '1234567890:the-token-of-the-bot-0001';

/** Telegram for the contract suite. A message names no call and nobody's credit. */
export const telegramUnderTest: CrmUnderTest = {
  connector: telegram,
  nameless: true,
  async start() {
    const there = await startTelegramStandIn({ bots: [TOKEN], perChatPer3s: 0, perGroupPerMinute: 0 });
    const over = () => there.state.messages.filter(({ text }) => /^[✅❌]/u.test(text));
    return {
      ...there,
      records: () => over().map(() => ''),
      credited: () => [],
      clients: () => over().map(({ text }) => `+${(/💰([+\d ()-]+)/u.exec(text)?.[1] ?? '').replace(/\D/g, '')}`),
      openCards: () => there.state.messages.length - over().length,
    };
  },
  settings: (url) => ({
    enabled: true,
    api_url: url,
    bot_token: TOKEN,
    chat_id: '-100',
    per_chat: { perSecond: 1_000_000, perMinuteInGroup: 1_000_000 },
  }),
  refusedSettings: (url) => ({ ...telegramUnderTest.settings(url), bot_token: '2:not-known-to-anybody' }),
};
