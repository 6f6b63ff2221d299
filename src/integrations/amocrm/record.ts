/**
 * The record of a finished call: `POST /api/v4/calls`, once. amoCRM has no key of its own for a call, so an attempt that is not
 * the first looks for what is there before it sends, and sends what is missing, one record a request.
 *
 *   first attempt ─► calls ─► stored                                            ─► accepted
 *                      └──► nobody's number ─► the client is made (once) ─► calls ─► accepted
 *                                                └► “unsorted” has it            └► still nobody's: a note of his contact
 *   every other   ─► what was begun for the client is completed ─► look ─► all there ─► accepted
 *                                                                    └──► as above, with what is missing
 */
import type { CallFacts } from '../../calls/vocabulary.js';
import type { Attempt, ConnectionDeps, Failure, Outcome } from '../contract.js';
import { responsibleFor } from '../responsible.js';
import { RECORDING_TOLD } from '../rules.js';
import { searchCards } from './cards.js';
import type { CardSearch } from './cards.js';
import { isUnknownEntity, itemErrors } from './client.js';
import type { AmoCrmClient, Sending } from './client.js';
import { findResponsible } from './owner.js';
import { postForUsers } from './for-users.js';
import { callBodies, callNote, isNobodys } from './requests.js';
import type { CallBody, Context } from './requests.js';
import { unknownClientOf } from './settings.js';
import type { UnknownClient } from './settings.js';
import { toldAlready } from './told.js';
import { isGone, makeContact, makeUnsorted, resumeContact, resumeUnsorted, unsortedByUniq } from './unknown-client.js';
import type { Made, Making } from './unknown-client.js';

export interface Recording {
  call: CallFacts;
  phone: string;
  attempt: Attempt;
  client: AmoCrmClient;
  context: Context;
  createOnce: ConnectionDeps['createOnce'];
}

/** One attempt: what it has to send, and what it came upon. */
interface Work extends Omit<Making, 'record' | 'createOnce'> {
  making: Making;
  records: readonly CallBody[];
  unknownClient: UnknownClient;
  /** Something of it may be there. */
  isRepeat: boolean;
  /** Whether what an earlier attempt began is remembered. */
  remembers: boolean;
  warnings: string[];
}

export async function record(recording: Recording): Promise<Outcome> {
  const { call, phone, attempt, client, context } = recording;
  const how: Sending = { signal: attempt.signal, urgency: 'soon' };
  // What is looked for again may be with any card of his, however its number is written.
  const cards = searchCards(client, phone, how, { every: attempt.number > 1 || attempt.afterUnknown });
  const { owner, warnings } = await ownerOfNobodys(recording, cards, how);
  const records = callBodies(call, phone, owner, context);
  const [first] = records;
  if (!first) throw new Error('a finished call owes no record');
  const isRepeat = attempt.number > 1 || attempt.afterUnknown;
  const createOnce = recording.createOnce ?? withoutMemory(isRepeat);
  const work: Work = {
    ...{ client, how, cards, call, phone, context, records, isRepeat, warnings },
    making: { client, how, cards, call, phone, record: first, context, createOnce },
    unknownClient: unknownClientOf(call.direction, context.settings),
    remembers: recording.createOnce !== undefined,
  };
  const missing = isRepeat ? await missingOf(work) : records;
  if ('kind' in missing) return missing;
  const failed = await sendOrMake(work, missing);
  if (failed) return failed;
  const told = first.link === undefined ? {} : RECORDING_TOLD;
  return { kind: 'accepted', refs: { uniq: first.uniq, ...told }, ...(warnings.length > 0 ? { warnings } : {}) };
}

/** Without a memory of what was made only a repeat can say that something may have been. */
function withoutMemory(mayExist: boolean): Making['createOnce'] {
  return async (_key, make) => {
    const made = await make(mayExist);
    return typeof made === 'string' ? { kind: 'there', id: made } : { kind: 'failed', failure: made };
  };
}

/** What amoCRM does not have of the call yet, once what was begun for its client is complete. */
async function missingOf(work: Work): Promise<readonly CallBody[] | Outcome> {
  const { client, how, cards, records, making, unknownClient } = work;
  const told = new Set<string>();
  const resumed = work.remembers ? await resume(work) : null;
  if (resumed?.kind === 'busy') return BUSY;
  if (resumed?.kind === 'failed') return resumed.failure;
  work.warnings.push(...(resumed?.warnings ?? []));
  if (unknownClient === 'unsorted') {
    const found = await unsortedByUniq(making);
    if (!found.ok) return found.failure;
    if (found.uniq !== null) told.add(found.uniq);
  }
  const left = records.map(({ uniq }) => uniq).filter((uniq) => !told.has(uniq));
  if (left.length === 0) return [];
  const seen = await toldAlready({ client, how, cards, contactId: resumed?.contactId ?? null }, left);
  return seen.ok ? records.filter(({ uniq }) => !told.has(uniq) && !seen.found.has(uniq)) : seen.failure;
}

