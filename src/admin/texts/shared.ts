/** Settings every connector has, in its own place or by `ruleSettings`. */
import { words } from './field-text.js';
import type { FieldText } from './field-text.js';

const cards = {
  ring: words('когда звонит телефон', 'when the phone rings'),
  answer: words('когда ответили', 'when it is answered'),
  never: words('не показывать', 'never'),
};

export const duration: FieldText = {
  group: 'more',
  ru: 'Длительность звонка',
  options: { talk: words('только разговор', 'talk only'), span: words('от ответа до конца', 'from answer to end') },
};

export const withheldPhone: FieldText = {
  group: 'more',
  ru: 'Какой номер записывать, если клиент скрыл свой',
  help: words('Пусто: такие звонки не записываются.', 'Empty: such calls are not recorded.'),
};

export const enabled: FieldText = { group: 'kept', ru: 'Включено' };

export const rate: FieldText = {
  group: 'more',
  ru: 'Запросов в секунду и подряд',
  help: words('Меняйте, только если CRM дала другой лимит.', 'Change it only when the CRM gave you another limit.'),
};

export const language: FieldText = {
  group: 'more',
  ru: 'Язык того, что пишем в CRM',
  options: { ru: words('русский', 'Russian'), en: words('английский', 'English') },
};

/** CRM user → extension: edited in the table, not in the form. */
export const userExtensions: FieldText = { group: 'kept', ru: 'Пользователь CRM → внутренний номер' };

export const ruleFields: Readonly<Record<string, FieldText>> = {
  directions: {
    group: 'rules',
    ru: 'О каких звонках сообщать',
    options: {
      both: words('обо всех', 'all'),
      in: words('о входящих', 'incoming'),
      out: words('об исходящих', 'outgoing'),
    },
  },
  lines: {
    group: 'rules',
    ru: 'Только звонки на эти линии',
    help: words('Пусто: на все.', 'Empty: all lines.'),
  },
  except_lines: { group: 'rules', ru: 'Кроме звонков на эти линии' },
  cards: { group: 'rules', ru: 'Когда показывать карточку клиента', options: cards },
  extension_cards: { group: 'rules', ru: 'Своё правило карточки для номера', options: cards },
  credit: {
    group: 'rules',
    ru: 'Чей звонок, если его перевели',
    options: {
      first: words('кто первый ответил', 'who answered first'),
      last: words('кто закончил разговор', 'who had it last'),
      longest: words('кто говорил дольше', 'who talked longest'),
      each: words('каждому своя запись', 'one record each'),
    },
  },
  missed_to: {
    group: 'rules',
    ru: 'Чей пропущенный звонок: первый найденный из списка',
    options: {
      owner: words('ответственный за клиента', 'the client’s owner'),
      talked: words('кто говорил с ним последним', 'who talked with him last'),
      rung: words('у кого звонило последним', 'whose phone rang last'),
      default: words('номер по умолчанию', 'the default extension'),
    },
  },
  default_extension: { group: 'rules', ru: 'Внутренний номер для звонков, которые больше ничьи' },
};
