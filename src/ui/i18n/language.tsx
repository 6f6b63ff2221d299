/**
 * The language of the page: what the person chose, else the browser's first that we have. Russian, which most read, comes with
 * the first load; English is loaded where it is read. Components take them as `const t = useText()` and write `t.login.title`.
 */
import { createContext, useContext, useEffect, useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import { ru } from './ru.js';
import type { Messages } from './ru.js';
import { recall, remember } from '../platform/memory.js';

export type Language = 'ru' | 'en';

const KEY = 'trunkline.language';
/** Whose readers would rather have Russian than English. */
const READS_RUSSIAN = /^(ru|be|kk|uk|ky|tg|uz)\b/i;

const LOAD: Record<Language, () => Promise<Messages>> = {
  ru: () => Promise.resolve(ru),
  en: () => import('./en.js').then(({ en }) => en),
};

interface Value {
  language: Language;
  text: Messages;
  choose(language: Language): void;
}

const Context = createContext<Value | null>(null);

export function preferredLanguage(): Language {
  const kept = recall(KEY);
  if (kept === 'ru' || kept === 'en') return kept;
  const first = navigator.languages.find((tag) => /^en\b/i.test(tag) || READS_RUSSIAN.test(tag));
  return first !== undefined && READS_RUSSIAN.test(first) ? 'ru' : 'en';
}

export const loadWords = (language: Language) => LOAD[language]();

export function LanguageProvider({ first, children }: { first: Omit<Value, 'choose'>; children: ReactNode }) {
  const [shown, setShown] = useState(first);
  useEffect(() => {
    document.documentElement.lang = shown.language;
  }, [shown.language]);
  const value = useMemo<Value>(
    () => ({
      ...shown,
      choose(language) {
        remember(KEY, language);
        void loadWords(language).then((text) => setShown({ language, text }));
      },
    }),
    [shown],
  );
  return <Context value={value}>{children}</Context>;
}

export function useLanguage(): Value {
  const value = useContext(Context);
  if (!value) throw new Error('no language above');
  return value;
}

export const useText = () => useLanguage().text;
