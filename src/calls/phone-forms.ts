/**
 * A number's digits as E.164. The first reading that fits wins:
 *
 * 1. The line's own rule (`+375{9}`): somebody has looked at what this line shows. It takes local forms only, so that a
 *    whole number of another country stays one.
 * 2. `+…`, `00…`, `8 10 …` in front of a number that exists.
 * 3. The country's own forms (`8 029 …`, `80 29 …`, `029 …`, bare), and whatever else libphonenumber calls valid there.
 * 4. A neighbour's whole number without a plus (`375…`, `7…`, `380…`): of just that length they mean nothing else here.
 * 5. In Belarus and Ukraine, the `8 9xx …` of Russia and Kazakhstan.
 * 6. Any other country's whole number without a plus, when it exists.
 * 7. What only looks like a number: behind a plus one of a length that country has (a PBX shows numbers no plan knows),
 *    by the line's rule its last digits.
 *
 * A plus proves little: hosts put one in front of `80290000001` too, so what is no number behind it is read without.
 */
import { isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js';
import { parsePhoneNumberFromString as parseByPlan } from 'libphonenumber-js/max';

/** How a number is to be read. */
export interface Reading {
  /** ISO country of the enterprise. */
  country: string;
  /** The line's rule: a prefix and how many last digits follow it. Without a plus what comes of it is read again. */
  transform?: string | null;
}

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

/** Numbers read lately: one call's are read by each of its events, and once more while its caller waits to be redirected. */
const lately = new Map<string, string | null>();
const MOST_LATELY = 1_000;

/** E.164, or null. `plus`: one stood in front. */
export function readDigits(digits: string, plus: boolean, rules: Reading): string | null {
  if (digits.length > MOST_DIGITS) return null;
  const key = `${plus ? '+' : ''}${digits} ${rules.country} ${rules.transform ?? ''}`;
  const known = lately.get(key);
  if (known !== undefined) return known;
  if (lately.size >= MOST_LATELY) lately.clear();
  const e164 = readAnew(digits, plus, rules);
  lately.set(key, e164);
  return e164;
}

function readAnew(digits: string, plus: boolean, rules: Reading): string | null {
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
function byRule(digits: string, plus: boolean, rules: Reading): string | null {
  const rule = ruleOf(rules.transform);
  if (!rule || digits.length < rule.count) return null;
  const before = digits.slice(0, digits.length - rule.count);
  if (!TRUNK_PREFIXES.includes(before) || (plus && before === '') || digits[before.length] === '0') return null;
  return ruled(digits, rule, rules);
}

/** A number of another country is longer than prefix and digits together; a local form never is. */
function byRuleAtLast(digits: string, rules: Reading): string | null {
  const rule = ruleOf(rules.transform);
  if (!rule || digits.length < rule.count || digits.length > rule.prefix.length + rule.count) return null;
  return ruled(digits, rule, rules);
}

function ruled(digits: string, { plus, prefix, count }: Rule, rules: Reading): string | null {
  const made = prefix + digits.slice(-count);
  return plus ? (valid(made) ?? possible(made)) : readDigits(made, false, { ...rules, transform: null });
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
