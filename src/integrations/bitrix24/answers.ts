/**
 * What an answer of Bitrix24 means. Pure. The code in `error` decides, not the status: the same refusal comes as 400, 401 or
 * 403 depending on the version of the portal, and inside a batch with no status at all.
 */
import type { HttpResponse } from '../../platform/http-client.js';
import type { Failure } from '../contract.js';
import { excerpt, isWebPage, parseJson, retryAfterMs } from '../http-outcome.js';

export interface Refusal {
  ok: false;
  failure: Failure;
  /** `error` as the portal wrote it; empty for its unnamed errors, null when it was not the portal that refused. */
  error: string | null;
  /** `error_description`, for the few refusals told apart by their text alone. */
  text: string;
}

export type Answer = { ok: true; result: unknown; next: number | null } | Refusal;

/** Not before this long after `QUERY_LIMIT_EXCEEDED`: two requests leak out of the bucket in a second. */
const LIMIT_PAUSE_MS = 1_500;
/** The window in which the time of a method is added up; nothing is blocked for longer. */
const OPERATION_WINDOW_MS = 10 * 60_000;
const OPERATION_PAUSE_MS = 60_000;

export function refused(failure: Failure, error: string | null = null, text = ''): Refusal {
  return { ok: false, failure, error, text };
}

export function readAnswer(response: HttpResponse, now: number): Answer {
  const { status } = response;
  const body = asRecord(parseJson(response.body));
  if (body && typeof body['error'] === 'string') {
    const text = typeof body['error_description'] === 'string' ? body['error_description'] : '';
    const failure = failureOfError(body['error'], text, {
      status,
      resetAt: resetAt(body['time']),
      afterMs: retryAfterMs(response, now),
      now,
    });
    return refused(failure, body['error'], text);
  }
  if (status < 300 && body && Object.hasOwn(body, 'result')) {
    const { result, next } = body;
    return { ok: true, result, next: typeof next === 'number' ? next : null };
  }
  return refused(failureOfStatus(response, now));
}

/** The answers to the commands of a batch, by name. A command that is in neither list was not carried out. */
export function readBatch(result: unknown, names: readonly string[], now: number): Map<string, Answer> | null {
  const body = asRecord(result);
  if (!body) return null;
  // PHP writes an empty map as a list.
  const [results, errors, nexts, times] = ['result', 'result_error', 'result_next', 'result_time'].map(
    (key) => asRecord(body[key]) ?? {},
  );
  const answers = new Map<string, Answer>();
  for (const name of names) {
    const error = asRecord(errors?.[name]);
    if (error) {
      const code = String(error['error'] ?? '');
      const text = String(error['error_description'] ?? '');
      const failure = failureOfError(code, text, { status: 400, resetAt: resetAt(times?.[name]), now });
      answers.set(name, refused(failure, code, text));
    } else if (results && Object.hasOwn(results, name)) {
      const next = nexts?.[name];
      answers.set(name, { ok: true, result: results[name], next: typeof next === 'number' ? next : null });
    } else {
      const why = 'Bitrix24 did not say what became of this part of the request';
      answers.set(name, refused({ kind: 'retry', code: 'NOT_DONE', why }));
    }
  }
  return answers;
}

interface Circumstances {
  status: number;
  /** Unix ms at which a blocked method is free again. */
  resetAt: number | null;
  afterMs?: number | undefined;
  now: number;
}

/** Credentials, rights or the portal itself: nothing works until a person has done something. What to do is said. */
const FOR_A_PERSON: Record<string, string> = {
  NO_AUTH_FOUND: 'Bitrix24 does not know this webhook or token: make a new one and enter it here',
  INVALID_CREDENTIALS: 'Bitrix24 does not know this webhook: it was deleted or has expired; make a new one',
  invalid_token: 'Bitrix24 does not know this access token: authorise the application again',
  expired_token: 'the access token has expired and could not be renewed: authorise the application again',
  insufficient_scope: 'a right is missing: tick telephony, crm and user in the webhook or application',
  user_access_error: 'the administrator of the portal has not given this user access to the application',
  WRONG_AUTH_TYPE:
    'this portal lets only applications register calls: make a local application (Developers → Other → Local application) and enter its tokens here instead of a webhook',
  ACCESS_DENIED: 'the portal’s plan has no REST, or the user behind the webhook may not do this',
  INVALID_REQUEST: 'the portal wants https: give its address with https://',
  ERROR_METHOD_NOT_FOUND: 'this portal has no such method, or the right telephony is missing',
  ERROR_MANIFEST_IS_NOT_AVAILABLE: 'this portal has no such method',
  OVERLOAD_LIMIT: 'Bitrix24 has blocked REST of this portal for overload: its support lifts that',
  PORTAL_DELETED: 'the portal is deleted or closed',
  PAYMENT_REQUIRED: 'the application is not paid for, or was removed from the portal',
};

