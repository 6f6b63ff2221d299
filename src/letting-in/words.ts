/** What a person reads who comes back from a CRM. */
export type Language = 'ru' | 'en';

export type Said = 'done' | 'denied' | 'stale' | 'off' | 'refused' | 'again';

export const WORDS: Record<Language, Record<Said, { title: string; text: string }>> = {
  ru: {
    done: { title: 'Доступ получен', text: 'Звонки передаются. Эту страницу можно закрыть.' },
    denied: {
      title: 'Доступ не разрешён',
      text: 'В CRM выбран отказ. Если это ошибка, начните подключение заново и разрешите доступ.',
    },
    stale: {
      title: 'Ссылка устарела',
      text: 'Ссылка для подключения действует полчаса и только та, что выдана здесь. Начните подключение заново.',
    },
    off: {
      title: 'Интеграция выключена',
      text: 'Включите интеграцию в настройках предприятия, проверьте её поля и начните подключение заново.',
    },
    refused: {
      title: 'CRM не выдала доступ',
      text: 'Проверьте настройки интеграции и начните подключение заново.',
    },
    again: {
      title: 'Не получилось',
      text: 'CRM или база данных сейчас недоступны. Начните подключение заново чуть позже.',
    },
  },
  en: {
    done: { title: 'Access is granted', text: 'Calls are being passed on. You may close this page.' },
    denied: {
      title: 'Access was denied',
      text: 'Somebody said no in the CRM. If that was a mistake, connect once more and allow access.',
    },
    stale: {
      title: 'This link is no longer good',
      text: 'A link to connect lasts half an hour, and only the one given out here is taken. Connect once more.',
    },
    off: {
      title: 'The integration is off',
      text: 'Switch it on in the settings of the enterprise, check its fields, and connect once more.',
    },
    refused: { title: 'The CRM gave no access', text: 'Check the settings of the integration and connect once more.' },
    again: {
      title: 'It did not work',
      text: 'The CRM or the database is not to be had right now. Connect once more in a while.',
    },
  },
};

/** Russian unless English is asked for before it. */
export function languageOf(acceptLanguage: string | undefined): Language {
  const asked = (acceptLanguage ?? '').toLowerCase().match(/\b(ru|be|uk|kk|en)\b/)?.[1];
  return asked === 'en' ? 'en' : 'ru';
}
