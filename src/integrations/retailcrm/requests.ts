/** From a call to what RetailCRM wants to hear. Pure: facts and settings in, request fields out. */
import type { CallEvent, CallFacts, CallResult } from '../../calls/vocabulary.js';
import { recordsOwed } from '../credit.js';
import type { OwedRecord } from '../credit.js';
import type { RetailCrmSettings } from './settings.js';

export interface Context {
  settings: RetailCrmSettings;
  /** Zone of the account's date strings. */
  zone: string;
  extensionOfMobile(mobile: string): string | null;
}

/** RetailCRM's two spellings: `no answered` in events, `no answer` in history. */
const HANGUP_STATUS: Record<CallResult, string> = {
  answered: 'answered',
  missed: 'no answered',
  busy: 'busy',
  abandoned: 'cancel',
  failed: 'failed',
};
const UPLOAD_RESULT: Record<CallResult, string> = {
  answered: 'answered',
  missed: 'no answer',
  busy: 'busy',
  abandoned: 'no answer',
  failed: 'failed',
};

export function cardEvent(
  event: CallEvent,
  codes: readonly string[],
  phone: string,
  context: Context,
): Record<string, unknown> {
  return {
    phone,
    type: event.call.direction === 'out' ? 'out' : 'in',
    codes,
    callExternalId: event.call.externalId,
    ...placeOf(event.call, context),
  };
}

export function hangupEvent(
  call: CallFacts,
  codes: readonly string[],
  phone: string,
  context: Context,
): Record<string, unknown> {
  return {
    phone,
    type: 'hangup',
    codes,
    hangupStatus: HANGUP_STATUS[call.result ?? 'failed'],
    callExternalId: call.externalId,
    ...(context.settings.site ? { site: context.settings.site } : {}),
  };
}

/** The records of a finished call, and what the operator should set so that nobody's calls go to somebody. */
export function callRecords(call: CallFacts, phone: string, context: Context): { calls: object[]; warnings: string[] } {
  const owed = recordsOwed(call, context.settings.credit, (party) => codesOf([party], context)[0] ?? null);
  const nobodys = owed.some(({ owner }) => owner === null) ? ownerOfNobodys(call, context) : null;
  return {
    calls: owed.map((one) => callRecord(call, phone, { ...one, owner: one.owner ?? nobodys?.code ?? null }, context)),
    warnings: nobodys?.warning ? [nobodys.warning] : [],
  };
}

function callRecord(call: CallFacts, phone: string, owed: OwedRecord, context: Context): object {
  const talked = context.settings.duration === 'span' ? owed.spanMs : owed.talkMs;
  return {
    date: localDateTime(owed.startedAt, context.zone),
    type: call.direction === 'out' ? 'out' : 'in',
    phone,
    ...(owed.owner ? { code: owed.owner } : {}),
    result: UPLOAD_RESULT[call.result ?? 'failed'],
    duration: seconds(talked),
    durationWaiting: seconds(owed.waitMs),
    externalId: owed.externalId,
    ...(isHttpUrl(call.recordingFile) ? { recordUrl: call.recordingFile } : {}),
    ...placeOf(call, context),
  };
}

/** The client's number in the account's form, else that of clients without one; null when there is none to show. */
export function phoneOf(external: string | null, settings: RetailCrmSettings): string | null {
  return dialled(external, settings) ?? dialled(settings.withheld_phone, settings);
}

/** A text that nobody could dial is no phone to RetailCRM. Only what was read as a number gets its plus. */
function dialled(number: string | null, settings: RetailCrmSettings): string | null {
  if (number === null || !/^[+\d\s().\-/*#]+$/.test(number)) return null;
  const digits = number.replace(/\D/g, '');
  if (digits.length < 3 || digits.length > 15) return null;
  return settings.phone_format === 'plus' && number.startsWith('+') ? `+${digits}` : digits;
}

/** Extensions as they are; a staff mobile counts as its owner's extension and is left out when nobody's. */
export function codesOf(parties: readonly (string | null)[], context: Context): string[] {
  const codes = parties.flatMap((party) => {
    if (!party) return [];
    const code = party.startsWith('+') ? context.extensionOfMobile(party) : party;
    return code ? [code] : [];
  });
  return [...new Set(codes)];
}

interface Owner {
  code: string | null;
  /** Set when nobody of the call could be named and somebody else was. */
  warning?: string;
}

/**
 * Whose a call is in the history that none of ours talked in: of an outgoing one the caller's; of a missed one that of the
 * first (or last) who was rung. RetailCRM documents a code as required, so a call that reached nobody goes to
 * `default_extension`, else to the lowest mapped extension with a warning, else it is tried without.
 */
function ownerOfNobodys(call: CallFacts, context: Context): Owner {
  const { settings } = context;
  const rung = codesOf(call.rang, context);
  if (settings.missed_code === 'last') rung.reverse();
  const [code] = [...codesOf([call.caller], context), ...rung];
  if (code) return { code };
  if (settings.default_extension) return { code: settings.default_extension };
  const [lowest] = Object.values(settings.user_extensions).sort((a, b) => a.length - b.length || a.localeCompare(b));
  if (!lowest) return { code: null, warning: 'no extension is known for this call; set default_extension' };
  return { code: lowest, warning: `nobody of this call is known; recorded on ${lowest}: set default_extension` };
}

/** `Y-m-d H:i:s` in a zone, the only form of time RetailCRM knows. */
function localDateTime(at: number, zone: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).formatToParts(at);
  const get = (type: Intl.DateTimeFormatPartTypes) => parts.find((part) => part.type === type)?.value ?? '';
  return `${get('year')}-${get('month')}-${get('day')} ${get('hour')}:${get('minute')}:${get('second')}`;
}

/** The company's number and shop. A line that is no phone number (a gateway's id) would be taken for one: left out. */
function placeOf(call: CallFacts, { settings }: Context): Record<string, string> {
  const line = call.line ? (settings.external_phones[call.line] ?? call.line) : '';
  const externalPhone = /^\+?[1-9]\d{9,14}$/.test(line) ? line.replace('+', '') : null;
  return { ...(externalPhone ? { externalPhone } : {}), ...(settings.site ? { site: settings.site } : {}) };
}

function seconds(ms: number): number {
  return Math.max(0, Math.round(ms / 1000));
}

function isHttpUrl(text: string | null): boolean {
  return text !== null && /^https?:\/\//.test(text) && URL.canParse(text);
}
