/**
 * One rule-book for numbers: what a PBX, a caller or a manager wrote, as E.164.
 *
 * Order of reading: an international form (`+…`, `00…`, `8 10 …`), the country's own code without a plus, the national
 * forms of the enterprise's country (`8 029 …`, `80 29 …`, `029 …`, bare), any other country's code without a plus, and
 * at last a line's own transform (`+375{9}`) for what is left. Nothing a caller wrote is trusted: what is no number is handed back
 * cleaned of control characters and cut at 80 characters.
 */
import { getCountryCallingCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js';
import type { CountryCode } from 'libphonenumber-js';

export type PhoneReading =
  | { kind: 'number'; e164: string }
  /** The caller hid his number, or the PBX does not know it. */
  | { kind: 'withheld' }
  /** A short number: an extension, a department, a service number. */
  | { kind: 'extension'; raw: string }
  /** A line id of a gateway (`0001363`), not a client. */
  | { kind: 'line'; raw: string }
  | { kind: 'unreadable'; raw: string };

export interface PhoneRules {
  /** ISO country of the enterprise: how national numbers are read. */
  country: string;
  /** The line's transform: a prefix and how many last digits follow it, `+375{9}`. */
  transform?: string | null;
  /** Further line ids that are never clients. */
  lines?: readonly string[] | null;
}

const WITHHELD = new Set([
  '',
  'anonymous',
  'unknown',
  'unavailable',
  'withheld',
  'private',
  'restricted',
  'blocked',
  'no number',
  'null',
  's',
  'номер не определен',
  'номер не определён',
]);
/** A gateway's line id: `0001363`. */
const GATEWAY_LINE = /^000\d{4}$/;
const SHORT = /^[*#]?\d{1,5}$/;
const NUMBER_LIKE = /^\+?[\d\s().\-/]+$/;
const TRANSFORM = /^(\+?\d+)?\{(\d{1,2})\}$/;
const MAX_RAW = 80;

/** Length of a national number, and what is dialled in front of it inside the country. */
const NATIONAL: Partial<Record<string, { length: number; prefixes: readonly string[] }>> = {
  BY: { length: 9, prefixes: ['80', '8', '0'] },
  RU: { length: 10, prefixes: ['8'] },
  KZ: { length: 10, prefixes: ['8'] },
  UA: { length: 9, prefixes: ['80', '8', '0'] },
};

/** Reads what stood in a caller id, a dialled number or a webhook's `Phone`. Never throws. */
export function toE164(raw: string | null | undefined, rules: PhoneRules): PhoneReading {
  const text = bareNumber(raw ?? '');
  if (WITHHELD.has(text.toLowerCase())) return { kind: 'withheld' };
  if (GATEWAY_LINE.test(text) || rules.lines?.includes(text)) return { kind: 'line', raw: text };
  if (SHORT.test(text)) return { kind: 'extension', raw: text };
  if (!NUMBER_LIKE.test(text)) return { kind: 'unreadable', raw: text };
  const digits = text.replace(/\D/g, '');
  if (SHORT.test(digits)) return { kind: 'extension', raw: digits };
  const e164 =
    internationalForm(text, digits) ??
    nationalForm(digits, rules.country) ??
    foreignForm(digits) ??
    transformed(digits, rules.transform ?? null) ??
    elsewhere(text, rules.country);
  return e164 === null ? { kind: 'unreadable', raw: text } : { kind: 'number', e164 };
}

/** The E.164 form, or null for everything that is no number. */
export function e164Of(raw: string | null | undefined, rules: PhoneRules): string | null {
  const reading = toE164(raw, rules);
  return reading.kind === 'number' ? reading.e164 : null;
}

/** Text from a caller without control characters, quotes around it, `sip:` and `;parameters`, cut at 80 characters. */
function bareNumber(raw: string): string {
  return raw
    .slice(0, 4 * MAX_RAW)
    .replace(/\p{C}/gu, '')
    .trim()
    .replace(/^["'<]+|["'>]+$/g, '')
    .replace(/^(?:sips?|tel):/i, '')
    .replace(/[;@].*$/, '')
    .trim()
    .slice(0, MAX_RAW);
}

function internationalForm(text: string, digits: string): string | null {
  // `+00375…` and `+810…`: a plus put in front of a dialled prefix.
  return (text.startsWith('+') ? possible(digits) : null) ?? behindPrefix(digits);
}

/** What is dialled to get abroad: `00…`, `8 10 …`. */
function behindPrefix(digits: string): string | null {
  if (digits.startsWith('00')) return possible(digits.slice(2));
  if (digits.startsWith('810') && digits.length >= 13) return possible(digits.slice(3));
  return null;
}

function nationalForm(digits: string, country: string): string | null {
  const national = NATIONAL[country];
  const code = callingCode(country);
  if (!national || code === null) return null;
  if (digits.length === code.length + national.length && digits.startsWith(code)) return possible(digits);
  for (const prefix of ['', ...national.prefixes]) {
    if (digits.length !== prefix.length + national.length || !digits.startsWith(prefix)) continue;
    const rest = digits.slice(prefix.length);
    if (!rest.startsWith('0')) return possible(code + rest);
  }
  return null;
}

/** `+375{9}`: the prefix and the last nine digits, when there are that many. */
function transformed(digits: string, transform: string | null): string | null {
  const match = TRANSFORM.exec(transform ?? '');
  if (!match) return null;
  const count = Number(match[2]);
  // A number of another country is longer than prefix and digits together; a local form never is.
  const prefix = (match[1] ?? '').replace('+', '');
  if (digits.length < count || digits.length > prefix.length + count) return null;
  return possible(prefix + digits.slice(-count));
}

/** Another country's code without a plus. A wrong guess is easy, so the number must fit that country's plan. */
function foreignForm(digits: string): string | null {
  return digits.length >= 11 && !digits.startsWith('0') ? possible(digits, true) : null;
}

/** The national form of a country without a rule of its own here. */
function elsewhere(text: string, country: string): string | null {
  if (NATIONAL[country] || !isSupportedCountry(country)) return null;
  const parsed = parsePhoneNumberFromString(text, country);
  return parsed?.isPossible() ? parsed.number : null;
}

function possible(digits: string, strict = false): string | null {
  if (digits.length < 7 || digits.length > 15) return null;
  const parsed = parsePhoneNumberFromString(`+${digits}`);
  return parsed?.isPossible() && (!strict || parsed.isValid()) ? parsed.number : null;
}

function callingCode(country: string): string | null {
  return isSupportedCountry(country) ? getCountryCallingCode(country as CountryCode) : null;
}
