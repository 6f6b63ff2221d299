/**
 * A recording found after its call was told without one. Calls cannot be changed, but each record became a note (told.ts), and
 * a note can: it is sent as it was read, with the address, so that nothing is lost where amoCRM puts what is sent in the place
 * of what was there. After an unknown outcome the notes are read again. A refusal is no failure: the record itself is right.
 */
import type { Failure, Outcome } from '../contract.js';
import { RECORDING_TOLD, nothingToAdd } from '../rules.js';
import { searchCards } from './cards.js';
import type { Sending } from './client.js';
import type { Recording } from './record.js';
import { callBodies, linkOf } from './requests.js';
import { toldAlready } from './told.js';
import type { ToldNote } from './told.js';

/** The notes were read a moment ago, so it is editing that is not allowed or not known there: no reason to stop the account's calls. */
const NO_EDITING = ['FORBIDDEN', 'WRONG_HOST'];

export async function addRecording(late: Omit<Recording, 'createOnce'>): Promise<Outcome> {
  const { call, phone, attempt, client, context } = late;
  const skipped = nothingToAdd(attempt.refs, 'uniq', context.settings);
  if (skipped) return skipped;
  const { link } = linkOf(call);
  if (link === undefined) return { kind: 'skipped', why: 'the recording has no address amoCRM could fetch it from' };

  const how: Sending = { signal: attempt.signal, urgency: 'soon' };
  const cards = searchCards(client, phone, how, { every: true });
  const uniqs = callBodies(call, phone, null, context).map((record) => record.uniq);
  const told = await toldAlready({ client, how, cards, contactId: null }, uniqs);
  if (!told.ok) return unlessRefused(told.failure);
  if (told.found.size === 0)
    return {
      kind: 'skipped',
      why: 'the call is not found there: it was deleted, or nobody has taken it from “unsorted”',
    };

  let refused: Failure | null = null;
  for (const note of told.found.values()) {
    if (hasLink(note, context.settings.unsorted_link)) continue;
    const { id, place, type, params } = note;
    const body = { entity_id: place.id, note_type: type, params: { ...params, link } };
    const answer = await client.patch(`/api/v4/${place.kind}/notes/${id}`, body, how);
    if (answer.ok) continue;
    if (!isRefusal(answer.failure) && !NO_EDITING.includes(answer.failure.code)) return answer.failure;
    refused = answer.failure;
  }
  return refused ? notTaken(refused) : { kind: 'accepted', refs: { ...attempt.refs, ...RECORDING_TOLD } };
}

function hasLink({ params: { link } }: ToldNote, standIn: string | null): boolean {
  return typeof link === 'string' && link !== '' && link !== standIn;
}

/** Neither credentials nor limits are the reason: asked again, amoCRM would say the same. */
function isRefusal(failure: Failure): boolean {
  return failure.kind === 'rejected' && failure.config !== true;
}

function unlessRefused(failure: Failure): Outcome {
  return isRefusal(failure) ? notTaken(failure) : failure;
}

function notTaken({ why }: Failure): Outcome {
  return { kind: 'skipped', why: `amoCRM does not take the recording: ${why}` };
}
