/** Questions a person has: who are amoCRM's users, and what may our token do. */
import { z } from 'zod';
import type { CheckResult, CrmUser } from '../contract.js';
import { embeddedIn, unreadable } from './cards.js';
import type { AmoCrmClient, Answer } from './client.js';
import { errorOf } from './owner.js';
import type { AmoCrmSettings } from './settings.js';
import type { Tokens } from './tokens.js';

const PAGE = 250;
const MOST_PAGES = 40;

const usersPage = z.array(
  z.object({
    id: z.number(),
    name: z.string().nullish(),
    email: z.string().nullish(),
    rights: z.object({ is_active: z.boolean().nullish() }).nullish(),
  }),
);

/** @throws ConnectorError */
export async function listUsers(
  client: AmoCrmClient,
  settings: AmoCrmSettings,
  signal: AbortSignal,
): Promise<CrmUser[]> {
  const users: CrmUser[] = [];
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const query = new URLSearchParams({ limit: String(PAGE), page: String(page) });
    const answer = await client.get('/api/v4/users', query, { signal, urgency: 'soon' });
    if (!answer.ok) throw errorOf(answer.failure);
    const parsed = usersPage.safeParse(embeddedIn(answer.body, 'users'));
    if (!parsed.success) throw errorOf(unreadable('its users'));
    for (const { id, name, email, rights } of parsed.data) {
      const extension = settings.user_extensions[String(id)] ?? null;
      users.push({
        id: String(id),
        name: name || (email ?? String(id)),
        extension,
        active: rights?.is_active !== false,
      });
    }
    const pages = Number(answer.body?.['_page_count'] ?? 1);
    if (parsed.data.length === 0 || page >= pages) break;
  }
  return users;
}

const account = z.object({ name: z.string().nullish(), is_unsorted_on: z.boolean().nullish() });

const DAY_MS = 24 * 3_600_000;
/** A token that ends within this is told of. */
const SOON_MS = 14 * DAY_MS;

/** Each right a call needs is tried by a question that needs it; what writes cannot be tried without writing. */
export async function check(
  client: AmoCrmClient,
  settings: AmoCrmSettings,
  tokens: Tokens,
  signal: AbortSignal,
): Promise<CheckResult> {
  const ask = (path: string) =>
    client.get(path, new URLSearchParams(path.endsWith('/account') ? {} : { limit: '1' }), { signal, urgency: 'now' });
  const about = await ask('/api/v4/account');
  if (!about.ok) return { ok: false, code: about.failure.code, why: about.failure.why };
  const parsed = account.safeParse(about.body);
  if (!parsed.success) return { ok: false, code: 'WRONG_HOST', why: 'what answers there is no amoCRM account' };

  const missing: string[] = [];
  const warnings: string[] = [];
  for (const { path, what, needed, next } of rightsFor(settings)) {
    const answer = await ask(path);
    if (answer.ok) continue;
    if (!isForbidden(answer)) return { ok: false, code: answer.failure.code, why: answer.failure.why };
    (needed ? missing : warnings).push(`the token may not read ${what}: ${next}`);
  }
  if (missing.length > 0) return { ok: false, code: 'FORBIDDEN', why: missing.join('; ') };
  warnings.push(...troubles(settings, tokens, parsed.data.is_unsorted_on === true, Date.now()));
  const host = new URL(settings.origin).host;
  return { ok: true, account: parsed.data.name ? `${parsed.data.name} (${host})` : host, warnings };
}

interface Right {
  path: string;
  what: string;
  needed: boolean;
  next: string;
}

function rightsFor({ responsible_from, unknown_client, unknown_client_out }: AmoCrmSettings): Right[] {
  const rights = 'in Settings → Users give the token’s user the right to view and create';
  const leads = [responsible_from, unknown_client, unknown_client_out].some((one) => /lead/.test(one ?? ''));
  return [
    { path: '/api/v4/contacts', what: 'contacts', needed: true, next: `${rights} contacts` },
    { path: '/api/v4/leads', what: 'leads', needed: leads, next: `${rights} leads` },
    {
      path: '/api/v4/users',
      what: 'users',
      needed: false,
      next: 'make its user an administrator, or choose extensions by user ids by hand',
    },
  ];
}

function isForbidden(answer: Answer): boolean {
  return !answer.ok && answer.failure.code === 'FORBIDDEN';
}

function troubles(settings: AmoCrmSettings, tokens: Tokens, unsortedOn: boolean, now: number): string[] {
  const problem = tokens.problem();
  const endsAt = settings.refresh_token === null ? tokens.expiresAt() : null;
  return [
    ...(problem === null ? [] : [problem]),
    ...(endsAt !== null && endsAt - now < SOON_MS
      ? [`the access token ends on ${new Date(endsAt).toISOString().slice(0, 10)}: make a new long-lived one`]
      : []),
    ...(settings.unknown_client === 'unsorted' && !unsortedOn
      ? [
          '“Unsorted” is switched off in this account, so calls of unknown clients will be refused: switch it on in the pipeline’s settings, or choose another unknown_client',
        ]
      : []),
    ...(Object.keys(settings.user_extensions).length === 0 ? ['no extension belongs to an amoCRM user yet'] : []),
  ];
}
