/**
 * A portal that installs our local application tells us its tokens, by an event (`ONAPPINSTALL`) or, where the application has a page of
 * its own, by opening that page. Anybody can post either, so nothing is believed before the portal named in the settings has been
 * asked, with the token that came, which application it belongs to (`app.info`). Then the tokens are kept, and the portal is told
 * where to report clicks: an installation undoes what was bound before.
 */
import { sameSecret } from '../../platform/strong-id.js';
import type { CheckResult, ConnectionDeps } from '../contract.js';
import { asRecord } from './answers.js';
import { createClient } from './client.js';
import type { Bitrix24Client } from './client.js';
import type { Bitrix24Settings } from './settings.js';

export const INSTALL_PATH = '/bitrix24/install';

/** Of an application with a page of its own the first event is the one that brings `application_token`. */
const EVENTS = ['ONEXTERNALCALLSTART', 'ONEXTERNALCALLBACKSTART', 'ONAPPINSTALL'];

interface Installed {
  accessToken: string;
  refreshToken: string;
  /** Absent where the page was opened: events bring it. */
  applicationToken: string | null;
  memberId: string | null;
}

export function readInstalled(told: Readonly<Record<string, string>>): Installed | null {
  const field = (...names: string[]) => names.map((name) => told[name]?.trim()).find(Boolean) ?? null;
  const accessToken = field('auth[access_token]', 'AUTH_ID');
  const refreshToken = field('auth[refresh_token]', 'REFRESH_ID');
  if (accessToken === null || refreshToken === null) return null;
  return {
    accessToken,
    refreshToken,
    applicationToken: field('auth[application_token]'),
    memberId: field('auth[member_id]', 'member_id'),
  };
}

export async function install(
  told: Readonly<Record<string, string>>,
  settings: Bitrix24Settings,
  deps: Pick<ConnectionDeps, 'http' | 'log' | 'keepSecrets' | 'publicUrl' | 'enterprise'>,
  signal: AbortSignal,
): Promise<CheckResult> {
  const { client_id: clientId, client_secret: clientSecret } = settings;
  if (clientId === null || clientSecret === null)
    return no(
      'SETTINGS_MISSING',
      'enter client_id and client_secret of the application first: tokens end after an hour',
    );
  const installed = readInstalled(told);
  if (installed === null) return no('NO_TOKENS', 'the portal brought no access token and refresh token');
  if (!deps.keepSecrets) return no('NOT_KEPT', 'tokens can be kept nowhere here');

  const { accessToken, refreshToken } = installed;
  const access = { kind: 'application', clientId, clientSecret, accessToken, refreshToken: null } as const;
  const asked = { ...settings, access: { ...access, base: restOf(settings), oauthUrl: '' } };
  const client = createClient(asked, { http: deps.http, log: deps.log });
  const answer = await client.call('app.info', {}, signal);
  if (!answer.ok) return no(answer.failure.code, answer.failure.why);
  const code = asRecord(answer.result)?.['CODE'];
  if (typeof code === 'string' && !sameSecret(code.toLowerCase(), clientId.toLowerCase()))
    return no('OTHER_APPLICATION', 'the portal says that these tokens belong to another application');

  try {
    await deps.keepSecrets({
      access_token: accessToken,
      refresh_token: refreshToken,
      ...(installed.applicationToken === null ? {} : { application_token: installed.applicationToken }),
      ...(installed.memberId === null ? {} : { member_id: installed.memberId }),
    });
  } catch (error) {
    deps.log.error({ err: error }, 'the tokens of an installed application could not be kept');
    return no('TOKENS_NOT_KEPT', 'the tokens could not be kept: install the application again');
  }
  deps.log.info({ portal: new URL(asked.access.base).host }, 'the portal has installed our application');
  const bound = await bindEvents(client, deps, signal);
  const warnings = bound.ok ? bound.warnings : [`clicks are not reported yet: ${bound.why}`];
  return { ok: true, account: new URL(asked.access.base).host, warnings };
}

/** Tells the portal where to report clicks. What is bound already stays so. */
export async function bindEvents(
  client: Bitrix24Client,
  { publicUrl, enterprise }: Pick<ConnectionDeps, 'publicUrl' | 'enterprise'>,
  signal: AbortSignal,
): Promise<CheckResult> {
  if (publicUrl === null)
    return no('PUBLIC_URL_MISSING', 'Bitrix24 must be able to call us back: set TRUNKLINE_PUBLIC_URL');
  const handler = (event: string) =>
    `${publicUrl}${event === 'ONAPPINSTALL' ? INSTALL_PATH : '/bitrix24/event'}/${encodeURIComponent(enterprise)}`;
  const commands = EVENTS.map((event) => {
    return { name: event, method: 'event.bind', params: { event, handler: handler(event) } };
  });
  const answers = await client.run(commands, signal);
  if (!(answers instanceof Map)) return no(answers.failure.code, answers.failure.why);
  for (const answer of answers.values())
    if (!answer.ok && !/already bind/i.test(answer.text)) return no(answer.failure.code, answer.failure.why);
  return { ok: true, account: new URL(publicUrl).host, warnings: [] };
}

/** Where the settings say the portal is: nowhere that a post names. */
function restOf({ access, client_endpoint, domain }: Bitrix24Settings): string {
  const named = client_endpoint ?? domain;
  if (access.kind === 'application' || named === null) return `${new URL(access.base).origin}/rest/`;
  return `${new URL(/^https?:/i.test(named) ? named : `https://${named}`).origin}/rest/`;
}

function no(code: string, why: string): CheckResult {
  return { ok: false, code, why };
}
