/**
 * RetailCRM API v5 over HTTP: one function for a request, one for what an answer means. POST bodies are urlencoded with
 * one field that holds JSON. The key travels in a header only, so no address or body of ours contains it.
 */
import type { HttpClient, HttpRequest, HttpResponse } from '../../platform/http-client.js';
import { createBlanker, excerpt, failureOf, isWebPage, parseJson, retryAfterMs } from '../http-outcome.js';
import type { Failure } from '../contract.js';
import type { RetailCrmSettings } from './settings.js';

export type Answer = { ok: true; body: Record<string, unknown> } | { ok: false; failure: Failure };

export interface RetailCrmClient {
  get(path: string, query: Record<string, string>, signal: AbortSignal): Promise<Answer>;
  /** Each value of `field` is sent as JSON under its name, `plain` as it is. */
  post(
    path: string,
    field: Record<string, unknown>,
    signal: AbortSignal,
    plain?: Record<string, string>,
  ): Promise<Answer>;
}

export function createClient(settings: RetailCrmSettings, http: HttpClient): RetailCrmClient {
  const blank = createBlanker([settings.api_key, settings.client_id]);

  async function exchange(request: Omit<HttpRequest, 'headers'>, contentType?: string): Promise<Answer> {
    const headers = {
      'x-api-key': settings.api_key,
      accept: 'application/json',
      ...(contentType ? { 'content-type': contentType } : {}),
    };
    let response: HttpResponse;
    try {
      response = await http.request({ ...request, headers });
    } catch (error) {
      const failure = failureOf(error);
      return { ok: false, failure: { ...failure, why: blank(failure.why) } };
    }
    const answer = readAnswer(response, Date.now());
    return answer.ok ? answer : { ok: false, failure: { ...answer.failure, why: blank(answer.failure.why) } };
  }

  return {
    get(path, query, signal) {
      const url = new URL(path, settings.origin);
      url.search = new URLSearchParams(query).toString();
      return exchange({ method: 'GET', url: url.href, signal });
    },
    post(path, field, signal, plain = {}) {
      const body = new URLSearchParams(plain);
      for (const [name, value] of Object.entries(field)) body.set(name, JSON.stringify(value));
      const url = new URL(path, settings.origin).href;
      return exchange({ method: 'POST', url, body: body.toString(), signal }, 'application/x-www-form-urlencoded');
    },
  };
}

/** Texts with which RetailCRM refuses the key or the account: nothing will work until a person has changed settings. */
const ACCOUNT_TEXT = /api_?key|access denied|account does not exist/i;

/** What an answer means. Pure; `now` only reads a `Retry-After` that is a date. */
export function readAnswer(response: HttpResponse, now: number): Answer {
  const { status } = response;
  const failed = (failure: Failure): Answer => ({ ok: false, failure });

  if (status === 429 || status === 503) {
    const afterMs = retryAfterMs(response, now);
    const why = `RetailCRM is busy or over its limit (${status})`;
    // 503 is also what a fault gives: only a stated limit makes the whole key wait, else each request backs off.
    const limited = status === 429 || afterMs !== undefined;
    return failed({
      kind: 'retry',
      code: `HTTP_${status}`,
      why,
      ...(limited ? { pauseLane: true } : {}),
      ...(afterMs === undefined ? {} : { afterMs }),
    });
  }
  if (status >= 500 || status === 408 || status === 425) {
    return failed({ kind: 'retry', code: `HTTP_${status}`, why: `RetailCRM has a fault of its own (${status})` });
  }
  if (status >= 300 && status < 400) {
    const why = `the address redirects (${status}): give the account's own address`;
    return failed({ kind: 'rejected', code: 'REDIRECT', why, config: true });
  }

  const json = parseJson(response.body);
  const body =
    typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Record<string, unknown>) : null;
  if (body?.['success'] === true && status < 300) return { ok: true, body };
  if (body && typeof body['errorMsg'] === 'string') return failed(readError(status, body['errorMsg'], body['errors']));

  if (isWebPage(response)) {
    // 404 and 405 are what a host that is no account answers; any other page is likely a proxy's and will go away.
    const why = `a web page came instead of an answer (${status}): maintenance, or not the address of an account`;
    return status === 404 || status === 405
      ? failed({ kind: 'rejected', code: 'WRONG_HOST', why, config: true })
      : failed({ kind: 'retry', code: 'HTML', why });
  }
  if (status < 300) {
    return failed({ kind: 'unknown', code: 'BAD_ANSWER', why: `the answer cannot be read: ${excerpt(response.body)}` });
  }
  return failed(readError(status, excerpt(response.body) || `status ${status}`, undefined));
}

function readError(status: number, message: string, errors: unknown): Failure {
  const details = flattenErrors(errors);
  const why = excerpt(details ? `${message} (${details})` : message);
  if (ACCOUNT_TEXT.test(message) || status === 401 || status === 402 || status === 403) {
    return { kind: 'rejected', code: 'ACCESS', why, config: true };
  }
  if (/^(too many requests|internal server error)/i.test(message)) return { kind: 'retry', code: 'BUSY', why };
  return { kind: 'rejected', code: status >= 400 ? `HTTP_${status}` : 'REFUSED', why };
}

/** `errors` is a map of field to text, a list of texts, or nested ones of either. */
function flattenErrors(errors: unknown): string {
  if (typeof errors === 'string') return errors;
  if (Array.isArray(errors)) return errors.map(flattenErrors).filter(Boolean).join('; ');
  if (typeof errors !== 'object' || errors === null) return '';
  return Object.entries(errors)
    .map(([field, text]) => `${field}: ${flattenErrors(text)}`)
    .join('; ');
}
