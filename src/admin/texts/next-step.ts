/** What a person does next when a test of a connection failed, by the code it failed with. */
import { words } from './field-text.js';
import type { Words } from './field-text.js';

const STEPS: readonly (readonly [code: RegExp, next: Words])[] = [
  [
    /^(ADDRESS_REFUSED|URL_INVALID)$/,
    words(
      'Адрес ведёт в частную сеть. Исправьте его или попросите оператора разрешить этот адрес.',
      'The address leads to a private network. Correct it, or ask the operator to allow it.',
    ),
  ],
  [
    /^(ENOTFOUND|EAI_AGAIN|WRONG_HOST|HTML|REDIRECT|HTTP_404|HTTP_3\d\d)$/,
    words('Проверьте адрес: по нему отвечает не эта CRM.', 'Check the address: what answers there is not this CRM.'),
  ],
  [
    /^(ECONN\w+|EHOST\w+|ENET\w+|UND_ERR\w*|TIMEOUT|ABORTED|TLS|HTTP_5\d\d|GONE)$/,
    words(
      'CRM не отвечает. Проверьте адрес и повторите через несколько минут.',
      'The CRM does not answer. Check the address and try again in a few minutes.',
    ),
  ],
  [
    /^(HTTP_401|TOKEN.*|expired_token|invalid_token|NO_AUTH_FOUND|INVALID_CREDENTIALS|UNAUTHORIZED|NOT_INSTALLED)$/i,
    words(
      'Ключ не подходит или устарел. Получите новый и вставьте его целиком.',
      'The key is wrong or has expired. Get a new one and paste the whole of it.',
    ),
  ],
  [
    /^(HTTP_403|FORBIDDEN|ACCESS\w*|insufficient_scope|WRONG_AUTH_TYPE|NO_CHAT)$/i,
    words(
      'Ключу не хватает прав. Дайте те, что названы, и проверьте снова.',
      'The key lacks rights. Grant those that are named and test again.',
    ),
  ],
  [
    /^(HTTP_429|RATE_BUDGET|BUSY|QUERY_LIMIT_EXCEEDED|OPERATION_TIME_LIMIT)$/,
    words('CRM просит подождать. Повторите через минуту.', 'The CRM asks to wait. Try again in a minute.'),
  ],
];

export function nextStep(code: string): Words {
  return (
    STEPS.find(([pattern]) => pattern.test(code))?.[1] ??
    words('Прочитайте, что ответила CRM, и исправьте настройки.', 'Read what the CRM said and correct the settings.')
  );
}
