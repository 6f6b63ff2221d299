/** Times, spans and numbers as the reader's language writes them. */
import { useMemo } from 'react';
import { once } from '../platform/once.js';
import { useLanguage } from './language.js';
import type { Language } from './language.js';

export interface Format {
  /** `28 нояб., 10:31:07`; today only the time. */
  moment(at: Date | string | number): string;
  /** With seconds and thousandths, for a timeline. */
  clock(at: Date | string | number): string;
  day(at: Date | string | number): string;
  full(at: Date | string | number): string;
  /** `2 мин 05 с`. */
  span(ms: number): string;
  /** `84 мс`, `1,2 с`. */
  ms(ms: number): string;
  percent(share: number): string;
  number(value: number): string;
}

const WHOLE_SMALL = /^\d{1,3}$/;
const MAKERS = new Map<Language, Format>();

export function formatOf(language: Language): Format {
  const kept = MAKERS.get(language);
  if (kept) return kept;
  const locale = language === 'ru' ? 'ru-RU' : 'en-GB';
  const units = language === 'ru' ? { ms: 'мс', s: 'с', min: 'мин', h: 'ч' } : { ms: 'ms', s: 's', min: 'min', h: 'h' };
  const dates = (options: Intl.DateTimeFormatOptions) => once(() => new Intl.DateTimeFormat(locale, options));
  const numbers = (options: Intl.NumberFormatOptions) => once(() => new Intl.NumberFormat(locale, options));
  const time = dates({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
  const exact = dates({ hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 });
  const date = dates({ day: 'numeric', month: 'short' });
  const dated = dates({ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit' });
  const whole = dates({ dateStyle: 'long', timeStyle: 'medium' });
  const number = numbers({ maximumFractionDigits: 1 });
  const percent = numbers({ style: 'percent', maximumFractionDigits: 1 });

  const format: Format = {
    moment: (at) => (isToday(new Date(at)) ? time : dated)().format(new Date(at)),
    clock: (at) => exact().format(new Date(at)),
    day: (at) => date().format(new Date(at)),
    full: (at) => whole().format(new Date(at)),
    span(ms) {
      const seconds = Math.round(ms / 1_000);
      if (seconds < 60) return `${seconds} ${units.s}`;
      const minutes = Math.floor(seconds / 60);
      const rest = String(seconds % 60).padStart(2, '0');
      if (minutes < 60) return `${minutes} ${units.min} ${rest} ${units.s}`;
      return `${Math.floor(minutes / 60)} ${units.h} ${String(minutes % 60).padStart(2, '0')} ${units.min}`;
    },
    ms: (ms) => (Math.abs(ms) < 1_000 ? `${Math.round(ms)} ${units.ms}` : `${number().format(ms / 1_000)} ${units.s}`),
    percent: (share) => percent().format(share),
    // Below a thousand a whole number is written alike everywhere, and costs no formatter.
    number: (value) => (WHOLE_SMALL.test(String(value)) ? String(value) : number().format(value)),
  };
  MAKERS.set(language, format);
  return format;
}

function isToday(at: Date): boolean {
  return at.toDateString() === new Date().toDateString();
}

export function useFormat(): Format {
  const { language } = useLanguage();
  return useMemo(() => formatOf(language), [language]);
}