const LATER = new Set(['INTERNAL_SERVER_ERROR', 'ERROR_UNEXPECTED_ANSWER']);
/** Told apart by their text alone, and worth another try. */
const LATER_TEXT = /unexpected database error|not finished yet|server returns http error code/i;

export function failureOfError(code: string, text: string, how: Circumstances): Failure {
  const said = excerpt([code, text].filter((part) => part !== '').join(': ')) || `status ${how.status}`;
  if (code === 'QUERY_LIMIT_EXCEEDED')
    return { kind: 'retry', code, why: said, afterMs: Math.max(how.afterMs ?? 0, LIMIT_PAUSE_MS), pauseLane: true };
  // Of this method alone: the others go on, so the lane is not held up.
  if (code === 'OPERATION_TIME_LIMIT') return { kind: 'retry', code, why: said, afterMs: untilReset(how) };
  const advice = FOR_A_PERSON[code];
  if (advice !== undefined) return { kind: 'rejected', code, why: `${advice} (${said})`, config: true };
  const after = how.afterMs === undefined ? {} : { afterMs: how.afterMs };
  if (LATER.has(code) || LATER_TEXT.test(text) || how.status >= 500)
    return { kind: 'retry', code: code || `HTTP_${how.status}`, why: said, ...after };
  if (how.status === 429) return { kind: 'retry', code: code || 'HTTP_429', why: said, ...after, pauseLane: true };
  return { kind: 'rejected', code: code || 'REFUSED', why: said };
}

function failureOfStatus(response: HttpResponse, now: number): Failure {
  const { status } = response;
  const afterMs = retryAfterMs(response, now);
  const after = afterMs === undefined ? {} : { afterMs };
  if (status === 429 || status === 503) {
    const why = `Bitrix24 is busy or over its limit (${status})`;
    // 503 is also what a fault gives: only a stated limit makes the whole portal wait, else each request backs off.
    const limited = status === 429 || afterMs !== undefined;
    return { kind: 'retry', code: `HTTP_${status}`, why, ...after, ...(limited ? { pauseLane: true } : {}) };
  }
  if (status >= 500 || status === 408 || status === 425)
    return { kind: 'retry', code: `HTTP_${status}`, why: `Bitrix24 has a fault of its own (${status})`, ...after };
  if (status >= 300 && status < 400) {
    const why = `the address redirects (${status}), and not to the REST of a portal: give the portal's own address`;
    return { kind: 'rejected', code: 'REDIRECT', why, config: true };
  }
  if (isWebPage(response)) {
    const why = `a web page came instead of an answer (${status}): maintenance, or not the address of a portal`;
    return status === 404 || status === 405
      ? { kind: 'rejected', code: 'WRONG_HOST', why, config: true }
      : { kind: 'retry', code: 'HTML', why };
  }
  if (status < 300)
    return { kind: 'unknown', code: 'BAD_ANSWER', why: `the answer cannot be read: ${excerpt(response.body)}` };
  const config = status === 401 || status === 402 || status === 403 ? { config: true } : {};
  return { kind: 'rejected', code: `HTTP_${status}`, why: excerpt(response.body) || `status ${status}`, ...config };
}

function untilReset({ resetAt: at, afterMs, now }: Circumstances): number {
  const wait = at === null ? (afterMs ?? OPERATION_PAUSE_MS) : at - now;
  return Math.min(Math.max(wait, 1_000), OPERATION_WINDOW_MS);
}

function resetAt(time: unknown): number | null {
  const at = asRecord(time)?.['operating_reset_at'];
  return typeof at === 'number' ? at * 1_000 : null;
}

export function asRecord(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}
