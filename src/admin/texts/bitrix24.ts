import { words } from './field-text.js';
import type { ConnectorTexts } from './field-text.js';
import { duration, enabled, rate, ruleFields, userExtensions, withheldPhone } from './shared.js';

export const bitrix24Texts: ConnectorTexts = {
  guide: words(
    '1. В Битрикс24 откройте «Разработчикам → Другое → Входящий вебхук».\n2. Отметьте права: Телефония (telephony), CRM (crm), Пользователи (user); для чата — im.\n3. Скопируйте адрес вебхука целиком сюда и нажмите «Тест соединения».',
    '1. In Bitrix24 open “Developer resources → Other → Inbound webhook”.\n2. Grant the scopes Telephony (telephony), CRM (crm), Users (user); for the chat also im.\n3. Copy the whole address of the webhook here and press “Test connection”.',
  ),
  address: ['domain', 'client_endpoint', 'oauth_url'],
  fields: {
    enabled,
    webhook_url: {
      group: 'main',
      ru: 'Адрес входящего вебхука',
      help: words(
        'Целиком, вида https://example.bitrix24.ru/rest/1/…/',
        'The whole of it, like https://example.bitrix24.ru/rest/1/…/',
      ),
    },
    incoming_webhook: { group: 'kept', ru: 'Адрес вебхука, как его писали раньше' },
    user_id: {
      group: 'main',
      ru: 'Пользователь портала для звонков, которые больше ничьи',
      help: words(
        'Его номер в портале. Пусто: владелец вебхука.',
        'His number in the portal. Empty: the webhook’s own user.',
      ),
    },
    user_extensions: userExtensions,
    domain: { group: 'more', ru: 'Приложение: портал' },
    client_endpoint: { group: 'kept', ru: 'Приложение: адрес REST' },
    client_id: {
      group: 'more',
      ru: 'Приложение: client_id',
      help: words(
        'Локальное приложение нужно вместо вебхука, если из портала звонят щелчком.',
        'A local application instead of a webhook is needed for click-to-call from the portal.',
      ),
    },
    client_secret: { group: 'more', ru: 'Приложение: client_secret' },
    access_token: { group: 'kept', ru: 'Приложение: токен доступа' },
    refresh_token: { group: 'kept', ru: 'Приложение: токен обновления' },
    member_id: { group: 'kept', ru: 'Приложение: постоянный номер портала' },
    application_token: { group: 'more', ru: 'Приложение: токен его событий' },
    oauth_url: { group: 'more', ru: 'Сервер авторизации' },
    duration,
    phone_format: {
      group: 'more',
      ru: 'Вид номера клиента',
      options: { digits: words('79000000001', '79000000001'), plus: words('+79000000001', '+79000000001') },
    },
    withheld_phone: withheldPhone,
    ...ruleFields,
    crm_create: { group: 'rules', ru: 'Создавать лид для незнакомого клиента' },
    crm_source: { group: 'rules', ru: 'Источник таких лидов (STATUS_ID)' },
    add_to_chat: { group: 'more', ru: 'Сообщать о звонке в чат менеджера' },
    send_line: { group: 'more', ru: 'Указывать линию звонка' },
    line_numbers: { group: 'more', ru: 'Линия → её номер в портале, если он другой' },
    status_codes: { group: 'more', ru: 'Итог звонка → код состояния' },
    rate,
  },
};
