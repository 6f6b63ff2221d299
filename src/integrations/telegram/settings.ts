/**
 * The settings of one Telegram bot. Written by the old plan as `{enabled, bot_token, chat_id}`; the old system's subscribers
 * (`telegram_users`) come in as `subscribers`, which nobody writes by hand.
 */
import { z } from 'zod';
import { ruleSettings } from '../rules.js';

const text = z
  .union([z.string(), z.number()], { error: 'is required, as text' })
  .transform((value) => String(value).trim());

const CHAT = /^(-?\d{1,20}|@[A-Za-z]\w{3,31})$/;

/** One chat, several in a list, or several in one text. */
const chats = z
  .union([text, z.array(text)])
  .nullish()
  .transform((value) => (Array.isArray(value) ? value : (value ?? '').split(/[\s,;]+/)).filter((chat) => chat !== ''))
  .refine(
    (list) => list.every((chat) => CHAT.test(chat)),
    'must be ids such as -1000000000001, or names such as @sales',
  );

const fields = z.looseObject({
  enabled: z.boolean().default(false).meta({ title: 'Enabled' }),
  bot_token: text
    .pipe(
      z
        .string()
        .regex(/^[1-9]\d*:[\w-]+$/, 'is what BotFather gave: digits, a colon, letters')
        .max(80),
    )
    .meta({ title: 'Token of the bot', secret: true }),
  chat_id: chats.meta({ title: 'Chats to write to: ids or @names' }),
  subscribers: chats.meta({ title: 'Chats subscribed through the old system' }),
  use_subscribers: z.boolean().default(true).meta({ title: 'Write to those too' }),
  api_url: text
    .nullish()
    .transform((value) => (value ? value.replace(/\/+$/, '') : 'https://api.telegram.org'))
    .refine((value) => URL.canParse(value), 'must be an address such as https://api.telegram.org')
    .meta({ title: 'Address of the Bot API' }),
  thread_id: z
    .number()
    .int()
    .positive()
    .nullish()
    .transform((value) => value ?? null)
    .meta({ title: 'Topic of the group' }),
  language: z.enum(['ru', 'en']).default('ru').meta({ title: 'Language of the messages' }),
  ring_missed: z
    .boolean()
    .default(true)
    .meta({ title: 'A missed call is a new message with sound in the place of the old one; edits make none' }),
  client_name: z
    .boolean()
    .default(true)
    .meta({ title: 'The client’s name, as another CRM of the enterprise knows it: one question a call' }),
  recording: z.enum(['link', 'audio', 'none']).default('link').meta({
    title: 'The recording: a link in the message, an audio file that Telegram fetches from the link, nothing',
  }),
  moved_chats: z
    .record(z.string(), text)
    .nullish()
    .transform((map) => map ?? {})
    .meta({ title: 'Groups that became supergroups: old id → new id; kept by itself' }),
  chats_off: z
    .record(z.string(), z.string())
    .nullish()
    .transform((map) => map ?? {})
    .meta({ title: 'Chats that do not take messages any more, and why; a good test takes them out' }),
  ...ruleSettings,
  rate: z
    .object({ perSecond: z.number().positive(), burst: z.number().positive() })
    .optional()
    .meta({ title: 'Requests of the bot' }),
  per_chat: z
    .object({ perSecond: z.number().positive(), perMinuteInGroup: z.number().positive() })
    .default({ perSecond: 1, perMinuteInGroup: 20 })
    .meta({ title: 'Requests of one chat' }),
});

export const settingsSchema = fields.transform((raw, context) => {
  const wanted = [...raw.chat_id, ...(raw.use_subscribers ? raw.subscribers : [])];
  if (wanted.length === 0) {
    context.addIssue({ code: 'custom', path: ['chat_id'], message: 'name at least one chat' });
    return z.NEVER;
  }
  return { ...raw, chats: [...new Set(wanted)] };
});

export type TelegramSettings = z.infer<typeof settingsSchema>;

/** Where a chat is now: a group may have moved more than once. */
export function addressOf(chat: string, { moved_chats }: Pick<TelegramSettings, 'moved_chats'>): string {
  let at = chat;
  for (let moves = 0; moves < 5; moves += 1) at = moved_chats[at] ?? at;
  return at;
}
