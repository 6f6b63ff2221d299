import { words } from './field-text.js';
import type { ConnectorTexts } from './field-text.js';
import { enabled, language, rate, ruleFields } from './shared.js';

export const telegramTexts: ConnectorTexts = {
  guide: words(
    '1. Напишите @BotFather команду /newbot и скопируйте токен.\n2. Добавьте бота в группу или напишите ему сами.\n3. Укажите номер чата (его скажет, например, @getidsbot) и нажмите «Тест соединения».',
    '1. Send /newbot to @BotFather and copy the token.\n2. Add the bot to the group, or write to it yourself.\n3. Give the id of the chat (@getidsbot, for one, tells it) and press “Test connection”.',
  ),
  address: ['api_url'],
  fields: {
    enabled,
    bot_token: {
      group: 'main',
      ru: 'Токен бота',
      help: words('Его даёт @BotFather: цифры, двоеточие, буквы.', 'From @BotFather: digits, a colon, letters.'),
    },
    chat_id: {
      group: 'main',
      ru: 'Чаты',
      help: words(
        'Номера (-1000000000001) или имена (@sales), через запятую.',
        'Ids (-1000000000001) or names (@sales), with commas between.',
      ),
    },
    subscribers: { group: 'kept', ru: 'Чаты, подписанные в старой системе' },
    use_subscribers: { group: 'more', ru: 'Писать и чатам, подписанным в старой системе' },
    api_url: {
      group: 'more',
      ru: 'Адрес Bot API',
      help: words(
        'Пусто: https://api.telegram.org. Если отсюда он недоступен: адрес вашего сервера Bot API или прокси, без /bot и токена. Токен бота передаётся туда, поэтому только свой.',
        'Empty: https://api.telegram.org. Where that cannot be reached: your own Bot API server or proxy, without /bot and the token. The token of the bot goes there, so only one you trust.',
      ),
    },
    thread_id: { group: 'more', ru: 'Тема группы' },
    language,
    ring_missed: {
      group: 'more',
      ru: 'Пропущенный звонок — новым сообщением со звуком',
    },
    client_name: { group: 'more', ru: 'Имя клиента из других CRM рядом с номером' },
    recording: {
      group: 'more',
      ru: 'Запись разговора',
      options: {
        link: words('ссылкой', 'as a link'),
        audio: words('аудиофайлом', 'as an audio file'),
        none: words('не присылать', 'not at all'),
      },
    },
    moved_chats: { group: 'kept', ru: 'Группы, ставшие супергруппами' },
    chats_off: { group: 'kept', ru: 'Чаты, которые больше не принимают сообщений' },
    ...ruleFields,
    rate,
    per_chat: { group: 'more', ru: 'Сообщений в один чат' },
  },
};
