/**
 * Registering a call, and what is mended by itself when the portal refuses: somebody it does not know (any more) is replaced
 * once by the default user, a line it does not know is left out.
 */
import type { Answer, Refusal } from './answers.js';
import { asRecord } from './answers.js';
import type { Command } from './client.js';
import type { Context, Person, Registration } from './requests.js';
import { defaultPerson, registerParams } from './requests.js';

export const REGISTER = 'telephony.externalCall.register';

const UNKNOWN_USER = /user is not found or is not active|user_id or user_phone_inner should be set/i;
const UNKNOWN_LINE = /could not find line with number/i;

export function registerCommand(name: string, registration: Registration, context: Context): Command {
  return { name, method: REGISTER, params: registerParams(registration, context) };
}

export interface Registered {
  callId: string;
  /** Whether the portal knows the client. */
  client: 'known' | 'unknown';
  warnings: string[];
}

/** Null when there is no call id in it. A lead that could not be made is no failure: the call is registered. */
export function readRegistered(answer: Extract<Answer, { ok: true }>): Registered | null {
  const result = asRecord(answer.result);
  const callId = result?.['CALL_ID'];
  if (typeof callId !== 'string' || callId === '') return null;
  const trouble = result?.['LEAD_CREATION_ERROR'];
  return {
    callId,
    client: result?.['CRM_ENTITY_ID'] || result?.['CRM_ENTITY_TYPE'] ? 'known' : 'unknown',
    warnings: typeof trouble === 'string' && trouble !== '' ? [`no lead was made: ${trouble}`] : [],
  };
}

/** Somebody else in place of a person the portal refuses; null when that is not what it refused, or nobody is left. */
export function replacementFor(refusal: Refusal, person: Person, context: Context): Person | null {
  const other = defaultPerson(context.settings);
  return UNKNOWN_USER.test(refusal.text) && other !== person ? other : null;
}

export function refusesLine(refusal: Refusal): boolean {
  return UNKNOWN_LINE.test(refusal.text);
}

export function userWarning(person: Person): string {
  return `Bitrix24 knows no active user ${person}: the default user stands in; check the mapping`;
}

export const LINE_WARNING =
  'Bitrix24 knows no such line, so none is named: add it as an external line, or map it in line_numbers';
