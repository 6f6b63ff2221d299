/**
 * What a chat reads of a call: pure, call facts and names in, HTML of Telegram's kind out. Whatever comes from outside is cut
 * first and escaped then: a text cut in the middle of a tag is refused as a whole.
 */
import type { CallEvent, CallFacts } from '../../calls/vocabulary.js';
import { localIso } from '../../platform/time-zone.js';
import { WORDS } from './words.js';
import type { Words } from './words.js';

export interface Names {
  language: 'ru' | 'en';
  /** IANA zone of the enterprise. */
  timezone: string;
  nameOf(extension: string): string | null;
  lineName(line: string): string | null;
  /** The client's, as a CRM has it. */
  clientName: string | null;
  /** The recording as it may be listened to; null: none, or not told in the message. */
  recordingUrl: string | null;
}

/** More than this many are folded away. */
const FEW = 4;
const LONGEST = 80;
/** Of the managers of one call; the whole text stays far below Telegram's 4096. */
const MOST = 30;

export function textOf(event: CallEvent, names: Names): string {
  const words = WORDS[names.language];
  const { call } = event;
  switch (event.kind) {
    case 'call.finished':
    case 'recording.ready':
      return finished(call, names, words);
    case 'call.answered':
      return talking(call, event.extension, names, words);
    case 'call.started':
    case 'call.ringing':
    case 'call.transferred':
      return ringing(call, names, words);
  }
}

function ringing(call: CallFacts, names: Names, words: Words): string {
  if (call.direction === 'out') {
    const caller = call.caller === null ? '☎️' : person(call.caller, names);
    return lines(
      `📞 <b>${words.ringingOut}</b>`,
      `${caller} ➡️ 💰${client(call, names, words)}`,
      line(call, names, words),
    );
  }
  return lines(
    `📞 <b>${words.ringingIn}</b>`,
    `💰${client(call, names, words)} ➡️`,
    people(call.rang, names, words),
    line(call, names, words),
  );
}

function talking(call: CallFacts, extension: string | null, names: Names, words: Words): string {
  const out = call.direction === 'out';
  const party = extension ?? call.finalAgent ?? call.answeredBy ?? (out ? call.caller : null);
  const his = party === null ? '☎️' : person(party, names);
  const theirs = `💰${client(call, names, words)}`;
  return lines(
    `🔗 <b>${out ? words.talkingOut : words.talkingIn}</b>`,
    out ? `${his} ➡️ ${theirs}📞` : `${theirs}📞 ➡️ ${his}`,
    line(call, names, words),
  );
}

function finished(call: CallFacts, names: Names, words: Words): string {
  const answered = call.result === 'answered';
  const out = call.direction === 'out';
  const mark = `${answered ? '✅' : '❌'}${call.recovered ? '♻️' : ''}`;
  const theirs = `💰${client(call, names, words)}`;
  const ours = people(ofUs(call), names, words);
  const { recordingUrl } = names;
  return lines(
    `${mark}<b>${escape(headline(call, words))}</b>`,
    ...(out ? [ours, theirs] : [theirs, ours]),
    ...call.transfers
      .slice(0, FEW)
      .map(({ from, to }) => `↪️${words.transferred}: ${escape(cut(from ?? '?'))} ➡️ ${escape(cut(to ?? '?'))}`),
    line(call, names, words),
    `⏰${words.began} ${clock(call.startedAt, names.timezone)}`,
    `⌛ ${answered ? words.talked : words.waited}: ${minutes(answered ? call.talkMs : call.waitMs)}`,
    call.approximate ? `⚠️${words.approximate}` : '',
    answered && recordingUrl !== null ? `🔉<a href="${attribute(recordingUrl)}">${words.recording}</a>` : '',
  );
}

function headline(call: CallFacts, words: Words): string {
  const out = call.direction === 'out';
  if (call.result === 'answered') return out ? words.answeredOut : words.answeredIn;
  if (!out) return words.missedIn;
  if (call.result === 'busy') return words.busyOut;
  return call.result === 'failed' ? words.failedOut : words.missedOut;
}

/** Who of ours the call was with: those who talked, else those who were rung, else who called. */
function ofUs({ agents, rang, caller, direction }: CallFacts): string[] {
  if (agents.length > 0) return agents;
  if (direction === 'out') return caller === null ? [] : [caller];
  return rang;
}

function people(parties: readonly string[], names: Names, words: Words): string {
  const shown = parties.slice(0, MOST).map((party) => person(party, names));
  if (parties.length > MOST) shown.push('…');
  if (shown.length <= FEW) return lines(...shown);
  return `<blockquote expandable>👨🏼‍💼${words.managers} (${parties.length}):\n${lines(...shown)}</blockquote>`;
}

function person(party: string, { nameOf }: Names): string {
  if (party.startsWith('+')) return `📱${escape(phone(party))}`;
  const name = nameOf(party);
  return name === null ? `☎️${escape(cut(party))}` : `☎️${escape(cut(name))} (${escape(cut(party))})`;
}

function client({ external }: CallFacts, { clientName }: Names, words: Words): string {
  if (external === null || external === '') return words.hidden;
  const number = escape(phone(external));
  return clientName === null ? number : `${number} (${escape(cut(clientName))})`;
}

function line(call: CallFacts, { lineName }: Names, words: Words): string {
  if (call.line === null) return '';
  const name = lineName(call.line);
  return name === null ? `📡${words.line}: ${escape(cut(phone(call.line)))}` : `📡${escape(cut(name))}`;
}

/** As people here write numbers: +375 (29) 000-00-01. */
export function phone(number: string): string {
  const parts = /^\+(375)(\d\d)(\d{3})(\d\d)(\d\d)$/.exec(number) ?? /^\+(7)(\d{3})(\d{3})(\d\d)(\d\d)$/.exec(number);
  return parts ? `+${parts[1]} (${parts[2]}) ${parts[3]}-${parts[4]}-${parts[5]}` : cut(number);
}

function clock(at: number, timeZone: string): string {
  return localIso(at, timeZone).slice(11, 16);
}

function minutes(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3_600);
  return `${hours > 0 ? `${hours}:` : ''}${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

function lines(...parts: string[]): string {
  return parts.filter((part) => part !== '').join('\n');
}

/** By characters a person sees as one, so that no half of one is left; control characters are none. */
function cut(text: string): string {
  const clean = text
    .replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g, ' ')
    .replace(/\p{Cs}/gu, '?');
  const characters = [...clean];
  return characters.length > LONGEST ? `${characters.slice(0, LONGEST).join('')}…` : clean;
}

export function escape(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

function attribute(text: string): string {
  return escape(text).replace(/"/g, '&quot;');
}

/** The same as plain text, for when Telegram does not understand the tags. */
export function plainOf(html: string): string {
  const bare = html.replace(/<a href="([^"]*)">([^<]*)<\/a>/g, '$2: $1').replace(/<[^>]*>/g, '');
  return bare
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&');
}
