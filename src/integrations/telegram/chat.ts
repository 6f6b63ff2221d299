/** Writing to one chat: follows it when it moves, sends plain text when tags are not understood, tells when it is closed. */
import type { Failure } from '../contract.js';
import { isClosed } from './client.js';
import type { Answer, TelegramClient } from './client.js';
import type { Memory } from './memory.js';
import { plainOf } from './texts.js';

export type Written =
  /** `id` of the message; null where none was asked for. */
  | { ok: true; id: string | null }
  /** The message that was to be edited is not there, or cannot be edited any more. */
  | { ok: false; gone: true }
  | { ok: false; gone: false; failure: Failure };

export interface Chat {
  send(html: string, options: { silent: boolean }): Promise<Written>;
  edit(id: string, html: string): Promise<Written>;
  /** One that is not there is deleted, too. */
  remove(id: string): Promise<Written>;
  audio(url: string, replyTo: string | null, caption: string): Promise<Written>;
}

const GONE = /message to edit not found|message can't be edited|message_id_invalid/;
const UNCHANGED = /message is not modified/;
const NOT_THERE = /message to delete not found|message can't be deleted|message_id_invalid/;

export function openChat(chat: string, client: TelegramClient, memory: Memory, signal: AbortSignal): Chat {
  /** The same request once more at the chat's new place, and once more without tags. */
  async function call(method: string, parameters: Record<string, unknown>): Promise<Answer> {
    const at = (address: string, more: Record<string, unknown>) =>
      client.call(method, { chat_id: chatId(address), ...more }, signal);
    let answer = await at(memory.addressOf(chat), parameters);
    if (!answer.ok && answer.refused?.movedTo) {
      await memory.moved(memory.addressOf(chat), answer.refused.movedTo);
      answer = await at(answer.refused.movedTo, parameters);
    }
    if (!answer.ok && answer.refused && /can't parse entities/.test(answer.refused.text)) {
      const { parse_mode: _mode, text, ...rest } = parameters;
      if (typeof text === 'string') answer = await at(memory.addressOf(chat), { ...rest, text: plainOf(text) });
    }
    if (!answer.ok && answer.refused && isClosed(answer.refused)) await memory.closed(chat, answer.failure.why);
    return answer;
  }

  const html = (text: string) => ({ text, parse_mode: 'HTML', link_preview_options: { is_disabled: true } });

  return {
    async send(text, { silent }) {
      const thread = memory.thread === null ? {} : { message_thread_id: memory.thread };
      return written(await call('sendMessage', { ...html(text), ...thread, disable_notification: silent }));
    },
    async edit(id, text) {
      const answer = await call('editMessageText', { message_id: Number(id), ...html(text) });
      if (answer.ok || (answer.refused && UNCHANGED.test(answer.refused.text))) return { ok: true, id };
      return answer.refused && GONE.test(answer.refused.text) ? { ok: false, gone: true } : written(answer);
    },
    async remove(id) {
      const answer = await call('deleteMessage', { message_id: Number(id) });
      if (answer.ok || (answer.refused && NOT_THERE.test(answer.refused.text))) return { ok: true, id: null };
      return written(answer);
    },
    async audio(url, replyTo, caption) {
      const reply =
        replyTo === null
          ? {}
          : { reply_parameters: { message_id: Number(replyTo), allow_sending_without_reply: true } };
      const thread = memory.thread === null ? {} : { message_thread_id: memory.thread };
      // Telegram takes MP3 and M4A for sound that is played; anything else is a file.
      const [method, what] = /\.wav(\?|$)/i.test(url) ? ['sendDocument', 'document'] : ['sendAudio', 'audio'];
      return written(await call(method, { [what]: url, caption, ...reply, ...thread, disable_notification: true }));
    },
  };
}

function written(answer: Answer): Written {
  if (!answer.ok) return { ok: false, gone: false, failure: answer.failure };
  const id = (answer.result as { message_id?: unknown } | null)?.message_id;
  return { ok: true, id: typeof id === 'number' ? String(id) : null };
}

/** Ids are numbers to Telegram, names are text. */
function chatId(address: string): number | string {
  return address.startsWith('@') ? address : Number(address);
}
