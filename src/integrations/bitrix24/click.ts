/**
 * Calls the portal asked for: a click on a number, which is registered and on screen there already (`call_id`) and is only to be
 * finished, and a client's wish to be called back, which is registered by us, as what it is.
 */
import type { Outcome } from '../contract.js';
import type { Bitrix24Client, Params } from './client.js';
import { personFields, personOf, defaultPerson } from './requests.js';
import type { Context } from './requests.js';

const CALLBACK = 4;

export interface Asked {
  /** The portal's own id of the call. */
  callId: string | null;
  /** What a registration says of it beside the call itself. */
  params: Params;
}

export function readAsked(refs: Readonly<Record<string, string>> | null | undefined): Asked {
  const { call_id, call_list_id, entity_type, entity_id, callback } = refs ?? {};
  return {
    callId: call_id ?? null,
    params: {
      ...(callback === undefined ? {} : { TYPE: CALLBACK }),
      ...(call_list_id === undefined ? {} : { CALL_LIST_ID: call_list_id }),
      ...(entity_type === undefined || entity_id === undefined
        ? {}
        : { CRM_ENTITY_TYPE: entity_type, CRM_ENTITY_ID: entity_id }),
    },
  };
}

/** The manager did not take his phone, or nothing was dialled: the call that is on his screen is cancelled. */
export async function dropAsked(
  client: Bitrix24Client,
  context: Context,
  refs: Readonly<Record<string, string>>,
  extension: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const { callId } = readAsked(refs);
  if (callId === null) return { kind: 'skipped', why: 'nothing is registered there' };
  const person = personOf(extension, context) ?? defaultPerson(context.settings);
  if (person === null) return { kind: 'skipped', why: 'nobody of this call is a user of the portal' };
  const answer = await client.call(
    'telephony.externalCall.finish',
    {
      CALL_ID: callId,
      ...personFields(person),
      DURATION: 0,
      STATUS_CODE: context.settings.status_codes.out_abandoned,
      FAILED_REASON: 'the manager did not take the call',
      ADD_TO_CHAT: 0,
    },
    signal,
  );
  // Finished before: that is all that was wanted.
  if (answer.ok || /^call is not found/i.test(answer.text)) return { kind: 'accepted' };
  return answer.failure;
}
