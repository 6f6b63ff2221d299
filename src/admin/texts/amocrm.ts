import { words } from './field-text.js';
import type { ConnectorTexts } from './field-text.js';
import { duration, enabled, language, rate, ruleFields, userExtensions } from './shared.js';

export const amocrmTexts: ConnectorTexts = {
  guide: words(
    '1. В amoCRM откройте «amoМаркет → ⋮ → Создать интеграцию → Внешняя».\n2. На вкладке «Ключи и доступы» получите долгосрочный токен.\n3. Вставьте имя аккаунта и токен сюда и нажмите «Тест соединения».',
    '1. In amoCRM open “amoMarket → ⋮ → Create integration → External”.\n2. On the tab “Keys and scopes” get a long-lived token.\n3. Paste the name of the account and the token here and press “Test connection”.',
  ),
  address: ['subdomain', 'base_url'],
  fields: {
    enabled,
    subdomain: {
      group: 'main',
      ru: 'Имя аккаунта',
      help: words('example, если адрес example.amocrm.ru', 'example, for example.amocrm.ru'),
    },
    base_url: {
      group: 'more',
      ru: 'Полный адрес, если он не на amocrm.ru',
      help: words('Например, https://example.kommo.com', 'Such as https://example.kommo.com'),
    },
    access_token: {
      group: 'main',
      ru: 'Токен доступа',
      help: words(
        'Лучше долгосрочный: «Ключи и доступы» вашей интеграции. Больше ничего не нужно.',
        'Best the long-lived one: “Keys and scopes” of your integration. Nothing else is needed.',
      ),
    },
    refresh_token: { group: 'more', ru: 'Токен обновления (OAuth); обновляем сами' },
    client_id: { group: 'more', ru: 'ID интеграции (OAuth)' },
    client_secret: { group: 'more', ru: 'Секретный ключ интеграции (OAuth)' },
    redirect_uri: { group: 'more', ru: 'Ссылка для перенаправления (OAuth)' },
    user_extensions: userExtensions,
    unknown_client: {
      group: 'rules',
      ru: 'Входящий от незнакомого клиента',
      options: {
        nothing: words('ничего не создавать', 'make nothing'),
        contact: words('контакт', 'a contact'),
        contact_lead: words('контакт и сделку', 'a contact and a lead'),
        unsorted: words('«Неразобранное»', '“unsorted”'),
      },
    },
    unknown_client_out: {
      group: 'rules',
      ru: 'Исходящий незнакомому клиенту',
      help: words('Пусто: как входящий.', 'Empty: as for incoming calls.'),
      options: {
        nothing: words('ничего не создавать', 'make nothing'),
        contact: words('контакт', 'a contact'),
        contact_lead: words('контакт и сделку', 'a contact and a lead'),
      },
    },
    pipeline_id: { group: 'rules', ru: 'Воронка новых сделок', help: words('Пусто: главная.', 'Empty: the main one.') },
    status_id: { group: 'rules', ru: 'Этап новых сделок', help: words('Пусто: первый.', 'Empty: the first.') },
    unsorted_client_in: {
      group: 'more',
      ru: 'Поле «Неразобранного» для номера клиента',
      options: { phone: words('phone', 'phone'), from: words('from', 'from') },
    },
    unsorted_link: {
      group: 'more',
      ru: 'Адрес в «Неразобранном», если записи нет',
      help: words(
        'Нужен, если amoCRM не принимает такие звонки без адреса: подойдёт адрес вашего сайта.',
        'Needed where amoCRM takes no such call without an address: that of your site will do.',
      ),
    },
    responsible_from: {
      group: 'rules',
      ru: 'Кто ответственный за клиента',
      options: {
        contact: words('ответственный за контакт', 'the contact’s user'),
        lead: words('ответственный за новейшую открытую сделку', 'the user of his newest open lead'),
      },
    },
    duration,
    failed_status: {
      group: 'more',
      ru: 'Статус несостоявшегося звонка',
      options: { '5': words('неверный номер', 'wrong number'), '6': words('не дозвонился', 'could not reach') },
    },
    language,
    source_name: { group: 'more', ru: 'Наше имя в amoCRM' },
    ...ruleFields,
    late_recording: {
      group: 'rules',
      ru: 'Добавить запись к звонку, если она нашлась позже',
      help: words(
        'Звонок в карточке получит ссылку на запись. Если amoCRM её не примет, запись слышно на странице звонка.',
        'The call in the card gets the address. Where amoCRM does not take it, the recording is heard on the call’s page.',
      ),
    },
    rate,
  },
};
