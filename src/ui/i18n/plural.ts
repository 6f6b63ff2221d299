/** The form of a word that goes with a number. */
import { once } from '../platform/once.js';

const rulesOfRussian = once(() => new Intl.PluralRules('ru'));

/** `one` 1, 21 …; `few` 2–4, 22 …; `many` the rest. */
export function pluralRu(count: number, one: string, few: string, many: string): string {
  const rule = rulesOfRussian().select(count);
  return `${count.toLocaleString('ru')} ${rule === 'one' ? one : rule === 'few' ? few : many}`;
}

export function pluralEn(count: number, one: string, other: string): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : other}`;
}
