/** Who owns a client: the responsible user of his contact or company, or, by setting, of his newest lead that is open. */
import { z } from 'zod';
import { ConnectorError } from '../contract.js';
import type { Responsible } from '../contract.js';
import type { People } from '../people.js';
import { unreadable } from './cards.js';
import type { Card, CardSearch, Found } from './cards.js';
import type { AmoCrmClient, Sending } from './client.js';
import type { AmoCrmSettings } from './settings.js';

/** A client has a handful of leads that matter; each is a request, and a caller waits. */
const MOST_LEADS = 4;

/** Leads that were won or lost. */
const CLOSED = new Set([142, 143]);

const lead = z.object({
  responsible_user_id: z.number().nullish(),
  status_id: z.number().nullish(),
  closed_at: z.number().nullish(),
  is_deleted: z.boolean().nullish(),
});

/** Null when amoCRM does not know the client. @throws ConnectorError */
export async function findResponsible(
  client: AmoCrmClient,
  cards: CardSearch,
  settings: AmoCrmSettings,
  people: People,
  how: Sending,
): Promise<Responsible | null> {
  const card = valueOf(await cards.of('contacts'))[0] ?? valueOf(await cards.of('companies'))[0];
  if (!card) return null;
  const ofLead = settings.responsible_from === 'lead' ? await leadOwner(client, card, how) : null;
  const owner = ofLead ?? card.responsibleUserId;
  const userId = owner === null ? null : String(owner);
  return { extension: userId === null ? null : people.extensionOf(userId), userId, contactName: card.name };
}

async function leadOwner(client: AmoCrmClient, card: Card, how: Sending): Promise<number | null> {
  const newestFirst = [...card.leads].sort((a, b) => b - a).slice(0, MOST_LEADS);
  for (const id of newestFirst) {
    const answer = await client.get(`/api/v4/leads/${id}`, new URLSearchParams(), how);
    if (!answer.ok && answer.status === 404) continue;
    if (!answer.ok) throw errorOf(answer.failure);
    if (answer.body === null) continue;
    const parsed = lead.safeParse(answer.body);
    if (!parsed.success) throw errorOf(unreadable('a lead'));
    const { responsible_user_id: owner, status_id: status, closed_at: closedAt, is_deleted: deleted } = parsed.data;
    const open = !closedAt && deleted !== true && !CLOSED.has(status ?? 0);
    if (open && owner) return owner;
  }
  return null;
}

function valueOf<T>(found: Found<T>): T {
  if (found.ok) return found.found;
  throw errorOf(found.failure);
}

export function errorOf({ code, why }: { code: string; why: string }): ConnectorError {
  return new ConnectorError(code, why);
}
