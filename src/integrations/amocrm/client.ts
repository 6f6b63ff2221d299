/**
 * amoCRM API v4 over HTTP: one function for a request, one for what an answer means. Bodies are JSON, as a rule an array even
 * of one. The token travels in a header only. A token that is refused is renewed once and the request repeated with the new
 * one: a refused token means that nothing was done.
 */
import type { Failure } from '../contract.js';
import { createBlanker, excerpt, failureOf, isWebPage, parseJson, retryAfterMs } from '../http-outcome.js';
import type { HttpClient, HttpRequest, HttpResponse } from '../../platform/http-client.js';
import type { Pace, Urgency } from './pace.js';
import { needsPerson } from './pair.js';
import type { AmoCrmSettings } from './settings.js';
import type { Tokens } from './tokens.js';

/** `body` is null where amoCRM found nothing (204). A refusal keeps what it said, since some of them are answers too. */
export type Answer =
  | { ok: true; body: Record<string, unknown> | null }
  | { ok: false; failure: Failure; status: number | null; body: Record<string, unknown> | null };

export interface Sending {
  signal: AbortSignal | undefined;
  urgency: Urgency;
  /** Whatever comes with a 2xx is a yes. */
  anyAnswer?: boolean;
}

export interface AmoCrmClient {
  get(path: string, query: URLSearchParams, how: Sending): Promise<Answer>;
  post(path: string, body: unknown, how: Sending): Promise<Answer>;
  patch(path: string, body: unknown, how: Sending): Promise<Answer>;
}

export interface ClientDeps {
  http: HttpClient;
  pace: Pace;
  tokens: Tokens;
}

/** A block after too many requests is support's to lift; knocking makes it longer. */
const BLOCKED_MS = 10 * 60_000;
/** What a 429 that names no time is given. */
const BUSY_MS = 10_000;
const LONGEST_HOLD_MS = 15 * 60_000;

export function createClient(settings: AmoCrmSettings, { http, pace, tokens }: ClientDeps): AmoCrmClient {
  async function once(request: HttpRequest, token: string, { urgency, signal, anyAnswer }: Sending): Promise<Answer> {
    const admission = await pace.admit(urgency, signal);
    if (!admission.ok) return failed(admission.failure, null, null);
    const headers = { ...request.headers, authorization: `Bearer ${token}`, accept: 'application/json' };
    let response: HttpResponse;
    try {
      response = await http.request({ ...request, headers, ...(signal ? { signal } : {}) });
    } catch (error) {
      return failed(failureOf(error), null, null);
    } finally {
      admission.done();
    }
    if (anyAnswer && response.status >= 200 && response.status < 300) return { ok: true, body: null };
    const answer = readAnswer(response, Date.now());
    if (!answer.ok) holdOn(answer.failure);
    return answer;
  }

  /** The whole account waits, whichever request was told so. */
  function holdOn(failure: Failure): void {
    if (failure.kind === 'retry' && failure.pauseLane)
      pace.hold(Math.min(failure.afterMs ?? BUSY_MS, LONGEST_HOLD_MS), failure);
    if (failure.code === 'BLOCKED') pace.hold(BLOCKED_MS, failure);
  }

  async function exchange(request: HttpRequest, how: Sending): Promise<Answer> {
    const token = tokens.current();
    if (token === null) return failed(needsPerson('nobody has let us into the account yet'), null, null);
    let answer = await once(request, token, how);
    if (!answer.ok && answer.status === 401) {
      const renewed = await tokens.renew(token, how.signal);
      answer = renewed.ok ? await once(request, renewed.token, how) : failed(renewed.failure, 401, null);
    }
    if (answer.ok) {
      tokens.ahead();
      return answer;
    }
    const blank = createBlanker(tokens.secrets());
    return { ...answer, failure: { ...answer.failure, why: blank(answer.failure.why) } };
  }

  async function write(method: 'POST' | 'PATCH', path: string, body: unknown, how: Sending): Promise<Answer> {
    const headers = { 'content-type': 'application/json' };
    const url = new URL(path, settings.origin).href;
    const answer = await exchange({ method, url, headers, body: JSON.stringify(body) }, how);
    if (answer.ok || !mayBeDone(answer.status)) return answer;
    const { code, why } = answer.failure;
    return { ...answer, failure: { kind: 'unknown', code, why } };
  }

  return {
    async get(path, query, how) {
      const url = new URL(path, settings.origin);
      url.search = query.toString();
      const answer = await exchange({ method: 'GET', url: url.href }, how);
      // A question that broke off has changed nothing.
      if (answer.ok || answer.failure.kind !== 'unknown') return answer;
      return { ...answer, failure: { ...answer.failure, kind: 'retry' } };
    },
    post: (path, body, how) => write('POST', path, body, how),
    patch: (path, body, how) => write('PATCH', path, body, how),
  };
}

/** A fault of theirs may have come after the deed; 503 is what does not even begin. */
function mayBeDone(status: number | null): boolean {
  return status !== null && status >= 500 && status !== 503;
}

function failed(failure: Failure, status: number | null, body: Record<string, unknown> | null): Answer {
  return { ok: false, failure, status, body };
}

/** What an answer means. Pure; `now` only reads a `Retry-After` that is a date. */
export function readAnswer(response: HttpResponse, now: number): Answer {
  const { status } = response;
  const json = parseJson(response.body);
  const body =
    typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Record<string, unknown>) : null;
  if (status === 204 || (status < 300 && body)) return { ok: true, body };
  return failed(failureIn(response, body, now), status, body);
}

