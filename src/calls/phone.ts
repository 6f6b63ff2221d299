/**
 * One rule-book for numbers: what a PBX, a caller or a manager wrote, as E.164, or what it is instead: withheld, a line's
 * id, a short number (an extension, a department, a service), or nothing that can be read. `phone-text.ts` takes off what
 * stands around a number, `phone-forms.ts` reads its digits. Nothing a caller wrote is trusted: what is no number is
 * handed back cleaned and cut at 80 characters.
 */
import { readDigits } from './phone-forms.js';
import type { Reading } from './phone-forms.js';
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

export interface PhoneRules extends Reading {
  /** Line ids that are never clients, besides those of gateways. */
  lines?: readonly string[] | null;
}

/** A gateway's line id: `0001363`. */
const GATEWAY_LINE = /^000\d{4}$/;
const SHORT = /^[*#]?\d{1,5}$/;
const NUMBER_LIKE = /^\+?[\d\s().\-/[\]~]+$/;

/** Reads what stood in a caller id, a dialled number or a webhook's `Phone`. Never throws. */
export function toE164(raw: string | null | undefined, rules: PhoneRules): PhoneReading {
  const text = numberText(raw ?? '');
  if (isWithheld(text)) return { kind: 'withheld' };
  const digits = text.replace(/\D/g, '');
  if (isLine(text, digits, rules.lines)) return { kind: 'line', raw: text };
  if (SHORT.test(text)) return { kind: 'extension', raw: text };
  if (!NUMBER_LIKE.test(text)) return { kind: 'unreadable', raw: cleanText(raw ?? '') };
  if (SHORT.test(digits)) return { kind: 'extension', raw: digits };
  const e164 = readDigits(digits, text.startsWith('+'), rules);
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
