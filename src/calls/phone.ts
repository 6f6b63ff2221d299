/**
 * One rule-book for numbers: what a PBX, a caller or a manager wrote, as E.164. The first reading that fits wins:
 *
 * 1. No client at all: withheld; a line's id; a short number (an extension, a department, a service).
 * 2. `+…`, `00…`, `8 10 …` in front of a number that exists.
 * 3. The line's own rule (`+375{9}`): somebody has looked at what this line shows. It takes local forms only, so that a
 *    whole number of another country stays one.
 * 4. The country's own forms (`8 029 …`, `80 29 …`, `029 …`, bare), and whatever else libphonenumber calls valid there.
 * 5. A neighbour's whole number without a plus (`375…`, `7…`, `380…`): of just that length they mean nothing else here.
 * 6. In Belarus and Ukraine, the `8 9xx …` of Russia and Kazakhstan.
 * 7. Any other country's whole number without a plus, when it exists.
 * 8. What only looks like a number: behind a plus one of a length that country has (a PBX shows numbers no plan knows),
 *    by the line's rule its last digits.
 *
 * A plus proves little: hosts put one in front of `80290000001` too, so what is no number behind it is read without.
 * Nothing a caller wrote is trusted: what is no number is handed back cleaned and cut at 80 characters.
 */
import { isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js';
import { parsePhoneNumberFromString as parseByPlan } from 'libphonenumber-js/max';
import { cleanText, isWithheld, numberText } from './phone-text.js';

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
  /** The line's transform: a prefix and how many last digits follow it, `+375{9}`. Without a plus the result is read again. */
  transform?: string | null;
  /** Further line ids that are never clients. */
  lines?: readonly string[] | null;
}

