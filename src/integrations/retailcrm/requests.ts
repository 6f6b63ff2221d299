/** From a call to what RetailCRM wants to hear. Pure: facts and settings in, request fields out. */
import type { CallEvent, CallFacts, CallResult } from '../../calls/vocabulary.js';
import { httpUrl } from '../../platform/http-url.js';
import { localIso } from '../../platform/time-zone.js';
import type { Failure } from '../contract.js';
import { recordsOwed, seconds } from '../credit.js';
import type { OwedRecord } from '../credit.js';
import type { People } from '../people.js';
import type { RetailCrmSettings } from './settings.js';

export interface Context {
  settings: RetailCrmSettings;
  /** Zone of the account's date strings. */
  zone: string;
  people: People;
  /** Who of ours last talked with this client. */
  lastTalked(phone: string): Promise<string | null>;
  /** Makes a client RetailCRM does not know; why that has to wait, or null. */
  ensureCustomer(phone: string, signal: AbortSignal): Promise<Failure | null>;
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

/** The records of a finished call. `nobodys`: the code of one that none of ours talked in, when it has any. */
export function callRecords(call: CallFacts, phone: string, nobodys: string | null, context: Context): CallRecord[] {
  const owed = recordsOwed(call, context.settings.credit, (party) => codesOf([party], context)[0] ?? null);
  return owed.map((one) => callRecord(call, phone, { ...one, owner: one.owner ?? nobodys }, context));
}

/** True when a record would be nobody's by what the call itself tells. */
export function isNobodys(call: CallFacts, context: Context): boolean {
  return recordsOwed(call, context.settings.credit, (party) => codesOf([party], context)[0] ?? null).some(
    ({ owner }) => owner === null,
  );
}

type CallRecord = ReturnType<typeof callRecord>;

function callRecord(call: CallFacts, phone: string, owed: OwedRecord, context: Context) {
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
    ...recordOf(call),
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
    const code = context.people.extensionBehind(party);
    return code ? [code] : [];
  });
  return [...new Set(codes)];
}

/** RetailCRM documents a code as required: when all else is unknown, the lowest mapped extension, with a warning. */
export function lastResort({ settings }: Context): { code: string | null; warning: string } {
  const [code] = Object.values(settings.user_extensions).sort((a, b) => a.length - b.length || a.localeCompare(b));
  return code
    ? { code, warning: `nobody of this call is known; recorded on ${code}: set default_extension` }
    : { code: null, warning: 'no extension is known for this call; set default_extension' };
}

/** `Y-m-d H:i:s` in a zone, the only form of time RetailCRM knows. */
function localDateTime(at: number, zone: string): string {
  return localIso(at, zone).slice(0, 19).replace('T', ' ');
}

/** The company's number and shop. A line that is no phone number (a gateway's id) would be taken for one: left out. */
function placeOf(call: CallFacts, { settings }: Context): Record<string, string> {
  const line = call.line ? (settings.external_phones[call.line] ?? call.line) : '';
  const externalPhone = /^\+?[1-9]\d{9,14}$/.test(line) ? line.replace('+', '') : null;
  return { ...(externalPhone ? { externalPhone } : {}), ...(settings.site ? { site: settings.site } : {}) };
}

/** Where the recording is heard, if that is an address; as one is written, whatever a caller's number put into it. */
function recordOf({ recordingFile }: CallFacts): { recordUrl?: string } {
  const url = httpUrl(recordingFile);
  return url ? { recordUrl: url.href } : {};
}