function failureIn(response: HttpResponse, body: Record<string, unknown> | null, now: number): Failure {
  const { status } = response;
  const page = isWebPage(response);
  const told = page ? '' : excerpt(textOf(body) || response.body);
  const said = told ? `: ${told}` : '';
  const rejected = (code: string, why: string): Failure => ({ kind: 'rejected', code, why });
  const config = (code: string, why: string): Failure => ({ kind: 'rejected', code, why, config: true });

  if (status < 300) {
    if (page) return pageInstead(status);
    return { kind: 'unknown', code: 'BAD_ANSWER', why: `the answer cannot be read: ${excerpt(response.body)}` };
  }
  if (status < 400)
    return config(
      'REDIRECT',
      `the address redirects (${status}): give the account's own address, it may have been renamed`,
    );
  switch (status) {
    case 400:
      if (!body) return unreadableRefusal(response);
      return rejected(isUnknownEntity(body) ? 'ENTITY_NOT_FOUND' : 'HTTP_400', `amoCRM refuses the data${said}`);
    case 401:
      return needsPerson('amoCRM refuses the access token (401)');
    case 402:
      return config('PAYMENT', 'the amoCRM account is not paid for (402): prolong its tariff');
    case 403:
      return !body
        ? config(
            'BLOCKED',
            'amoCRM has blocked our requests after too many of them (403): nothing is sent for 10 minutes; if it lasts, write to its support',
          )
        : config(
            'FORBIDDEN',
            `the token has no right to this (403${said}): give it to the user or the integration in amoCRM`,
          );
    case 429: {
      const seconds = body?.['retry_after'];
      const afterMs = typeof seconds === 'number' ? Math.round(seconds * 1_000) : retryAfterMs(response, now);
      const why = 'too many requests to amoCRM (429)';
      return { kind: 'retry', code: 'HTTP_429', why, pauseLane: true, afterMs: afterMs ?? BUSY_MS };
    }
    case 503: {
      const afterMs = retryAfterMs(response, now);
      const why = 'amoCRM is busy (503)';
      return { kind: 'retry', code: 'HTTP_503', why, ...(afterMs === undefined ? {} : { afterMs, pauseLane: true }) };
    }
    case 404:
    case 405:
      if (page)
        return config('WRONG_HOST', `a web page came instead of an answer (${status}): not the address of an account`);
      return rejected(`HTTP_${status}`, `amoCRM refuses the request (${status}${said})`);
    default:
      if (status >= 500 || status === 408 || status === 425)
        return { kind: 'retry', code: `HTTP_${status}`, why: `amoCRM has a fault of its own (${status}${said})` };
      if (!body) return unreadableRefusal(response);
      return rejected(`HTTP_${status}`, `amoCRM refuses the request (${status}${said})`);
  }
}

/** Whoever stands in between has refused it, or it arrived in part: it does not tell what amoCRM makes of the data. */
function unreadableRefusal(response: HttpResponse): Failure {
  if (isWebPage(response)) return pageInstead(response.status);
  return { kind: 'retry', code: 'BAD_ANSWER', why: `the refusal cannot be read: ${excerpt(response.body)}` };
}

function pageInstead(status: number): Failure {
  return { kind: 'retry', code: 'HTML', why: `a web page came instead of an answer (${status})` };
}

/** The number belongs to nobody there. An answer like any other, although amoCRM gives it as 400. */
export function isUnknownEntity(body: Record<string, unknown> | null): boolean {
  return itemErrors(body).some(({ title, detail }) => /entity not found/i.test(`${title} ${detail}`));
}

/** The data were refused because of a user in them: one who has left, or was never there. */
export function namesAUser(body: Record<string, unknown> | null): boolean {
  return /(responsible|created_by|updated_by)/.test(flatten(body?.['validation-errors']));
}

export interface ItemError {
  title: string;
  detail: string;
  requestId: string | null;
}

/** `errors` of calls: one for each item that was not taken. */
export function itemErrors(body: Record<string, unknown> | null): ItemError[] {
  const errors = body?.['errors'];
  if (!Array.isArray(errors)) return [];
  return errors.map((one: unknown) => {
    const {
      title,
      detail,
      request_id: id,
    } = (typeof one === 'object' && one !== null ? one : {}) as Record<string, unknown>;
    const requestId = typeof id === 'string' || typeof id === 'number' ? String(id) : null;
    return { title: stringOf(title), detail: stringOf(detail), requestId };
  });
}

/** What a problem body says, fields first: `title`, `detail`, `validation-errors` or `errors`. */
function textOf(body: Record<string, unknown> | null): string {
  if (!body) return '';
  const fields = flatten(body['validation-errors']) || flatten(body['errors']);
  const head = [body['detail'] ?? body['title'] ?? body['errorMsg'], body['hint']].map(stringOf).filter(Boolean);
  return [...head, fields].filter(Boolean).join('; ');
}

function flatten(errors: unknown): string {
  if (Array.isArray(errors)) return errors.map(flatten).filter(Boolean).join('; ');
  if (typeof errors !== 'object' || errors === null) return stringOf(errors);
  const { path, title, detail, code, errors: inner } = errors as Record<string, unknown>;
  if (inner !== undefined) return flatten(inner);
  const what = stringOf(detail) || stringOf(title) || stringOf(code);
  return path === undefined ? what : `${stringOf(path)}: ${what}`;
}

function stringOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
