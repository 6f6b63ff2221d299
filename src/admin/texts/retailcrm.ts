import { words } from './field-text.js';
import type { ConnectorTexts } from './field-text.js';
import { duration, enabled, rate, ruleFields, userExtensions, withheldPhone } from './shared.js';

export const retailcrmTexts: ConnectorTexts = {
  guide: words(
    '1. В RetailCRM откройте «Настройки → Интеграция → Ключи доступа к API» и нажмите «Добавить».\n2. Дайте ключу доступ к методам телефонии, интеграций, клиентов, заказов и пользователей.\n3. Вставьте ключ и адрес аккаунта сюда и нажмите «Тест соединения».',
    '1. In RetailCRM open “Settings → Integration → API keys” and press “Add”.\n2. Allow the key the methods of telephony, integration, customers, orders and users.\n3. Paste the key and the address of the account here and press “Test connection”.',
  ),
  address: ['api_url', 'domain'],
  fields: {
    enabled,
    api_url: {
      group: 'main',
      ru: 'Адрес аккаунта',
      help: words(
        'Как в строке браузера: https://example.retailcrm.ru',
        'As in the browser’s address bar: https://example.retailcrm.ru',
      ),
    },
    domain: { group: 'kept', ru: 'Адрес аккаунта, как его писали раньше' },
    api_key: {
      group: 'main',
      ru: 'Ключ API',
      help: words('«Настройки → Интеграция → Ключи доступа к API».', '“Settings → Integration → API keys”.'),
    },
    client_id: {
      group: 'more',
      ru: 'Наш идентификатор в обратных вызовах',
      help: words('Пусто: общий для предприятия.', 'Empty: the enterprise’s own.'),
    },
    user_extensions: userExtensions,
    timezone: {
      group: 'more',
      ru: 'Часовой пояс аккаунта',
      help: words('Пусто: Москва на .ru, иначе пояс предприятия.', 'Empty: Moscow on .ru, else the enterprise’s zone.'),
    },
    duration,
    phone_format: {
      group: 'more',
      ru: 'Вид номера клиента',
      options: { digits: words('79000000001', '79000000001'), plus: words('+79000000001', '+79000000001') },
    },
    withheld_phone: withheldPhone,
    ...ruleFields,
    create_customer: {
      group: 'rules',
      ru: 'Создавать клиента, которого RetailCRM не знает',
      options: {
        never: words('никогда', 'never'),
        in: words('когда он позвонил нам', 'when he called us'),
        always: words('всегда', 'always'),
      },
    },
    close_for_others: {
      group: 'rules',
      ru: 'Когда один ответил, закрыть карточку у остальных',
      help: words(
        'В некоторых аккаунтах закрывается и у ответившего: проверьте.',
        'Some accounts close it for who answered, too: try it.',
      ),
    },
    late_recording: {
      group: 'rules',
      ru: 'Передать звонок ещё раз, если запись нашлась позже',
      help: words(
        'Двойного звонка не будет; добавит ли RetailCRM запись, нигде не сказано.',
        'The call is not doubled; whether RetailCRM adds the recording is said nowhere.',
      ),
    },
    site: { group: 'more', ru: 'Код магазина, если ключ видит несколько' },
    external_phones: { group: 'more', ru: 'Линия → номер компании, если линия не номер' },
    register: {
      group: 'more',
      ru: 'Регистрировать модуль телефонии в RetailCRM',
      options: {
        auto: words('само, когда что-то изменилось', 'by itself, whenever something changes'),
        off: words('нет', 'no'),
      },
    },
    module_code: { group: 'more', ru: 'Код нашего модуля в RetailCRM' },
    module_name: { group: 'more', ru: 'Название нашего модуля в RetailCRM' },
    logo_url: { group: 'more', ru: 'Адрес логотипа (SVG)' },
    rate,
  },
};