/** A gateway's line id: `0001363`. */
const GATEWAY_LINE = /^000\d{4}$/;
const SHORT = /^[*#]?\d{1,5}$/;
const NUMBER_LIKE = /^\+?[\d\s().\-/[\]~]+$/;
const TRANSFORM = /^(\+?\d+)?\{(\d{1,2})\}$/;
/** What a line shows in front of the digits its rule keeps. */
const TRUNK_PREFIXES = ['', '0', '8', '80'];

/** Fifteen of a number and what may be dialled in front of it; more is none. */
const MOST_DIGITS = 20;

/** The numbers of a country that are of its usual length. */
interface Plan {
  code: string;
  length: number;
  /** What a number within the country begins with. */
  first: RegExp;
  /** What is dialled in front of it inside the country. */
  prefixes: readonly string[];
}

const PLANS: Partial<Record<string, Plan>> = {
  BY: { code: '375', length: 9, first: /^[1-4]/, prefixes: ['', '80', '8', '0'] },
  RU: { code: '7', length: 10, first: /^[3-9]/, prefixes: ['', '8'] },
  KZ: { code: '7', length: 10, first: /^[3-9]/, prefixes: ['', '8'] },
  UA: { code: '380', length: 9, first: /^[3-9]/, prefixes: ['', '80', '8', '0'] },
};

/** Reads what stood in a caller id, a dialled number or a webhook's `Phone`. Never throws. */
export function toE164(raw: string | null | undefined, rules: PhoneRules): PhoneReading {
  const text = numberText(raw ?? '');
  if (isWithheld(text)) return { kind: 'withheld' };
  const digits = text.replace(/\D/g, '');
  if (isLine(text, digits, rules.lines)) return { kind: 'line', raw: text };
  if (SHORT.test(text)) return { kind: 'extension', raw: text };
  if (!NUMBER_LIKE.test(text)) return { kind: 'unreadable', raw: cleanText(raw ?? '') };
  if (SHORT.test(digits)) return { kind: 'extension', raw: digits };
  const e164 = read(digits, text.startsWith('+'), rules);
  return e164 === null ? { kind: 'unreadable', raw: cleanText(raw ?? '') } : { kind: 'number', e164 };
}

/** The E.164 form, or null for everything that is no number. */
export function e164Of(raw: string | null | undefined, rules: PhoneRules): string | null {
  const reading = toE164(raw, rules);
  return reading.kind === 'number' ? reading.e164 : null;
}

/** A host may put a plus in front of a line id, too. */
function isLine(text: string, digits: string, lines: PhoneRules['lines']): boolean {
  if (!/^\+?[^+]*$/.test(text)) return false;
  const bare = text.replace('+', '');
  return (
    (bare === digits && GATEWAY_LINE.test(digits)) || (lines?.some((line) => line.replace('+', '') === bare) ?? false)
  );
}

function read(digits: string, plus: boolean, rules: PhoneRules): string | null {
  if (digits.length > MOST_DIGITS) return null;
  const { country } = rules;
  return (
    byRule(digits, plus, rules) ??
    (plus ? valid(digits) : null) ??
    fromAbroad(digits, valid) ??
    ownForm(digits, country) ??
    validAtHome(digits, country) ??
    neighbour(digits) ??
    eightOfSeven(digits, country) ??
    (isWhole(digits) ? valid(digits) : null) ??
    (plus ? possible(digits) : null) ??
    fromAbroad(digits, possible) ??
    byRuleAtLast(digits, rules) ??
    possibleAtHome(digits, country)
  );
}

/** What is dialled to get abroad. A host may put a plus in front of it. */
function fromAbroad(digits: string, reader: (digits: string) => string | null): string | null {
  const number = /^(?:0{2,}(\d{8,})|810(\d{10,}))$/.exec(digits);
  return number ? reader(number[1] ?? number[2] ?? '') : null;
}

function ownForm(digits: string, country: string): string | null {
  const plan = PLANS[country];
  const prefix = plan?.prefixes.find((one) => digits.length === one.length + plan.length && digits.startsWith(one));
  if (!plan || prefix === undefined) return null;
  const rest = digits.slice(prefix.length);
  return plan.first.test(rest) ? possible(plan.code + rest) : null;
}

function neighbour(digits: string): string | null {
  for (const { code, length, first } of Object.values(PLANS) as Plan[]) {
    if (digits.length !== code.length + length || !digits.startsWith(code)) continue;
    if (code.length > 1 || first.test(digits.slice(code.length))) return possible(digits);
  }
  return null;
}

function eightOfSeven(digits: string, country: string): string | null {
  const elsewhere = country === 'BY' || country === 'UA';
  if (!elsewhere || !/^8\d{10}$/.test(digits)) return null;
  const parsed = parseByPlan(`+7${digits.slice(1)}`);
  return parsed?.isValid() ? parsed.number : null;
}

/** A wrong guess is easy, so shorter ones are not taken for a number with its country's code. */
function isWhole(digits: string): boolean {
  return digits.length >= 11 && !digits.startsWith('0');
}

/** Local forms on a line with a rule: nothing, or what is dialled within a country, stands in front of what it keeps. */
function byRule(digits: string, plus: boolean, rules: PhoneRules): string | null {
  const rule = ruleOf(rules.transform);
  if (!rule || digits.length < rule.count) return null;
  const before = digits.slice(0, digits.length - rule.count);
  if (!TRUNK_PREFIXES.includes(before) || (plus && before === '') || digits[before.length] === '0') return null;
  return ruled(digits, rule, rules);
}

/** A number of another country is longer than prefix and digits together; a local form never is. */
function byRuleAtLast(digits: string, rules: PhoneRules): string | null {
  const rule = ruleOf(rules.transform);
  if (!rule || digits.length < rule.count || digits.length > rule.prefix.length + rule.count) return null;
  return ruled(digits, rule, rules);
}

function ruled(digits: string, { plus, prefix, count }: Rule, rules: PhoneRules): string | null {
  const made = prefix + digits.slice(-count);
  return plus ? (valid(made) ?? possible(made)) : read(made, false, { ...rules, transform: null });
}

interface Rule {
  plus: boolean;
  prefix: string;
  count: number;
}

function ruleOf(transform: string | null | undefined): Rule | null {
  const match = TRANSFORM.exec(transform ?? '');
  const count = Number(match?.[2] ?? 0);
  if (!match || count === 0) return null;
  const prefix = match[1] ?? '';
  return { plus: prefix.startsWith('+'), prefix: prefix.replace('+', ''), count };
}

/** A number of the country's plan, without what was dialled in front of it (`+375 (0) 29 …`). */
function valid(digits: string): string | null {
  const parsed = parsePhoneNumberFromString(`+${digits}`);
  return parsed?.isValid() ? parsed.number : null;
}

/** As it stands, when a number of that country can be as long. */
function possible(digits: string): string | null {
  if (digits.length < 7 || digits.length > 15) return null;
  return parsePhoneNumberFromString(`+${digits}`)?.isPossible() ? `+${digits}` : null;
}

/** By the country's whole plan: its free and paid numbers have lengths of their own. */
function validAtHome(digits: string, country: string): string | null {
  if (!isSupportedCountry(country)) return null;
  const parsed = parseByPlan(digits, country);
  return parsed?.isValid() ? parsed.number : null;
}

function possibleAtHome(digits: string, country: string): string | null {
  if (PLANS[country] || !isSupportedCountry(country)) return null;
  const parsed = parsePhoneNumberFromString(digits, country);
  return parsed?.isPossible() ? parsed.number : null;
}
