/** From a call to what amoCRM wants to hear. Pure: facts and settings in, request bodies out. */
import type { CallFacts, CallResult } from '../../calls/vocabulary.js';
import { httpUrl } from '../../platform/http-url.js';
import { recordsOwed, seconds } from '../credit.js';
import type { OwedRecord } from '../credit.js';
import type { People } from '../people.js';
import type { AmoCrmSettings } from './settings.js';
import { leadName, resultText } from './words.js';

export interface Context {
  settings: AmoCrmSettings;
  people: People;
  /** Name of the amoCRM user with this id, as last loaded. */
  nameOfUser(id: string): string | null;
  /** True of a user who is known to be switched off. */
  hasLeft(id: string): boolean;
  /** Who of ours last talked with this client. */
  lastTalked(phone: string): Promise<string | null>;
}

/** 4 talked, 6 could not be reached, 7 busy; what a failed call is the vendor's pages leave open. */
function statusOf(result: CallResult, settings: AmoCrmSettings): number {
  switch (result) {
    case 'answered':
      return 4;
    case 'busy':
      return 7;
    case 'missed':
    case 'abandoned':
      return 6;
    case 'failed':
      return settings.failed_status;
  }
}

export type Body = Record<string, unknown>;

/** A record as amoCRM takes it. `uniq` is its name in all we ask and repeat. */
export interface CallBody extends Body {
  uniq: string;
}

/** The records of a finished call. `nobodys`: the user whose it is when none of amoCRM's users talked in it. */
export function callBodies(call: CallFacts, phone: string, nobodys: string | null, context: Context): CallBody[] {
  const owed = recordsOwed(call, context.settings.credit, context.people.userOf);
  return owed.map((one) => callBody(call, phone, one, nobodys, context));
}

/** True when a record would be nobody's by what the call itself tells. */
export function isNobodys(call: CallFacts, { settings, people }: Context): boolean {
  return recordsOwed(call, settings.credit, people.userOf).some(({ owner }) => owner === null);
}

function callBody(
  call: CallFacts,
  phone: string,
  owed: OwedRecord,
  nobodys: string | null,
  context: Context,
): CallBody {
  const { settings, people } = context;
  const result = call.result ?? 'failed';
  const user = owed.owner ?? nobodys;
  const talker = owed.owner === null ? talkerOf(call, people) : Number(owed.owner);
  return {
    direction: call.direction === 'out' ? 'outbound' : 'inbound',
    uniq: owed.externalId,
    duration: seconds(settings.duration === 'span' ? owed.spanMs : owed.talkMs),
    source: settings.source_name,
    phone,
    ...linkOf(call),
    call_result: textOf(call, context),
    call_status: statusOf(result, settings),
    ...(talker === null ? {} : { call_responsible: talker }),
    ...(user === null ? {} : { responsible_user_id: Number(user), created_by: Number(user) }),
    created_at: Math.floor(owed.startedAt / 1_000),
    request_id: owed.externalId,
  };
}

/**
 * Who received an answered call, or placed an outgoing one, when it is none of those it is credited to. To amoCRM a number is a
 * user and a text a name, so a colleague who is no user there is shown by his extension.
 */
function talkerOf(call: CallFacts, people: People): number | string | null {
  const party = call.result === 'answered' ? (call.finalAgent ?? call.answeredBy) : null;
  const talker = party ?? (call.direction === 'out' ? call.caller : null);
  if (talker === null) return null;
  const user = people.userOf(talker);
  return user === null ? talker : Number(user);
}

/** The pop-up of these users. */
export function popUp(phone: string, users: readonly string[]): object {
  return { add: [{ type: 'phone_call', phone_number: phone, users: users.map(Number) }] };
}

export function newContact(record: CallBody, phone: string): Body {
  return {
    name: phone,
    ...responsibleOf(record),
    custom_fields_values: phoneField(phone),
    request_id: `${record.uniq}/contact`,
  };
}

