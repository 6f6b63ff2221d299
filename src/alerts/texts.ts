/** What people read, in Russian and English. Pure; no time of day, since a chat may be in any zone: how long is enough. */
import type { AlertDetail, AlertKind, What } from './kinds.js';

export interface Told {
  what: What;
  enterprise: string;
  kind: AlertKind;
  /** As a person calls it: `RetailCRM`, `192.0.2.10:5038`; empty: the enterprise. */
  subject: string;
  level: number;
  detail: AlertDetail;
  lastedMs: number;
}

type Language = 'ru' | 'en';
type Say = (d: AlertDetail) => string;

const KIND_TEXTS: Record<AlertKind, Record<Language, Say>> = {
  'error-rate': {
    ru: (d) =>
      `ошибок ${d['percent']} % за ${d['minutes'] ?? 15} мин (${d['errors']} из ${d['attempts']}, порог ${d['threshold']} %)${because(d['last'])}`,
    en: (d) =>
      `${d['percent']} % of attempts fail in ${d['minutes'] ?? 15} min (${d['errors']} of ${d['attempts']}, threshold ${d['threshold']} %)${because(d['last'])}`,
  },
  'pbx-link': {
    ru: (d) => `нет связи с АТС, звонки не видны${because(d['why'])}`,
    en: (d) => `no link to the PBX, its calls are not seen${because(d['why'])}`,
  },
  'dead-letters': {
    ru: (d) => `не доставлено и отложено: ${d['count']}; повторить можно на странице «Доставки»`,
    en: (d) => `given up: ${d['count']}; they can be sent again on the page “Deliveries”`,
  },
  'queue-age': {
    ru: (d) => `звонки ждут отправки ${d['minutes']} мин (в очереди ${d['count']})`,
    en: (d) => `finished calls have waited ${d['minutes']} min (${d['count']} in the queue)`,
  },
  refused: {
    ru: (d) => `CRM не принимает наши ключи или настройки, отправка остановлена: нужен человек${because(d['why'])}`,
    en: (d) => `the CRM refuses our credentials or settings, nothing is sent: a person is needed${because(d['why'])}`,
  },
  'token-ends': {
    ru: (d) =>
      `${d['days'] === null ? 'доступ может прекратиться в любой момент' : `доступ закончится через ${d['days']} дн.`}${because(d['why'])}`,
    en: (d) =>
      `${d['days'] === null ? 'access may end at any moment' : `access ends in ${d['days']} days`}${because(d['why'])}`,
  },
  'day-differs': {
    ru: (d) => `сверка за ${d['day']}: расхождений ${d['differences']} между АТС, нами и CRM`,
    en: (d) => `${d['day']} differs in ${d['differences']} calls between PBX, us and CRMs`,
  },
};

const WHAT_TEXTS: Record<What, Record<Language, string>> = {
  began: { ru: '', en: '' },
  worse: { ru: 'стало хуже: ', en: 'worse: ' },
  reminder: { ru: 'всё ещё: ', en: 'still: ' },
  over: { ru: 'закончилось: ', en: 'over: ' },
};

const MOST_LINES = 20;
/** Telegram takes 4096. */
const MOST_SIGNS = 3_900;

/** One line. */
export function lineOf(told: Told, language: Language): string {
  const { what, enterprise, kind, subject, detail, lastedMs } = told;
  const about = subject === '' ? enterprise : `${enterprise} · ${subject}`;
  const lasted = what === 'began' ? '' : ` (${durationText(lastedMs, language)})`;
  return `${signOf(told)} ${about}: ${WHAT_TEXTS[what][language]}${KIND_TEXTS[kind][language](detail)}${lasted}`;
}

export function messageText(told: readonly Told[], language: Language): string {
  const lines: string[] = [];
  let signs = 0;
  for (const one of told.slice(0, MOST_LINES)) {
    const line = lineOf(one, language);
    if ((signs += line.length + 1) > MOST_SIGNS) break;
    lines.push(line);
  }
  const more = told.length - lines.length;
  const rest = more === 0 ? [] : [language === 'ru' ? `… и ещё ${more}` : `… and ${more} more`];
  return ['Trunkline', ...lines, ...rest].join('\n');
}

export function testText(language: Language): string {
  return language === 'ru'
    ? 'Trunkline: проверка. Сюда будут приходить оповещения.'
    : 'Trunkline: a test. Alerts will come here.';
}

function signOf({ what, kind, level }: Told): string {
  if (what === 'over') return '✅';
  return kind === 'error-rate' && level < 100 ? '🟡' : '🔴';
}

function because(why: string | number | null | undefined): string {
  return why === null || why === undefined || why === '' ? '' : `: ${String(why).replace(/\s+/g, ' ').slice(0, 200)}`;
}

function durationText(ms: number, language: Language): string {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  const [day, hour, minute] = language === 'ru' ? ['д', 'ч', 'мин'] : ['d', 'h', 'min'];
  if (minutes < 60) return `${minutes} ${minute}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} ${hour} ${minutes % 60} ${minute}`;
  return `${Math.floor(hours / 24)} ${day} ${hours % 24} ${hour}`;
}
