/**
 * What is made of a client amoCRM does not know, once for all his calls: a contact, a contact with a lead, or an “unsorted” call.
 *
 * A claim is committed before anything is made (`createOnce`), so of three calls in a minute one makes the contact and the others
 * use it; who comes meanwhile waits a moment. The key is the client's last ten digits. When what was made is gone from amoCRM
 * (deleted, an “unsorted” call declined), the next key says after which one it comes.
 *
 * Contact and lead are one thing to make: whoever was cut off between them is followed by one who finds the contact and adds
 * the lead. A lead that amoCRM refuses does not cost the record: the call goes to the contact, with a warning.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { CallFacts } from '../../calls/vocabulary.js';
import type { ConnectionDeps, Created, Failure } from '../contract.js';
import { contactById, embeddedIn, samePhone, unreadable } from './cards.js';
import type { Card, CardSearch, Found } from './cards.js';
import type { AmoCrmClient, Answer, Sending } from './client.js';
import { postForUsers } from './for-users.js';
import { newContact, newLead, unsortedCall } from './requests.js';
import type { CallBody, Context } from './requests.js';

export interface Making {
  client: AmoCrmClient;
  how: Sending;
  cards: CardSearch;
  call: CallFacts;
  phone: string;
  /** The first record of the call: whose the client will be. */
  record: CallBody;
  context: Context;
  createOnce: NonNullable<ConnectionDeps['createOnce']>;
}

/** The contact; `recorded` when making it has recorded the call; what went less well is in `warnings`. */
export type Made =
  { kind: 'there'; contactId: number; recorded: boolean; warnings: string[] } | Exclude<Created, { kind: 'there' }>;

/** What making tells besides the id. */
interface Notes {
  recorded: boolean;
  warnings: string[];
}

/** Whether what was made before is gone; it is asked of whatever is found to be there. */
type IsGone = (contactId: number) => Promise<Found<boolean>>;

/** No more of a client's cards are deleted one after the other. */
const MOST_GENERATIONS = 20;
/** Making a client takes a few requests; who waits for it keeps his attempt. */
const WAIT_MS = 250;
const MOST_WAITS = 12;

/** Nothing of this client was begun before. */
const NOT_BEGUN: Failure = { kind: 'rejected', code: 'NOT_BEGUN', why: 'nothing was made for this client' };

/** The contact of an unknown client, with a lead where the settings want one. `gone`: those that are not there any more. */
export function makeContact(making: Making, withLead: boolean, gone: ReadonlySet<number>): Promise<Made> {
  const make = (mayExist: boolean, notes: Notes) => contactAndLead(making, withLead, mayExist, notes);
  return once(making, 'client', make, among(gone));
}

/** Puts the call into “unsorted”. Of a client who is there already the contact is told, and the call is not recorded. */
export function makeUnsorted(making: Making, gone: ReadonlySet<number>): Promise<Made> {
  async function make(mayExist: boolean, notes: Notes): Promise<string | Failure> {
    const { client, how, call, phone, record, context } = making;
    if (mayExist) {
      const found = await unsortedOf(making, ({ metadata }) => samePhone(clientIn(metadata), phone));
      if (!found.ok) return found.failure;
      notes.recorded = found.uniq === record.uniq;
      if (found.contactId !== null) return String(found.contactId);
    }
    const answer = await client.post('/api/v4/leads/unsorted/sip', [unsortedCall(call, record, phone, context)], how);
    notes.recorded = true;
    if (answer.ok) return contactIdIn(answer);
    if (answer.status !== 400) return answer.failure;
    // amoCRM takes no two equal ones: refused may mean that it is there.
    const same = await unsortedByUniq(making);
    if (!same.ok) return same.failure;
    if (same.contactId !== null) return String(same.contactId);
    // Of one without its contact the next attempt sees that it is there.
    return same.uniq === null ? answer.failure : { kind: 'unknown', code: 'IN_UNSORTED', why: answer.failure.why };
  }
  return once(making, 'unsorted', make, among(gone));
}

/** Goes on with the contact and lead an attempt before this one may have begun; null when none has. */
export function resumeContact(making: Making, withLead: boolean): Promise<Made | null> {
  const make = (mayExist: boolean, notes: Notes) =>
    mayExist ? contactAndLead(making, withLead, true, notes) : Promise.resolve(NOT_BEGUN);
  return begun(making, 'client', make);
}

/** The contact of an “unsorted” call of this client, from an attempt or a call before this one; null when there is none. */
export function resumeUnsorted(making: Making): Promise<Made | null> {
  return begun(making, 'unsorted', async (mayExist) => {
    if (!mayExist) return NOT_BEGUN;
    const found = await unsortedOf(making, ({ metadata }) => samePhone(clientIn(metadata), making.phone));
    if (!found.ok) return found.failure;
    return found.contactId === null ? NOT_BEGUN : String(found.contactId);
  });
}

/** Whether the contact is there no more. */
export async function isGone({ client, how }: Making, contactId: number): Promise<Found<boolean>> {
  const alive = await contactById(client, contactId, how);
  return alive.ok ? { ok: true, found: alive.found === null } : alive;
}

/** Whether this very call is among those in “unsorted”. */
export function unsortedByUniq(making: Making): Promise<UnsortedFound> {
  return unsortedOf(making, ({ metadata }) => metadata?.uniq === making.record.uniq);
}

type Make = (mayExist: boolean, notes: Notes) => Promise<string | Failure>;

async function begun(making: Making, what: 'client' | 'unsorted', make: Make): Promise<Made | null> {
  const made = await once(making, what, make, (contactId) => isGone(making, contactId));
  return made.kind === 'failed' && made.failure.code === NOT_BEGUN.code ? null : made;
}

