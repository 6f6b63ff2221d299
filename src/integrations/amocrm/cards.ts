/**
 * Cards of a client (contacts, companies) by his number. amoCRM's `query` searches all filled fields for a text and knows no
 * phones, so the usual ways to write a number are asked for in turn, and what comes is compared by its last ten digits, as
 * amoCRM itself does when it looks whose a call is.
 */
import { z } from 'zod';
import type { Failure } from '../contract.js';
import type { AmoCrmClient, Sending } from './client.js';

export interface Card {
  id: number;
  name: string | null;
  responsibleUserId: number | null;
  updatedAt: number;
  leads: number[];
}

export type Found<T> = { ok: true; found: T } | { ok: false; failure: Failure };

const ids = z
  .array(z.object({ id: z.number() }))
  .nullish()
  .transform((list) => (list ?? []).map(({ id }) => id));

const card = z.object({
  id: z.number(),
  name: z.string().nullish(),
  responsible_user_id: z.number().nullish(),
  updated_at: z.number().nullish(),
  is_deleted: z.boolean().nullish(),
  custom_fields_values: z
    .array(
      z.object({
        field_code: z.string().nullish(),
        values: z.array(z.object({ value: z.unknown() })).nullish(),
      }),
    )
    .nullish(),
  _embedded: z.object({ leads: ids.optional() }).nullish(),
});

const MOST = '250';

/** The cards of one client, each kind asked for once: an attempt needs them at several places. */
export interface CardSearch {
  /** With their leads, newest card first. `anew`: whatever was found before. */
  of(kind: CardKind, anew?: boolean): Promise<Found<Card[]>>;
}

export type CardKind = 'contacts' | 'companies';

/** `every`: of all ways to write his number, not of the first that finds one. */
export function searchCards(client: AmoCrmClient, phone: string, how: Sending, { every = false } = {}): CardSearch {
  const found = new Map<CardKind, Card[]>();
  return {
    async of(kind, anew = false) {
      const known = anew ? undefined : found.get(kind);
      if (known) return { ok: true, found: known };
      const answer = await cardsByPhone(client, kind, phone, how, every);
      if (answer.ok) found.set(kind, answer.found);
      return answer;
    },
  };
}

async function cardsByPhone(
  client: AmoCrmClient,
  kind: CardKind,
  phone: string,
  how: Sending,
  every: boolean,
): Promise<Found<Card[]>> {
  const cards = new Map<number, Card>();
  for (const form of searchForms(phone)) {
    const query = new URLSearchParams({ query: form, with: 'leads', limit: MOST });
    const answer = await client.get(`/api/v4/${kind}`, query, how);
    // An account without this kind of card is one that has none of them.
    if (!answer.ok && kind === 'companies' && (answer.status === 404 || answer.status === 405)) continue;
    if (!answer.ok) return answer;
    const list = z.array(card).safeParse(embeddedIn(answer.body, kind));
    if (!list.success) return { ok: false, failure: unreadable(`the ${kind}`) };
    const fitting = list.data.filter(
      (one) => one.is_deleted !== true && phonesOf(one).some((number) => samePhone(number, phone)),
    );
    for (const one of fitting) cards.set(one.id, cardOf(one));
    if (cards.size > 0 && !every) break;
  }
  return { ok: true, found: [...cards.values()].sort((a, b) => b.updatedAt - a.updatedAt) };
}

/** Null when it is not there any more. */
export async function contactById(client: AmoCrmClient, id: number, how: Sending): Promise<Found<Card | null>> {
  const answer = await client.get(`/api/v4/contacts/${id}`, new URLSearchParams({ with: 'leads' }), how);
  if (!answer.ok) return answer.status === 404 ? { ok: true, found: null } : answer;
  if (answer.body === null) return { ok: true, found: null };
  const parsed = card.safeParse(answer.body);
  if (!parsed.success) return { ok: false, failure: unreadable('the contact') };
  return { ok: true, found: parsed.data.is_deleted === true ? null : cardOf(parsed.data) };
}

/** The list of this name in a HAL body; nothing (204) is an empty one. */
export function embeddedIn(body: Record<string, unknown> | null, name: string): unknown {
  const embedded = body?.['_embedded'];
  return (embedded as Record<string, unknown> | null | undefined)?.[name] ?? [];
}

export function unreadable(what: string): Failure {
  return { kind: 'retry', code: 'BAD_ANSWER', why: `amoCRM's answer about ${what} cannot be read` };
}

/** As it is dialled from abroad, within Russia and Kazakhstan, and without any prefix. */
export function searchForms(phone: string): string[] {
  const digits = phone.replace(/\D/g, '');
  const last = digits.slice(-10);
  return [...new Set([digits, ...(/^7\d{10}$/.test(digits) ? [`8${last}`] : []), last])];
}

/** Equal in their last ten digits; shorter ones only when they are equal as a whole. */
export function samePhone(one: string, other: string): boolean {
  const [a, b] = [one.replace(/\D/g, ''), other.replace(/\D/g, '')];
  return a.length >= 10 && b.length >= 10 ? a.slice(-10) === b.slice(-10) : a !== '' && a === b;
}

function phonesOf({ custom_fields_values: fields }: z.infer<typeof card>): string[] {
  const phones = (fields ?? []).filter((field) => field.field_code === 'PHONE');
  return phones.flatMap((field) =>
    (field.values ?? []).flatMap(({ value }) =>
      typeof value === 'string' || typeof value === 'number' ? [String(value)] : [],
    ),
  );
}

function cardOf({ id, name, responsible_user_id: owner, updated_at: at, _embedded }: z.infer<typeof card>): Card {
  return {
    id,
    name: name?.trim() || null,
    responsibleUserId: owner ?? null,
    updatedAt: at ?? 0,
    leads: _embedded?.leads ?? [],
  };
}
