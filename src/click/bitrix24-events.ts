/**
 * What Bitrix24 posts when a person clicks a number, or a client asks to be called back. Form fields with brackets; all values
 * are text. A click is registered there already (`CALL_ID`); a callback is not.
 */
import type { Fields } from '../platform/form.js';

export interface Bitrix24Click {
  /** `application_token` of the event. */
  token: string;
  phone: string;
  /** In some portals that of who clicked; where a number was clicked that has an extension of its own, that one. So `userId` goes first. */
  extension: string | null;
  userId: string | null;
  refs: Record<string, string>;
}

const EVENTS = new Set(['ONEXTERNALCALLSTART', 'ONEXTERNALCALLBACKSTART']);

/** Null for an event that asks for no call. */
export function readBitrix24(fields: Fields): Bitrix24Click | null {
  const event = (fields['event'] ?? '').toUpperCase();
  if (!EVENTS.has(event)) return null;
  const data = (name: string) => fields[`data[${name}]`]?.trim() || null;
  const refs = Object.entries({
    call_id: data('CALL_ID'),
    call_list_id: data('CALL_LIST_ID'),
    entity_type: data('CRM_ENTITY_TYPE'),
    entity_id: data('CRM_ENTITY_ID'),
    ...(event === 'ONEXTERNALCALLBACKSTART' ? { callback: '1' } : {}),
  }).filter((entry): entry is [string, string] => entry[1] !== null);
  return {
    token: fields['auth[application_token]'] ?? '',
    phone: data('PHONE_NUMBER_INTERNATIONAL') ?? data('PHONE_NUMBER') ?? '',
    extension: data('EXTENSION'),
    userId: data('USER_ID'),
    refs: Object.fromEntries(refs),
  };
}
