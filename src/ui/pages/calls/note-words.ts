/** Conclusions about a call in the reader's language: the rule by its name, what it is of from the line's brackets. */
import { useQuery } from '@tanstack/react-query';
import { useLanguage } from '../../i18n/language.js';

interface Noted {
  rule: string;
  text: string;
}

interface NoteWords {
  note(note: Noted): string;
}

/** `=> 2 call.ringing: phones ring for the client (extensions 151) [rang]` */
const LINE = /^(?:-|=> \d+ [\w.]+:) (.*) \[[\w-]+\]$/;
const OF = / (\([^()]*\))$/;

export function useNoteWords(): NoteWords {
  const { language } = useLanguage();
  const russian = useQuery({
    queryKey: ['words of rules'],
    queryFn: () => import('../../i18n/rules-ru.js'),
    enabled: language === 'ru',
    staleTime: Infinity,
  });
  const words = language === 'ru' ? russian.data : undefined;
  return {
    note({ rule, text }) {
      const said = LINE.exec(text)?.[1] ?? text;
      const own = words?.RULES_RU[rule];
      if (!words || own === undefined) return said;
      const of = OF.exec(said)?.[1];
      return of === undefined ? own : `${own} ${words.detailsRu(of)}`;
    },
  };
}
