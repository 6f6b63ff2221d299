/**
 * amoCRM's token endpoint, on the account's own host and without a Bearer. A code is good once and for 20 minutes, a refresh
 * token once and for three months. A refusal is 400 or 401 with `title`, `detail` and `hint`.
 */
import type { Failure } from '../contract.js';
import { createBlanker, failureOf, isWebPage, parseJson } from '../http-outcome.js';
import type { HttpClient, HttpResponse } from '../../platform/http-client.js';
import type { Pace } from './pace.js';
import { needsPerson, pairOf } from './pair.js';
import type { Pair } from './pair.js';
import type { AmoCrmSettings } from './settings.js';

export type Granted = { ok: true; pair: Pair } | { ok: false; failure: Failure };

export interface OAuth {
  refresh(token: string): Promise<Granted>;
  /** Exchanges the code a person came back with. */
  redeem(code: string): Promise<Granted>;
}

export interface OAuthDeps {
  http: HttpClient;
  pace: Pace;
  publicUrl: string | null;
}

export const CALLBACK_PATH = '/oauth/amocrm/callback';

/** It must equal the integration's, in every exchange. */
export function redirectUriOf(settings: AmoCrmSettings, publicUrl: string | null): string | null {
  return settings.redirect_uri ?? (publicUrl === null ? null : `${publicUrl}${CALLBACK_PATH}`);
}

export function createOAuth(settings: AmoCrmSettings, { http, pace, publicUrl }: OAuthDeps): OAuth {
  async function grant(fields: Record<string, string>, given: string): Promise<Granted> {
    const redirectUri = redirectUriOf(settings, publicUrl);
    if (!redirectUri) return refused('set redirect_uri as it stands in the integration');
    if (!settings.client_id || !settings.client_secret) return refused('client_id and client_secret are asked for');
    const admission = await pace.admit('now', undefined);
    if (!admission.ok) return admission;
    const { client_id, client_secret } = settings;
    const blank = createBlanker([client_secret, given, settings.access_token]);
    let response: HttpResponse;
    try {
      response = await http.request({
        method: 'POST',
        url: new URL('/oauth2/access_token', settings.origin).href,
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({ client_id, client_secret, ...fields, redirect_uri: redirectUri }),
      });
    } catch (error) {
      return { ok: false, failure: asRetry(failureOf(error), blank) };
    } finally {
      admission.done();
    }
    return readGrant(response, blank);
  }

  return {
    refresh: (token) => grant({ grant_type: 'refresh_token', refresh_token: token }, token),
    redeem: (code) => grant({ grant_type: 'authorization_code', code }, code),
  };
}

function readGrant(response: HttpResponse, blank: (text: string) => string): Granted {
  const { status } = response;
  const json = parseJson(response.body);
  const body = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>;
  const { access_token: access, refresh_token: refresh, expires_in: seconds } = body;
  if (status < 300 && typeof access === 'string' && access !== '' && typeof refresh === 'string' && refresh !== '')
    return { ok: true, pair: pairOf(access, refresh, typeof seconds === 'number' ? seconds : null, Date.now()) };
  const told = [body['title'], body['detail'], body['hint']].filter((part) => typeof part === 'string').join('; ');
  // 404 is what an account that was renamed answers.
  if ([400, 401, 403, 404].includes(status) && !isWebPage(response))
    return refused(`amoCRM gives no tokens (${status}${told ? `: ${blank(told).slice(0, 300)}` : ''})`);
  const why = `amoCRM's token endpoint did not answer with tokens (${status})`;
  return { ok: false, failure: { kind: 'retry', code: `TOKEN_HTTP_${status}`, why } };
}

function refused(why: string): Granted {
  return { ok: false, failure: needsPerson(why) };
}

/** Whether it was carried out the next exchange tells: nothing was done for the request that waits for it. */
function asRetry(failure: Failure, blank: (text: string) => string): Failure {
  const why = blank(failure.why);
  return failure.kind === 'unknown' ? { kind: 'retry', code: failure.code, why } : { ...failure, why };
}
