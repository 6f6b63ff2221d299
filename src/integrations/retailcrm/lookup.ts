/** Questions to RetailCRM: who are its users, who owns a client, what may the key do. */
import { z } from 'zod';
import { ConnectorError } from '../contract.js';
import type { CheckResult, CrmUser, Failure, Responsible } from '../contract.js';
import type { Answer, RetailCrmClient } from './client.js';
import type { People } from '../people.js';
import { phoneOf } from './requests.js';
import type { RetailCrmSettings } from './settings.js';

/** The largest page every account takes; 250 is refused by some. */
const PAGE = 100;
const MOST_PAGES = 100;

const usersPage = z.object({
  users: z.array(
    z.object({
      id: z.number(),
      firstName: z.string().nullish(),
      lastName: z.string().nullish(),
      email: z.string().nullish(),
      active: z.boolean().nullish(),
    }),
  ),
  pagination: z.object({ totalPageCount: z.number() }).nullish(),
});

export async function listUsers(
  client: RetailCrmClient,
  settings: RetailCrmSettings,
  signal: AbortSignal,
): Promise<CrmUser[]> {
  const users: CrmUser[] = [];
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const body = usersPage.safeParse(
      bodyOf(await client.get('/api/v5/users', { limit: String(PAGE), page: String(page) }, signal)),
    );
    if (!body.success) throw new ConnectorError('BAD_ANSWER', 'the list of users cannot be read');
    for (const user of body.data.users) {
      const name = [user.firstName, user.lastName].filter(Boolean).join(' ');
      const extension = settings.user_extensions[String(user.id)] ?? null;
      users.push({
        id: String(user.id),
        name: name || (user.email ?? String(user.id)),
        extension,
        active: user.active !== false,
      });
    }
    if (page >= (body.data.pagination?.totalPageCount ?? 1)) break;
  }
  return users;
}

const names = { firstName: z.string().nullish(), lastName: z.string().nullish() };
const managerAnswer = z.object({
  manager: z.object({ id: z.number().nullish(), code: z.union([z.string(), z.number()]).nullish() }).nullish(),
  customer: z.object(names).nullish(),
});

type ManagerAnswer = z.infer<typeof managerAnswer>;

/** `ignoreStatus`: the owner is wanted even while he is busy; whether he can take the call is for the PBX to say. */
export async function clientOf(
  client: RetailCrmClient,
  settings: RetailCrmSettings,
  phone: string,
  signal: AbortSignal,
): Promise<ManagerAnswer | { failure: Failure }> {
  const query = { phone, details: '1', ignoreStatus: '1', ...(settings.site ? { site: settings.site } : {}) };
  const answer = await client.get('/api/v5/telephony/manager', query, signal);
  if (!answer.ok) return { failure: answer.failure };
  const parsed = managerAnswer.safeParse(answer.body);
  const why = 'the answer about the manager cannot be read';
  return parsed.success ? parsed.data : { failure: { kind: 'retry', code: 'BAD_ANSWER', why } };
}

export async function findResponsible(
  client: RetailCrmClient,
  settings: RetailCrmSettings,
  people: People,
  phone: string,
  signal: AbortSignal,
): Promise<Responsible | null> {
  const number = phoneOf(phone, settings);
  if (number === null) return null;
  const found = await clientOf(client, settings, number, signal);
  if ('failure' in found) throw new ConnectorError(found.failure.code, found.failure.why);
  const { manager, customer } = found;
  const id = manager?.id ?? null;
  const userId = id === null ? null : String(id);
  // Our own table wins over the code RetailCRM remembers, which may be of an earlier registration.
  const extension = (userId ? people.extensionOf(userId) : null) ?? String(manager?.code ?? '');
  const contactName = [customer?.firstName, customer?.lastName].filter(Boolean).join(' ') || null;
  if (extension === '' && contactName === null) return null;
  return { extension: extension || null, userId, contactName };
}

const credentials = z.object({ scopes: z.array(z.string()).nullish(), sitesAvailable: z.array(z.string()).nullish() });

/** Missing scopes are warned of, not refused: their names differ between accounts, and only a real call proves them. */
export async function checkCredentials(
  client: RetailCrmClient,
  settings: RetailCrmSettings,
  signal: AbortSignal,
): Promise<CheckResult> {
  const answer = await client.get('/api/credentials', {}, signal);
  if (!answer.ok) return { ok: false, code: answer.failure.code, why: answer.failure.why };
  const parsed = credentials.safeParse(answer.body);
  const scopes = parsed.data?.scopes ?? [];
  const warnings = ['telephony_read', 'telephony_write', 'user_read', 'integration_read', 'integration_write']
    .filter((scope) => !scopes.includes(scope))
    .map((scope) => `the API key does not name the right ${scope}`);
  const sites = parsed.data?.sitesAvailable ?? [];
  if (settings.site && sites.length > 0 && !sites.includes(settings.site))
    warnings.push(`the API key does not see the shop ${settings.site}`);
  if (!settings.site && sites.length > 1)
    warnings.push(`the API key sees several shops (${sites.join(', ')}); some requests need one in settings`);
  if (Object.keys(settings.user_extensions).length === 0) warnings.push('no extension belongs to a RetailCRM user yet');
  return { ok: true, account: new URL(settings.origin).host, warnings };
}

function bodyOf(answer: Answer): Record<string, unknown> {
  if (answer.ok) return answer.body;
  throw new ConnectorError(answer.failure.code, answer.failure.why);
}