function among(gone: ReadonlySet<number>): IsGone {
  return (contactId) => Promise.resolve({ ok: true, found: gone.has(contactId) });
}

async function once(making: Making, what: 'client' | 'unsorted', make: Make, gone: IsGone): Promise<Made> {
  const first = `${what}:${making.phone.replace(/\D/g, '').slice(-10)}`;
  const notes: Notes = { recorded: false, warnings: [] };
  let key = first;
  for (let generation = 1; generation <= MOST_GENERATIONS; generation += 1) {
    let fresh = false;
    const created = await patiently(making, key, async (mayExist) => {
      fresh = true;
      return make(mayExist, notes);
    });
    if (created.kind !== 'there') return created;
    const there = { kind: 'there', contactId: Number(created.id), ...notes } as const;
    if (fresh) return there;
    const over = await gone(there.contactId);
    if (!over.ok) return { kind: 'failed', failure: over.failure };
    if (!over.found) return there;
    key = `${first}:after:${created.id}`;
  }
  const why = 'what is made for this client is deleted in amoCRM again and again';
  return { kind: 'failed', failure: { kind: 'rejected', code: 'DELETED_AGAIN', why } };
}

/** Another call of the client is at it, and will be done in a moment: no reason to come again later. */
async function patiently(
  { createOnce, how: { signal } }: Making,
  key: string,
  make: (mayExist: boolean) => Promise<string | Failure>,
): Promise<Created> {
  for (let waits = 1; ; waits += 1) {
    const created = await createOnce(key, make);
    if (created.kind !== 'busy' || waits > MOST_WAITS || signal?.aborted) return created;
    await delay(WAIT_MS, undefined, signal ? { signal } : {}).catch(() => undefined);
  }
}

async function contactAndLead(
  making: Making,
  withLead: boolean,
  mayExist: boolean,
  { warnings }: Notes,
): Promise<string | Failure> {
  const { client, how, call, phone, record, context } = making;
  // With the claim committed nobody else of ours makes him: what was found before still holds.
  const found = await making.cards.of('contacts', mayExist);
  if (!found.ok) return found.failure;
  const known: Card | undefined = found.found[0];
  let contactId = known?.id;
  if (contactId === undefined) {
    const answer = await postForUsers(client, '/api/v4/contacts', [newContact(record, phone)], how, warnings);
    const id = idIn(answer, 'contacts');
    if (typeof id !== 'number') return id;
    contactId = id;
  }
  // A contact that is there and was not begun by us is somebody's: amoCRM knows him after all.
  const wanted = withLead && (known ? mayExist && known.leads.length === 0 : true);
  if (wanted) {
    const wish = [newLead(call, record, phone, contactId, context)];
    const answer = await postForUsers(client, '/api/v4/leads', wish, how, warnings);
    const lead = idIn(answer, 'leads');
    if (typeof lead !== 'number') {
      // The contact stands, so the next try must look for it.
      if (lead.kind !== 'rejected') return { kind: 'unknown', code: lead.code, why: lead.why };
      warnings.push(`the client has a contact and no lead: ${lead.why}`);
    }
  }
  return String(contactId);
}

function idIn(answer: Answer, name: 'contacts' | 'leads'): number | Failure {
  if (!answer.ok) return answer.failure;
  const parsed = z
    .array(z.object({ id: z.number() }))
    .min(1)
    .safeParse(embeddedIn(answer.body, name));
  return parsed.data?.[0]?.id ?? { ...unreadable(`the new ${name}`), kind: 'unknown' };
}

const entry = z.object({
  metadata: z
    .object({
      uniq: z.union([z.string(), z.number()]).transform(String).nullish(),
      phone: z.union([z.string(), z.number()]).transform(String).nullish(),
      from: z.union([z.string(), z.number()]).transform(String).nullish(),
    })
    .nullish(),
  _embedded: z.object({ contacts: z.array(z.object({ id: z.number() })).nullish() }).nullish(),
});
type Entry = z.infer<typeof entry>;

const PAGE = 250;
const MOST_PAGES = 8;

/** Whichever of the two fields holds a number: what is sent as the one has been seen to come back as the other. */
function clientIn(metadata: Entry['metadata']): string {
  return [metadata?.phone, metadata?.from].find((text) => (text?.replace(/\D/g, '').length ?? 0) >= 3) ?? '';
}

type UnsortedFound = { ok: true; contactId: number | null; uniq: string | null } | { ok: false; failure: Failure };

/** The first “unsorted” call that fits; nulls when there is none. */
async function unsortedOf({ client, how }: Making, fits: (entry: Entry) => boolean): Promise<UnsortedFound> {
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const query = new URLSearchParams({ 'filter[category][]': 'sip', limit: String(PAGE), page: String(page) });
    const answer = await client.get('/api/v4/leads/unsorted', query, how);
    if (!answer.ok) return answer;
    const list = z.array(entry).safeParse(embeddedIn(answer.body, 'unsorted'));
    if (!list.success) return { ok: false, failure: unreadable('“unsorted”') };
    const found = list.data.find(fits);
    const contactId = found?._embedded?.contacts?.[0]?.id ?? null;
    if (found) return { ok: true, contactId, uniq: found.metadata?.uniq ?? null };
    if (list.data.length < PAGE) break;
  }
  return { ok: true, contactId: null, uniq: null };
}

function contactIdIn(answer: Extract<Answer, { ok: true }>): string | Failure {
  const list = z.array(entry).safeParse(embeddedIn(answer.body, 'unsorted'));
  const id = list.data?.[0]?._embedded?.contacts?.[0]?.id;
  return id === undefined ? { ...unreadable('the new “unsorted” call'), kind: 'unknown' } : String(id);
}
