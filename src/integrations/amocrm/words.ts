/**
 * What a person reads in amoCRM, in Russian or English. The result of a call is free text there, and the only place for who
 * handed it to whom: everybody who talked, in order, with his time.
 */
import type { CallFacts, CallResult, Talk } from '../../calls/vocabulary.js';
import type { AmoCrmSettings } from './settings.js';

type Language = AmoCrmSettings['language'];

interface Words {
  result: Record<CallResult, string>;
  waited: string;
  queue: string;
  somebody: string;
  approximate: string;
  recovered: string;
  incoming: string;
  outgoing: string;
}

const WORDS: Record<Language, Words> = {
  ru: {
    result: {
      answered: 'Разговор состоялся',
      missed: 'Не ответили',
      busy: 'Занято',
      abandoned: 'Клиент не дождался ответа',
      failed: 'Не удалось соединить',
    },
    waited: 'ожидание',
    queue: 'очередь',
    somebody: 'неизвестный номер',
    approximate: 'часть данных приблизительна: связь с АТС прерывалась',
    recovered: 'восстановлено по данным АТС',
    incoming: 'Входящий звонок',
    outgoing: 'Исходящий звонок',
  },
  en: {
    result: {
      answered: 'Answered',
      missed: 'Not answered',
      busy: 'Busy',
      abandoned: 'The client hung up before anybody answered',
      failed: 'Could not be connected',
    },
    waited: 'waited',
    queue: 'queue',
    somebody: 'unknown number',
    approximate: 'partly approximate: the link to the PBX was down',
    recovered: 'recovered from the PBX',
    incoming: 'Incoming call from',
    outgoing: 'Outgoing call to',
  },
};

/** `nameOf`: who a colleague's extension or mobile is, when amoCRM knows him. */
export function resultText(call: CallFacts, language: Language, nameOf: (party: string) => string | null): string {
  const words = WORDS[language];
  const who = (party: string | null) => (party === null ? words.somebody : (nameOf(party) ?? party));
  const result = words.result[call.result ?? 'failed'];
  const talks = turnsOf(call).map(({ agent, ms }) => `${who(agent)} ${clock(ms)}`);
  const rang = talks.length === 0 && call.direction === 'in' ? call.rang.map(who) : [];
  const people = talks.length > 0 ? talks.join(' → ') : rang.join(', ');
  const text = [
    people ? `${result}: ${people}` : result,
    ...(call.waitMs >= 1_000 ? [`${words.waited} ${clock(call.waitMs)}`] : []),
    ...(call.queue ? [`${words.queue} ${call.queue}`] : []),
    ...(call.approximate ? [words.approximate] : []),
    ...(call.recovered ? [words.recovered] : []),
  ].join('; ');
  // One line, whatever others wrote into their names and numbers.
  return text.replace(/\p{Cc}+/gu, ' ');
}

/** Name of a lead made because of this call. */
export function leadName(call: CallFacts, phone: string, language: Language): string {
  return `${call.direction === 'out' ? WORDS[language].outgoing : WORDS[language].incoming} ${phone}`;
}

/** Turns in the order they began; one that only went on after a pause is one. */
function turnsOf(call: CallFacts): Pick<Talk, 'agent' | 'ms'>[] {
  const turns: Pick<Talk, 'agent' | 'ms'>[] = [];
  // Facts stored by an older version know no turns.
  for (const { agent, ms } of (call.talks as Talk[] | undefined) ?? []) {
    const last = turns.at(-1);
    if (last && last.agent === agent) last.ms += ms;
    else turns.push({ agent, ms });
  }
  return turns;
}

/** `1:05`, `1:02:03`. */
function clock(ms: number): string {
  const all = Math.max(0, Math.round(ms / 1_000));
  const [hours, minutes, seconds] = [Math.floor(all / 3_600), Math.floor(all / 60) % 60, all % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}