async function resume({ making, unknownClient }: Work): Promise<Made | null> {
  switch (unknownClient) {
    case 'nothing':
      return null;
    case 'contact':
    case 'contact_lead':
      return resumeContact(making, unknownClient === 'contact_lead');
    case 'unsorted':
      return resumeUnsorted(making);
  }
}

/** Null when all of it is there. */
async function sendOrMake(work: Work, missing: readonly CallBody[]): Promise<Outcome | null> {
  const sent = await send(work, missing);
  if (sent !== 'nobody') return sent;
  const { making, unknownClient } = work;
  if (unknownClient === 'nothing')
    return { kind: 'skipped', why: 'amoCRM knows nobody with this number, and unknown_client says to make nothing' };
  const gone = new Set<number>();
  for (;;) {
    const made =
      unknownClient === 'unsorted'
        ? await makeUnsorted(making, gone)
        : await makeContact(making, unknownClient === 'contact_lead', gone);
    if (made.kind === 'busy') return BUSY;
    if (made.kind === 'failed') return made.failure;
    work.warnings.push(...made.warnings);
    const left = made.recorded ? missing.filter(({ uniq }) => uniq !== making.record.uniq) : missing;
    const refused = await toClient(work, made.contactId, left);
    if (refused?.kind !== 'rejected' || refused.config || gone.size >= MOST_GONE) return refused;
    const over = await isGone(making, made.contactId);
    if (!over.ok) return over.failure;
    if (!over.found) return refused;
    gone.add(made.contactId);
  }
}

/** To the client that was made: as a call, which finds his lead; where that finds nobody, as a note of his contact. */
async function toClient(work: Work, contactId: number, left: readonly CallBody[]): Promise<Failure | null> {
  const { client, how, call, unknownClient } = work;
  // Nobody finds the contact of an “unsorted” call before somebody takes it.
  const sent = unknownClient === 'unsorted' ? 'nobody' : await send(work, left);
  if (sent !== 'nobody') return sent;
  for (const one of left) {
    const notes = [callNote(call, one, contactId)];
    const answer = await postForUsers(client, `/api/v4/contacts/${contactId}/notes`, notes, how, work.warnings);
    if (!answer.ok) return answer.failure;
  }
  return null;
}

/** Contacts found deleted in one attempt. */
const MOST_GONE = 5;

const BUSY: Outcome = {
  kind: 'retry',
  code: 'CLIENT_BEING_MADE',
  why: 'another call of this client is making him right now',
};

/** Null when all were stored; `nobody` when the number is nobody's, and nothing was. */
async function send(
  { client, how, isRepeat, warnings }: Work,
  records: readonly CallBody[],
): Promise<Failure | 'nobody' | null> {
  // Many at once is what amoCRM answers 504 to, and of a mixed answer less can be told.
  const batches = isRepeat ? records.map((one) => [one]) : [records];
  for (const batch of batches) {
    const answer = await postForUsers(client, '/api/v4/calls', batch, how, warnings);
    const errors = itemErrors(answer.body);
    if (answer.ok && errors.length === 0) continue;
    if (!answer.ok && !isUnknownEntity(answer.body)) return answer.failure;
    if (errors.length < batch.length) {
      const why = `amoCRM took ${batch.length - errors.length} of ${batch.length} records of the call`;
      return { kind: 'retry', code: 'PARTIAL', why };
    }
    if (isUnknownEntity(answer.body)) return 'nobody';
    const [told] = errors;
    return { kind: 'rejected', code: 'REFUSED', why: `amoCRM refuses the call: ${told?.detail || told?.title}` };
  }
  return null;
}

/** Whose a call is that none of amoCRM's users talked in. */
async function ownerOfNobodys(
  { call, phone, client, context }: Recording,
  cards: CardSearch,
  how: Sending,
): Promise<{ owner: string | null; warnings: string[] }> {
  if (!isNobodys(call, context)) return { owner: null, warnings: [] };
  const { settings, people } = context;
  const { person, warnings } = await responsibleFor(call, settings, {
    owner: () => findResponsible(client, cards, settings, people, how),
    lastTalked: () => context.lastTalked(phone),
    personOf: people.userOf,
    personOfUser: (userId) => (context.hasLeft(userId) ? null : userId),
  });
  if (person === null)
    warnings.push('nobody of this call is a user of amoCRM, so it has no responsible: set default_extension');
  return { owner: person, warnings };
}
