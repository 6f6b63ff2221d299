/** From a call to what Bitrix24 wants to hear. Pure: facts, settings and people in, parameters of methods out. */
import type { CallFacts, CallResult } from '../../calls/vocabulary.js';
import { httpUrl } from '../../platform/http-url.js';
import { localIso } from '../../platform/time-zone.js';
import { seconds } from '../credit.js';
import type { OwedRecord } from '../credit.js';
import type { People } from '../people.js';
import type { Params } from './client.js';
import type { Bitrix24Settings, StatusKey } from './settings.js';

export interface Context {
  settings: Bitrix24Settings;
  people: People;
  /** False until the portal's users are known: then its own inner numbers may tell who somebody is. */
  usersKnown: boolean;
  /** True of a user the portal says is not active. */
  hasLeft(userId: string): boolean;
  timezone: string;
  /** Who of ours last talked with this client. */
  lastTalked(phone: string): Promise<string | null>;
}

/**
 * Somebody of the portal: the id of a user, or `inner <number>`, an inner number the portal may know although we do not yet
 * know whose it is.
 */
export type Person = string;
const INNER = 'inner ';

/** Whoever has left is nobody, though the settings may still name him. */
export function personOf(party: string, { people, usersKnown, hasLeft }: Context): Person | null {
  const user = people.userOf(party);
  if (user !== null) return hasLeft(user) ? null : user;
  const extension = people.extensionBehind(party);
  return extension === null || usersKnown || !/^[\d*#]{1,10}$/.test(extension) ? null : `${INNER}${extension}`;
}

/** Cards are shown by id alone. */
export function userIdsOf(parties: readonly string[], context: Context): number[] {
  const people = parties.flatMap((party) => personOf(party, context) ?? []);
  return [...new Set(people.filter((person) => !person.startsWith(INNER)).map(Number))];
}

export function personFields(person: Person): Params {
  return person.startsWith(INNER) ? { USER_PHONE_INNER: person.slice(INNER.length) } : { USER_ID: Number(person) };
}

/** Who gets what is nobody's: `user_id`, else the user a webhook acts for. `default_extension` comes before, by the rules. */
export function defaultPerson({ user_id, access }: Bitrix24Settings): Person | null {
  return user_id ?? (access.kind === 'webhook' ? access.userId : null);
}

/**
 * Under whom a call is registered: its caller, or the first who was rung, or who answered. It is one of the keys by which a
 * repeated registration is known again, so it must come out the same at the ring and at the end.
 */
export function registrantOf(call: CallFacts, context: Context): Person | null {
  const parties = [...(call.direction === 'out' && call.caller !== null ? [call.caller] : call.rang), ...call.agents];
  return parties.flatMap((party) => personOf(party, context) ?? [])[0] ?? defaultPerson(context.settings);
}

export interface Registration {
  call: CallFacts;
  phone: string;
  person: Person;
  externalId: string;
  startedAt: number;
  show: boolean;
  withLine: boolean;
  /** What the portal said of a call it asked for. */
  more: Params;
}

export function registerParams(what: Registration, { settings, timezone }: Context): Params {
  const { call } = what;
  const line = lineOf(call, settings);
  return {
    ...personFields(what.person),
    PHONE_NUMBER: what.phone,
    TYPE: call.direction === 'out' ? 1 : 2,
    CALL_START_DATE: localIso(what.startedAt, timezone),
    CRM_CREATE: settings.crm_create ? 1 : 0,
    ...(settings.crm_create && settings.crm_source ? { CRM_SOURCE: settings.crm_source } : {}),
    SHOW: what.show ? 1 : 0,
    ADD_TO_CHAT: settings.add_to_chat ? 1 : 0,
    ...(what.withLine && line !== null ? { LINE_NUMBER: line } : {}),
    EXTERNAL_CALL_ID: what.externalId,
    ...what.more,
  };
}

const REASON: Partial<Record<CallResult, string>> = {
  missed: 'no answer',
  busy: 'busy',
  abandoned: 'the caller hung up',
  failed: 'failed',
};

export function finishParams(
  call: CallFacts,
  callId: string,
  person: Person,
  owed: Pick<OwedRecord, 'talkMs' | 'spanMs'>,
  settings: Bitrix24Settings,
): Params {
  const result = call.result ?? 'failed';
  const key: StatusKey = `${call.direction === 'out' ? 'out' : 'in'}_${result}`;
  const reason = REASON[result];
  return {
    CALL_ID: callId,
    ...personFields(person),
    DURATION: result === 'answered' ? seconds(settings.duration === 'span' ? owed.spanMs : owed.talkMs) : 0,
    STATUS_CODE: settings.status_codes[key],
    ...(reason === undefined ? {} : { FAILED_REASON: reason }),
    ADD_TO_CHAT: settings.add_to_chat ? 1 : 0,
  };
}

/** The portal takes .mp3 and .wav only, and reads the name off the address where it is given none. */
export function attachParams(callId: string, url: string, externalId: string): Params {
  const named = /\.(mp3|wav)$/i.test(new URL(url).pathname);
  return {
    CALL_ID: callId,
    RECORD_URL: url,
    ...(named ? {} : { FILENAME: `${externalId.replace(/[^\w.-]/g, '-')}.mp3` }),
  };
}

/** The client's number in the portal's form, else that of clients without one; null when there is none to send. */
export function phoneOf(external: string | null, settings: Bitrix24Settings): string | null {
  return dialled(external, settings) ?? dialled(settings.withheld_phone, settings);
}

/** A text nobody could dial is no phone to Bitrix24. Only what was read as a number gets its plus. */
function dialled(number: string | null, settings: Bitrix24Settings): string | null {
  if (number === null || !/^[+\d\s().\-/*#]+$/.test(number)) return null;
  const digits = number.replace(/\D/g, '');
  if (digits.length < 3 || digits.length > 15) return null;
  return settings.phone_format === 'plus' && number.startsWith('+') ? `+${digits}` : digits;
}

/** The portal takes a colleague's inner number for a call inside the company, and keeps no client for it. */
export function isInner({ external }: CallFacts, { people }: Pick<Context, 'people'>): boolean {
  return external !== null && !external.startsWith('+') && people.userOf(external) !== null;
}

/** An address the portal can fetch. */
export function recordingUrl(file: string | null): string | null {
  return httpUrl(file)?.href ?? null;
}

function lineOf({ line }: CallFacts, { send_line, line_numbers }: Bitrix24Settings): string | null {
  if (!send_line || line === null) return null;
  const known = Object.hasOwn(line_numbers, line) ? line_numbers[line] : undefined;
  // A line is a number or a trunk's name; what a caller wrote in its place is neither.
  return known ?? (/^[+\w.@-]{1,50}$/.test(line) ? line : null);
}
