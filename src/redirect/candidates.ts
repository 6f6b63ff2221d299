/** Who may take the call, in order: the one who was named, and behind him his substitute. Pure. */
import { cleanText } from '../calls/phone-text.js';
import { isWithin, parseWorkHours } from '../platform/work-hours.js';
import type { WorkHours } from '../platform/work-hours.js';
import type { Asked, RedirectEnterprise } from './ports.js';

/** Who talked with the client before. */
export interface History {
  last: string | null;
  first: string | null;
}

export interface Named {
  extension: string;
  /** An integration, or `last` or `first` for the calls that were. */
  by: string;
}

/** Whom the CRMs' answers and the calls that were name, by the enterprise's mode. */
export function nameOwner(
  mode: 'owner' | 'last' | 'first' | 'name' | 'off',
  otherwise: 'nobody' | 'last' | 'first',
  asked: readonly Asked[],
  history: History,
): Named | null {
  if (mode === 'name' || mode === 'off') return null;
  if (mode === 'owner') {
    const owner = asked.find(({ outcome }) => outcome === 'owner');
    if (owner?.extension) return { extension: owner.extension, by: owner.integration };
    if (otherwise === 'nobody') return null;
  }
  const by = mode === 'owner' ? otherwise : mode;
  const extension = by === 'last' ? history.last : history.first;
  return extension === null ? null : { extension, by };
}

export interface Candidates {
  extensions: string[];
  /** Why the first one named is not among them. */
  leftOut: string | null;
}

const MOST_SUBSTITUTES = 5;

export function candidatesOf(enterprise: RedirectEnterprise, named: Named, at: number): Candidates {
  const extensions: string[] = [];
  const seen = new Set<string>();
  let leftOut: string | null = null;
  let next: string | undefined = named.extension;
  while (next !== undefined && !seen.has(next) && seen.size < MOST_SUBSTITUTES) {
    seen.add(next);
    const why = whyNot(enterprise, next, at);
    if (why === null) extensions.push(next);
    else leftOut ??= why;
    next = settingsOf(enterprise, next)?.substitute;
  }
  return { extensions, leftOut };
}

function settingsOf(enterprise: RedirectEnterprise, extension: string) {
  return enterprise.extensions.find(({ number }) => number === extension);
}

/** Why this extension takes no redirected call now; null when it does. */
function whyNot(enterprise: RedirectEnterprise, extension: string, at: number): string | null {
  if (!new RegExp(enterprise.extensionPattern).test(extension)) return `${cleanText(extension)} is no extension here`;
  const settings = settingsOf(enterprise, extension);
  if (settings?.dnd) return `${extension} does not want to be disturbed`;
  if (enterprise.away?.(extension)) return `${extension} is on a break, his CRM says`;
  if (settings?.hours !== undefined && !isWithin(hoursOf(settings.hours), at, enterprise.timezone))
    return `${extension} is not at work now`;
  return null;
}

const parsed = new Map<string, WorkHours>();

/** Checked where it was saved. */
function hoursOf(text: string): WorkHours {
  let hours = parsed.get(text);
  if (!hours) parsed.set(text, (hours = parseWorkHours(text)));
  return hours;
}

/** Device states in which a phone cannot ring for one more call. */
const CANNOT = new Set(['UNAVAILABLE', 'INVALID', 'BUSY']);
const TALKS = new Set(['INUSE', 'RINGING', 'RINGINUSE', 'ONHOLD']);

/** Why a phone in this state cannot take the call; null when it can, or when nobody knows. */
export function cannotTake(state: string | null, ringBusy: boolean): string | null {
  if (state === null) return null;
  if (CANNOT.has(state)) return `the phone is ${state.toLowerCase()}`;
  return TALKS.has(state) && !ringBusy ? `the phone is ${state.toLowerCase()}` : null;
}
