/** The "Test" button: is it a bot, and may it write to each of its chats. */
import type { CheckResult } from '../contract.js';
import type { TelegramClient } from './client.js';
import type { Memory } from './memory.js';
import type { TelegramSettings } from './settings.js';

export async function check(
  client: TelegramClient,
  settings: TelegramSettings,
  memory: Memory,
  signal: AbortSignal,
): Promise<CheckResult> {
  const me = await client.call('getMe', {}, signal);
  if (!me.ok) return { ok: false, code: me.failure.code, why: `${me.failure.why}: take the token from BotFather anew` };
  const warnings: string[] = [];
  let open = 0;
  for (const chat of settings.chats) {
    const address = memory.addressOf(chat);
    const found = await client.call(
      'getChat',
      { chat_id: address.startsWith('@') ? address : Number(address) },
      signal,
    );
    if (found.ok) {
      open += 1;
      await memory.opened(chat);
    } else warnings.push(`the chat ${chat}: ${found.failure.why}; add the bot to it, or press Start there`);
  }
  if (open === 0) return { ok: false, code: 'NO_CHAT', why: warnings.join('; ') };
  const { username } = me.result as { username?: string };
  return { ok: true, account: username ? `@${username}` : 'bot', warnings };
}
