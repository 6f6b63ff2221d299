/** What a bot learns of its chats while it writes, kept with its settings: groups that moved, chats that closed. */
import type { ConnectionDeps } from '../contract.js';
import { addressOf } from './settings.js';
import type { TelegramSettings } from './settings.js';

export interface Memory {
  readonly thread: number | null;
  addressOf(chat: string): string;
  moved(from: string, to: string): Promise<void>;
  closed(chat: string, why: string): Promise<void>;
  opened(chat: string): Promise<void>;
  whyOff(chat: string): string | null;
}

export function createMemory(
  settings: TelegramSettings,
  { keepSecrets: keep, log }: Pick<ConnectionDeps, 'keepSecrets' | 'log'>,
): Memory {
  const known = { moved_chats: { ...settings.moved_chats }, chats_off: { ...settings.chats_off } };

  /** What cannot be kept now is learnt again. */
  async function save(field: keyof typeof known): Promise<void> {
    try {
      await keep?.({ [field]: known[field] });
    } catch (error) {
      log.warn({ err: error, field }, 'what was learnt of a chat could not be kept');
    }
  }

  return {
    thread: settings.thread_id,
    addressOf: (chat) => addressOf(chat, known),
    whyOff: (chat) => known.chats_off[chat] ?? null,
    async moved(from, to) {
      known.moved_chats[from] = to;
      log.info({ from, to }, 'a group has moved');
      await save('moved_chats');
    },
    async closed(chat, why) {
      if (known.chats_off[chat] === why) return;
      known.chats_off[chat] = why;
      log.error({ chat, why }, 'a chat takes no messages and is switched off');
      await save('chats_off');
    },
    async opened(chat) {
      if (known.chats_off[chat] === undefined) return;
      delete known.chats_off[chat];
      await save('chats_off');
    },
  };
}
