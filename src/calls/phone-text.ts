/**
 * What stands where a number should, as plain text: without what cannot be seen, in Latin digits, taken out of the forms
 * SIP and people put around it. Nothing here says what the number is; phone.ts does.
 */

const MAX = 80;

/** `"Ann" <375290000001>`, `Ann <sip:375290000001@203.0.113.5>;tag=1`: what stands in the brackets counts. */
const NAMED = /<([^<>]*)>[^<>]*$/;
const SCHEME = /^(?:(?:sips?|tel|callto|phone|тел|моб)[.:]\s*)/iu;
/** `;phone-context=+375`: what RFC 3966 has a local number begin with. */
const CONTEXT = /^([^;+]*\d);(?:.*;)?phone-context=\+(\d{1,6})\b/i;
/** What is dialled after the answer, and extensions: `,5`, `#5`, `ext. 5`, `доб. 5`, `x5`. */
const AFTER = /[,#]|(?:ext|доб|вн|x)[.:\s\d]/iu;
const ENOUGH_BEFORE = /^\+?(?:[\s().\-/[\]~]*\d){6}[^\p{L}]*$/u;

const WITHHELD = new Set([
  ...['anonymous', 'anonym', 'unknown', 'unknown number', 'unknown caller', 'unavailable', 'not available', 'withheld'],
  ...['number withheld', 'private', 'private number', 'restricted', 'blocked', 'hidden', 'no number', 'no caller id'],
  ...['out of area', 'asterisk', 'null', 'nil', 'none', 'undefined', 'n/a', 's', 'p', 'o'],
  ...['номер не определен', 'не определен', 'скрытый номер', 'номер скрыт', 'скрыт', 'аноним', 'анонимный'],
  ...['анонимный номер', 'неизвестен', 'неизвестный', 'неизвестный номер', 'нет номера', 'без номера'],
  ...['прихований номер', 'невідомий номер', 'схаваны нумар'],
]);

/** Text from outside without control, invisible and unpaired characters, cut at 80 characters. */
export function cleanText(raw: string): string {
  return cut(visible(raw).trim());
}

/** The same in the digits, plus and dashes of ASCII, without quotes, scheme, host and parameters around it. */
export function numberText(raw: string): string {
  let text = latin(visible(raw)).trim();
  text = text.replace(/^["']+(.*?)["']+$/, '$1');
  text = NAMED.exec(text)?.[1] ?? text;
  text = unescaped(text.replace(/^["'<\s]+|["'>\s]+$/g, '')).replace(SCHEME, '');
  const local = CONTEXT.exec(text);
  if (local) text = `+${local[2]}${local[1]}`;
  text = cut(text.replace(/[;@].*$/, ''));
  const after = text.search(AFTER);
  if (after > 0 && ENOUGH_BEFORE.test(text.slice(0, after))) text = text.slice(0, after);
  // A plus in brackets, or several: `(+375) 29 …`, `++375…`.
  text = text.replace(/^[\s([]*\+[\s+]*/, '+');
  return text.trim();
}

/** The caller hid his number or the PBX knows none: a word for it, nothing but signs, nothing but zeros. */
export function isWithheld(text: string): boolean {
  if (!/[\p{L}\p{N}]/u.test(text) || /^\+?0{5,}$/.test(text)) return true;
  const words = text
    .toLowerCase()
    .replaceAll('ё', 'е')
    .replace(/[\s_-]+/g, ' ');
  return WITHHELD.has(words.trim());
}

function visible(raw: string): string {
  return raw.slice(0, 4 * MAX).replace(/\p{C}/gu, '');
}

function latin(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/(?!\d)\p{Nd}/gu, digitOf)
    .replace(/[\p{Pd}\u2212]/gu, '-')
    .replace(/[\u2044\u2215]/g, '/')
    .replace(/\s+/g, ' ');
}

/** The ten digits of a script stand in a row, zero first. */
function digitOf(digit: string): string {
  const at = digit.codePointAt(0) ?? 0;
  let value = 0;
  while (value < 9 && /^\p{Nd}$/u.test(String.fromCodePoint(at - value - 1))) value += 1;
  return String(value);
}

/** `%2B375…` in a SIP address. */
function unescaped(text: string): string {
  return text.replace(/%(2B|20|2D|28|29|2E)/gi, (_all, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

function cut(text: string): string {
  return [...text].length === text.length ? text.slice(0, MAX) : [...text].slice(0, MAX).join('');
}
