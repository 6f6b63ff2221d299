/**
 * The steps of a call.
 *
 * - `card` (perishable, `latest`): the set of people who see the card, as ringing, answer and transfers have it.
 * - `card.hide` (closing): the same for those alone who should not see it any more, owed when a `card` could not do it in its
 *   few seconds. As a rule it finds nothing left to do and sends nothing.
 * - `record` (durable): the finished call. It closes the cards.
 * - `recording` (durable): the recording, when it was ready only after the call was told.
 */
import type { CallEvent } from '../../calls/vocabulary.js';
import type { Attempt, ConnectionDeps, DeliveryJob, Outcome, Plan, Step } from '../contract.js';
import { seesCards } from '../rules.js';
import { bringCard } from './card.js';
import type { Work } from './card.js';
import { readAsked } from './click.js';
import type { Bitrix24Client } from './client.js';
import { attachRecording, record } from './record.js';
import { isInner, phoneOf, recordingUrl } from './requests.js';
import type { Context } from './requests.js';
import type { Bitrix24Settings } from './settings.js';
import { openedFor, viewersOf } from './viewers.js';

const NO_NUMBER = { why: 'the client has no number, and Bitrix24 keeps no call without one: see withheld_phone' };
const INNER = { why: 'the number is an inner one of the portal: no client is in this call' };
const NO_CARD = { why: 'nobody who rings wants a card' };
const NO_LINK = { why: 'the recording has no address the portal could fetch it from' };

/** A call is often hung up, or handed on, right after it was answered; then hiding its card was for nothing. */
const HIDE_HOLD_MS = 500;

const HIDE: Step = { step: 'card.hide', class: 'closing' };
const RECORD: Step = { step: 'record', class: 'durable' };

export function plan(event: CallEvent, settings: Bitrix24Settings): Plan {
  switch (event.kind) {
    case 'call.ringing':
    case 'call.answered':
    case 'call.transferred': {
      const viewers = viewersOf(event, settings);
      if (event.kind === 'call.ringing' && viewers?.length === 0) return NO_CARD;
      if (viewers === null || !concernsCards(event, viewers, settings)) return [];
      if (phoneOf(event.call.external, settings) === null) return NO_NUMBER;
      const card: Step = { step: 'card', class: 'perishable', latest: true };
      if (event.kind === 'call.ringing') return [card];
      return [openedFor(event, viewers, settings).length > 0 ? card : { ...card, holdMs: HIDE_HOLD_MS }, HIDE];
    }
    case 'call.finished':
      return phoneOf(event.call.external, settings) === null ? NO_NUMBER : [RECORD];
    case 'recording.ready':
      if (phoneOf(event.call.external, settings) === null) return NO_NUMBER;
      return linkOf(event) === null ? NO_LINK : [{ step: 'recording', class: 'durable' }];
    case 'call.started':
      return [];
  }
}

/** Somebody is to see a card, or may see one that is to go. */
function concernsCards({ call }: CallEvent, viewers: readonly string[], settings: Bitrix24Settings): boolean {
  return (
    viewers.length > 0 || [call.caller, ...call.rang].some((party) => party !== null && seesCards(party, settings))
  );
}

export interface DeliverDeps {
  client: Bitrix24Client;
  context: Context;
  askedFor: ConnectionDeps['askedFor'];
}

export async function deliver(
  { event, step }: DeliveryJob,
  attempt: Attempt,
  { client, context, askedFor }: DeliverDeps,
): Promise<Outcome> {
  const phone = phoneOf(event.call.external, context.settings);
  if (phone === null) return { kind: 'skipped', ...NO_NUMBER };
  if (isInner(event.call, context)) return { kind: 'skipped', ...INNER };
  const mayBeAsked = event.call.direction === 'out' && attempt.refs['callId'] === undefined;
  const asked = readAsked(mayBeAsked ? await askedFor?.(event.call) : null);
  const work: Work = { event, phone, attempt, client, context, asked };
  switch (step) {
    case 'card':
      return bringCard(work, 'show and hide');
    case HIDE.step:
      return bringCard(work, 'hide');
    case RECORD.step:
      return record(work);
    case 'recording': {
      const url = linkOf(event);
      return url === null ? { kind: 'skipped', ...NO_LINK } : attachRecording(work, url);
    }
    default:
      throw new Error(`Bitrix24 has no step ${step}`);
  }
}

function linkOf(event: CallEvent): string | null {
  return recordingUrl(event.kind === 'recording.ready' ? event.file : null) ?? recordingUrl(event.call.recordingFile);
}
