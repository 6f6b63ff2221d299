/**
 * The tokens of a local application. An access token lives an hour and is renewed only when the portal says that it has
 * expired; a renewal voids the refresh token it was made with. So:
 *
 * - whoever comes while a renewal is under way waits for that one (single-flight);
 * - a renewal belongs to no attempt: it is not cut off when the attempt ends that happened to need it;
 * - a new pair is kept before it is used, so that after a kill the next run goes on with it. One that could not be kept is
 *   held, and keeping it is tried again with the next request.
 *
 * A kill between the answer and the keeping loses the pair: the old refresh token is refused then, and the lane waits for a
 * person to authorise the application again. Nothing owed is lost by that.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { HttpClient } from '../../platform/http-client.js';
import type { Logger } from '../../platform/log.js';
import type { ConnectionDeps, Failure } from '../contract.js';
import { failureOf, parseJson } from '../http-outcome.js';
import { asRecord, readAnswer } from './answers.js';
import type { Access } from './settings.js';

type Application = Extract<Access, { kind: 'application' }>;

interface Pair {
  access: string;
  refresh: string;
  /** Where the portal is now: every renewal tells it. */
  base: string | null;
}

export interface Tokens {
  current(): { token: string | null; refresh: string | null; base: string };
  /** Gets a token newer than `expired`; answers why it could not. */
  renew(expired: string): Promise<Failure | null>;
}

export interface TokensDeps {
  http: HttpClient;
  log: Logger;
  keepSecrets?: ConnectionDeps['keepSecrets'];
}

export function createTokens(access: Application, { http, log, keepSecrets }: TokensDeps): Tokens {
  const outsideOfAttempts = AsyncLocalStorage.snapshot();
  let { accessToken: token, refreshToken: refresh, base } = access;
  let unkept: Pair | null = null;
  let renewing: Promise<Failure | null> | null = null;

  async function renewal(): Promise<Failure | null> {
    if (unkept === null) {
      const answer = await ask();
      if ('kind' in answer) return answer;
      unkept = answer;
    }
    try {
      if (keepSecrets) await keepSecrets({ access_token: unkept.access, refresh_token: unkept.refresh });
      else log.warn('renewed tokens of Bitrix24 are kept nowhere: after a restart a person must authorise again');
    } catch (error) {
      log.error({ err: error }, 'renewed tokens of Bitrix24 could not be kept; they are not used before');
      return { kind: 'retry', code: 'TOKENS_NOT_KEPT', why: 'the renewed tokens could not be kept yet' };
    }
    [token, refresh, base] = [unkept.access, unkept.refresh, unkept.base ?? base];
    unkept = null;
    return null;
  }

  async function ask(): Promise<Pair | Failure> {
    const { clientId, clientSecret, oauthUrl } = access;
    if (!clientId || !clientSecret || !refresh) {
      const why = 'the access token has expired, and to renew it client_id, client_secret and refresh_token are needed';
      return { kind: 'rejected', code: 'expired_token', why, config: true };
    }
    const url = new URL('/oauth/token/', oauthUrl);
    url.search = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: clientId,
      client_secret: clientSecret,
      refresh_token: refresh,
    }).toString();
    try {
      const response = await http.request({ method: 'GET', url: url.href, headers: { accept: 'application/json' } });
      const body = asRecord(parseJson(response.body));
      const [fresh, next] = [body?.['access_token'], body?.['refresh_token']];
      if (response.status < 300 && typeof fresh === 'string' && typeof next === 'string')
        return { access: fresh, refresh: next, base: endpointOf(body?.['client_endpoint']) };
      return refusalOf(body, readAnswer(response, Date.now()));
    } catch (error) {
      // Nothing was done at the portal, whatever became of the renewal.
      const { code, why, ...failure } = failureOf(error);
      return failure.kind === 'unknown' ? { kind: 'retry', code, why } : { ...failure, code, why };
    }
  }

  return {
    current: () => ({ token, refresh, base }),
    async renew(expired) {
      if (token !== expired) return null;
      renewing ??= outsideOfAttempts(renewal).finally(() => (renewing = null));
      return renewing;
    },
  };
}

function refusalOf(body: Record<string, unknown> | null, answer: ReturnType<typeof readAnswer>): Failure {
  const error = body?.['error'];
  if (typeof error === 'string' && !(!answer.ok && answer.failure.kind === 'retry')) {
    const why = `the authorisation server renews no token (${error}): authorise the application again`;
    return { kind: 'rejected', code: error, why, config: true };
  }
  if (answer.ok || answer.failure.kind === 'unknown')
    return { kind: 'retry', code: 'BAD_ANSWER', why: 'the answer of the authorisation server cannot be read' };
  return answer.failure;
}

/** `https://portal/rest/`; anything else is not taken. */
function endpointOf(value: unknown): string | null {
  if (typeof value !== 'string' || !URL.canParse(value)) return null;
  const { protocol, origin } = new URL(value);
  return protocol === 'https:' || protocol === 'http:' ? `${origin}/rest/` : null;
}
