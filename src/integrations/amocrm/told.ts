/**
 * Which records of a call amoCRM has already, and where. It takes equal `uniq`s as two calls and lets no call be read back, but
 * a call becomes a note (`call_in`, `call_out`) of the card it was put to: the client's only open lead or customer, else his
 * contact or company. So before anything is sent again, or added, the notes of all of them are looked through.
 */
import { z } from 'zod';
import { contactById, embeddedIn, unreadable } from './cards.js';
import type { Card, CardKind, CardSearch, Found } from './cards.js';
import type { AmoCrmClient, Sending } from './client.js';

const MOST = 250;
/** Newest first; a client with more leads than this has had the call put to one of these. */
const MOST_LEADS = 30;
const MOST_PAGES = 20;

const notes = z.array(
  z.object({
    id: z.number(),
    note_type: z.string(),
    params: z.looseObject({ uniq: z.union([z.string(), z.number()]).nullish() }).nullish(),
  }),
);
const customers = z.array(z.object({ id: z.number() }));

/** A card whose notes may hold a call. */
interface Place {
  kind: CardKind | 'leads' | 'customers';
  id: number;
}

/** A record of a call as amoCRM keeps it: `params` are all it has, as they were read. */
export interface ToldNote {
  id: number;
  place: Place;
  type: string;
  params: Readonly<Record<string, unknown>>;
}

export interface Look {
  client: AmoCrmClient;
  how: Sending;
  cards: CardSearch;
  /** A contact we know to be his, whether his number finds it or not. */
  contactId: number | null;
}

/** Those of `uniqs` that are there, each with its note. */
export async function toldAlready(look: Look, uniqs: readonly string[]): Promise<Found<Map<string, ToldNote>>> {
  const { client, how, cards } = look;
  const told = new Map<string, ToldNote>();
  const left = () => uniqs.filter((uniq) => !told.has(uniq));

  const contacts = await contactsOf(look);
  if (!contacts.ok) return contacts;
  // Nearly every call is found at the first two; the others are asked for one after the other.
  const searches: (() => Promise<Found<Place[]>>)[] = [
    async () => placesOf('contacts', contacts.found),
    async () => {
      const companies = await cards.of('companies');
      return companies.ok ? placesOf('companies', companies.found) : companies;
    },
    () => customersOf(client, contacts.found, how),
  ];
  for (const search of searches) {
    const places = await search();
    if (!places.ok) return places;
    for (const place of places.found) {
      const seen = await notesAt(client, place, left(), how);
      if (!seen.ok) return seen;
      for (const [uniq, note] of seen.found) told.set(uniq, note);
      if (left().length === 0) return { ok: true, found: told };
    }
  }
  return { ok: true, found: told };
}

function placesOf(kind: CardKind, cards: readonly Card[]): Found<Place[]> {
  const leads = [...new Set(cards.flatMap((card) => card.leads))].sort((a, b) => b - a).slice(0, MOST_LEADS);
  return {
    ok: true,
    found: [...cards.map(({ id }) => ({ kind, id })), ...leads.map((id) => ({ kind: 'leads' as const, id }))],
  };
}

/** Customers are switched off in most accounts, which then say 402 or nothing of them. */
async function customersOf(client: AmoCrmClient, contacts: readonly Card[], how: Sending): Promise<Found<Place[]>> {
  const places: Place[] = [];
  for (const { id } of contacts) {
    const answer = await client.get(`/api/v4/contacts/${id}`, new URLSearchParams({ with: 'customers' }), how);
    if (!answer.ok && answer.failure.kind === 'retry') return answer;
    const parsed = customers.safeParse(answer.ok ? embeddedIn(answer.body, 'customers') : []);
    for (const customer of parsed.data ?? []) places.push({ kind: 'customers', id: customer.id });
  }
  return { ok: true, found: places };
}

async function contactsOf({ client, how, cards, contactId }: Look): Promise<Found<Card[]>> {
  const found = await cards.of('contacts');
  if (!found.ok || contactId === null || found.found.some(({ id }) => id === contactId)) return found;
  const known = await contactById(client, contactId, how);
  if (!known.ok) return known;
  return { ok: true, found: known.found ? [...found.found, known.found] : found.found };
}

async function notesAt(
  client: AmoCrmClient,
  place: Place,
  wanted: readonly string[],
  how: Sending,
): Promise<Found<Map<string, ToldNote>>> {
  const seen = new Map<string, ToldNote>();
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const query = new URLSearchParams([
      ['filter[note_type][]', 'call_in'],
      ['filter[note_type][]', 'call_out'],
      ['limit', String(MOST)],
      ['page', String(page)],
    ]);
    const answer = await client.get(`/api/v4/${place.kind}/${place.id}/notes`, query, how);
    // A card that was deleted since, or a kind the account does not have, holds no note.
    if (!answer.ok && answer.status !== 404 && answer.status !== 405) return answer;
    if (!answer.ok || answer.body === null) break;
    const parsed = notes.safeParse(embeddedIn(answer.body, 'notes'));
    if (!parsed.success) return { ok: false, failure: unreadable('the calls of a client') };
    for (const { id, note_type: type, params } of parsed.data) {
      const uniq = String(params?.uniq ?? '');
      if (params && wanted.includes(uniq) && !seen.has(uniq)) seen.set(uniq, { id, place, type, params });
    }
    if (seen.size === wanted.length || parsed.data.length < MOST) break;
  }
  return { ok: true, found: seen };
}
