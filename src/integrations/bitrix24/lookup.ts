/** Questions to Bitrix24: who are its users, who owns a client. */
import { z } from 'zod';
import { ConnectorError } from '../contract.js';
import type { CrmUser, Responsible } from '../contract.js';
import type { Answer } from './answers.js';
import { MOST_COMMANDS } from './client.js';
import type { Bitrix24Client } from './client.js';
import { phoneOf } from './requests.js';
import type { Context } from './requests.js';
import type { Bitrix24Settings } from './settings.js';

/** Users on a page, and pages beyond which somebody is not telling the truth. */
const PAGE = 50;
const MOST_PAGES = 400;

const text = z.union([z.string(), z.number()]).transform(String);
const users = z.array(
  z.object({
    ID: text,
    // Spelled in several ways by portals of different versions.
    ACTIVE: z.union([z.boolean(), z.string()]).nullish(),
    NAME: z.string().nullish(),
    LAST_NAME: z.string().nullish(),
    EMAIL: z.string().nullish(),
    UF_PHONE_INNER: text.nullish(),
  }),
);

/** The first page tells how many there are; the others come in batches, so a thousand users are two requests. */
export async function listUsers(
  client: Bitrix24Client,
  settings: Bitrix24Settings,
  signal: AbortSignal,
): Promise<CrmUser[]> {
  const found: CrmUser[] = [];
  const take = (answer: Answer) => {
    const page = users.safeParse(resultOf(answer));
    if (!page.success) throw new ConnectorError('BAD_ANSWER', 'the list of users cannot be read');
    found.push(...page.data.map((user) => userOf(user, settings)));
    return answer.ok ? answer.next : null;
  };
  let next = take(await client.call('user.get', { sort: 'ID', order: 'ASC', start: 0 }, signal));
  for (let pages = 1; next !== null && pages < MOST_PAGES;) {
    const from = next;
    const commands = Array.from({ length: MOST_COMMANDS }, (_, index) => {
      const start = from + index * PAGE;
      return { name: `from${start}`, method: 'user.get', params: { sort: 'ID', order: 'ASC', start } };
    });
    const answers = await client.run(commands, signal);
    if (!(answers instanceof Map)) throw new ConnectorError(answers.failure.code, answers.failure.why);
    for (const answer of answers.values()) {
      if (next === null) break;
      next = take(answer);
      pages += 1;
    }
  }
  return found;
}

function userOf(user: z.infer<typeof users>[number], { user_extensions }: Bitrix24Settings): CrmUser {
  const name = [user.NAME, user.LAST_NAME].filter(Boolean).join(' ');
  const inner = user.UF_PHONE_INNER?.trim();
  return {
    id: user.ID,
    name: name || (user.EMAIL ?? '') || user.ID,
    extension: user_extensions[user.ID] ?? (inner ? inner : null),
    active: user.ACTIVE !== false && !['N', 'false', '0'].includes(String(user.ACTIVE)),
  };
}

const entities = z.array(
  z.object({
    ASSIGNED_BY_ID: text.nullish(),
    NAME: z.string().nullish(),
    ASSIGNED_BY: z.object({ USER_PHONE_INNER: text.nullish() }).nullish(),
  }),
);

/** Contacts come first, then leads, then companies: the first that somebody owns counts. */
export async function findResponsible(
  client: Bitrix24Client,
  context: Pick<Context, 'settings' | 'people'>,
  phone: string,
  signal: AbortSignal,
): Promise<Responsible | null> {
  const PHONE_NUMBER = phoneOf(phone, { ...context.settings, withheld_phone: null });
  if (PHONE_NUMBER === null) return null;
  const answer = await client.call('telephony.externalCall.searchCrmEntities', { PHONE_NUMBER }, signal);
  const parsed = entities.safeParse(resultOf(answer));
  if (!parsed.success) throw new ConnectorError('BAD_ANSWER', 'the answer about the client cannot be read');
  const owned = parsed.data.find(({ ASSIGNED_BY_ID: id }) => id && id !== '0') ?? parsed.data[0];
  if (!owned) return null;
  const userId = owned.ASSIGNED_BY_ID && owned.ASSIGNED_BY_ID !== '0' ? owned.ASSIGNED_BY_ID : null;
  // Our own table wins over the inner number the portal knows.
  const extension = userId === null ? null : context.people.extensionOf(userId);
  return {
    userId,
    extension: extension ?? (owned.ASSIGNED_BY?.USER_PHONE_INNER || null),
    contactName: owned.NAME?.trim() || null,
  };
}

function resultOf(answer: Answer): unknown {
  if (answer.ok) return answer.result;
  throw new ConnectorError(answer.failure.code, answer.failure.why);
}