export function newLead(call: CallFacts, record: CallBody, phone: string, contactId: number, context: Context): Body {
  return {
    ...leadFields(call, phone, context.settings),
    ...responsibleOf(record),
    request_id: `${record.uniq}/lead`,
    _embedded: { contacts: [{ id: contactId }] },
  };
}

/** An “unsorted” call: amoCRM keeps it apart, with a lead and a contact that become real when somebody takes it. */
export function unsortedCall(call: CallFacts, record: CallBody, phone: string, { settings }: Context): object {
  const { source_name: name, unsorted_client_in: place } = settings;
  // One integrator sends an address whether there is a recording or not; nothing says that amoCRM wants one.
  const link = record.link ?? settings.unsorted_link;
  const { duration, uniq, created_at: at } = record;
  const { name: lead } = leadFields(call, phone, settings);
  return {
    request_id: uniq,
    source_name: name,
    source_uid: SERVICE,
    ...(settings.pipeline_id === null ? {} : { pipeline_id: settings.pipeline_id }),
    created_at: at,
    metadata: {
      is_call_event_needed: true,
      uniq,
      duration,
      service_code: SERVICE,
      ...(link === null ? {} : { link }),
      // Sources differ in which of the two is the client.
      phone: place === 'phone' ? phone : (call.line ?? name),
      from: place === 'phone' ? name : phone,
      called_at: at,
    },
    _embedded: { leads: [{ name: lead }], contacts: [{ name: phone, custom_fields_values: phoneField(phone) }] },
  };
}

/** The same record as a note of a contact, for a call that amoCRM does not find the card of. */
export function callNote(call: CallFacts, record: CallBody, contactId: number): Body {
  const { uniq, duration, source, link, phone, call_status, call_result, call_responsible } = record;
  const { responsible_user_id, created_by, created_at, request_id } = record;
  const params = { uniq, duration, source, link, phone, call_status, call_result, call_responsible };
  return {
    entity_id: contactId,
    note_type: call.direction === 'out' ? 'call_out' : 'call_in',
    ...defined({ responsible_user_id, created_by, created_at }),
    request_id,
    params: defined(params),
  };
}

/** The client's number: E.164 with its plus, else what was dialled when it is nothing but digits; null for anything else. */
export function phoneOf(external: string | null): string | null {
  if (external === null || !/^[+\d\s().\-/*#]+$/.test(external)) return null;
  const digits = external.replace(/\D/g, '');
  if (digits.length < 3 || digits.length > 15) return null;
  return external.startsWith('+') ? `+${digits}` : digits;
}

const SERVICE = 'trunkline';

function leadFields(call: CallFacts, phone: string, settings: AmoCrmSettings): Record<string, unknown> {
  const { pipeline_id, status_id, language } = settings;
  return {
    name: leadName(call, phone, language),
    ...(pipeline_id === null ? {} : { pipeline_id }),
    ...(status_id === null ? {} : { status_id }),
  };
}

function responsibleOf({ responsible_user_id: user }: CallBody): object {
  return user === undefined ? {} : { responsible_user_id: user, created_by: user };
}

function phoneField(phone: string): object[] {
  return [{ field_code: 'PHONE', values: [{ value: phone, enum_code: 'WORK' }] }];
}

function textOf(call: CallFacts, { settings, people, nameOfUser }: Context): string {
  return resultText(call, settings.language, (party) => {
    const user = people.userOf(party);
    const name = user === null ? null : nameOfUser(user);
    const extension = people.extensionBehind(party) ?? party;
    return name === null ? extension : `${name} (${extension})`;
  });
}

function defined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Where the recording is heard, if that is an address; as one is written, whatever a caller's number put into it. */
export function linkOf({ recordingFile }: CallFacts): { link?: string } {
  const url = httpUrl(recordingFile);
  return url ? { link: url.href } : {};
}
