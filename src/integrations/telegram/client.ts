/**
 * The Bot API over HTTP: one function for a method, one pure function for what an answer means. The token is a part of every
 * address, so whatever is written down of one is masked.
 */
import type { HttpClient, HttpResponse } from '../../platform/http-client.js';
import type { Failure } from '../contract.js';
import { createBlanker, failureOf, isWebPage, parseJson, retryAfterMs } from '../http-outcome.js';
import type { TelegramSettings } from './settings.js';

export type Answer =
  | { ok: true; result: unknown }
  /** Refused for what the request says; `text` is Telegram's, in small letters. */
  | { ok: false; refused: { status: number; text: string; movedTo: string | null }; failure: Failure }
  | { ok: false; refused: null; failure: Failure };

export interface TelegramClient {
  call(method: string, parameters: Record<string, unknown>, signal: AbortSignal): Promise<Answer>;
}

export function createClient(
  settings: Pick<TelegramSettings, 'bot_token' | 'api_url'>,
  http: HttpClient,
): TelegramClient {
  const blank = createBlanker([settings.bot_token]);
  return {
    async call(method, parameters, signal) {
      const url = `${settings.api_url}/bot${settings.bot_token}/${method}`;
      const headers = { 'content-type': 'application/json', accept: 'application/json' };
      let answer: Answer;
      try {
        const body = JSON.stringify(parameters);
        answer = readAnswer(await http.request({ method: 'POST', url, headers, body, signal }), Date.now());
      } catch (error) {
        answer = { ok: false, refused: null, failure: failureOf(error) };
      }
      return answer.ok ? answer : { ...answer, failure: { ...answer.failure, why: blank(answer.failure.why) } };
    },
  };
}

/** What an answer means. Pure; `now` only reads a `Retry-After` that is a date. */
export function readAnswer(response: HttpResponse, now: number): Answer {
  const { status } = response;
  const json = parseJson(response.body) as Record<string, unknown> | undefined;
  const body = typeof json === 'object' && json !== null && !Array.isArray(json) ? json : null;
  if (body?.['ok'] === true && status < 300) return { ok: true, result: body['result'] };
  const failed = (failure: Failure): Answer => ({ ok: false, refused: null, failure });
  const description = typeof body?.['description'] === 'string' ? body['description'].slice(0, 400) : '';
  const parameters = (body?.['parameters'] ?? {}) as { retry_after?: unknown; migrate_to_chat_id?: unknown };

  if (status === 429) {
    const seconds = Number(parameters.retry_after);
    const afterMs = Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : retryAfterMs(response, now);
    return failed({
      kind: 'retry',
      code: 'HTTP_429',
      why: description || 'Telegram asks for a pause',
      pauseLane: true,
      ...(afterMs === undefined ? {} : { afterMs }),
    });
  }
  if (status >= 500 || status === 408) {
    const afterMs = retryAfterMs(response, now);
    const why = `Telegram has a fault of its own (${status})`;
    return failed({ kind: 'retry', code: `HTTP_${status}`, why, ...(afterMs === undefined ? {} : { afterMs }) });
  }
  if (isWebPage(response))
    return failed({ kind: 'retry', code: 'HTML', why: `a web page came instead of an answer (${status})` });
  if (status < 300) return failed({ kind: 'unknown', code: 'BAD_ANSWER', why: 'the answer cannot be read' });
  // What was refused its text tells, and that did not arrive: a refusal has done nothing, so it is asked once more.
  if (body === null && response.body.trimStart().startsWith('{'))
    return failed({ kind: 'retry', code: 'BAD_ANSWER', why: `the refusal cannot be read (${status})` });
  // A wrong token is 401 or, of a form Telegram does not know, 404.
  if (status === 401 || (status === 404 && !/method not found/i.test(description)))
    return failed({
      kind: 'rejected',
      code: 'TOKEN',
      why: description || 'Telegram does not know this bot',
      config: true,
    });
  const moved = parameters.migrate_to_chat_id;
  return {
    ok: false,
    refused: {
      status,
      text: description.toLowerCase(),
      movedTo: typeof moved === 'number' || typeof moved === 'string' ? String(moved) : null,
    },
    failure: { kind: 'rejected', code: `HTTP_${status}`, why: description || `refused with status ${status}` },
  };
}

/** Texts with which Telegram says that a chat takes no messages of this bot until a person there changes that. */
const CLOSED =
  /chat not found|blocked by the user|user is deactivated|bot was kicked|not a member|group chat was deleted|initiate conversation|send messages to bots|not enough rights to send (text )?messages|peer_id_invalid|user not found|topic_closed|thread not found/;

/** 403 is that in any words; what the bot may not do beside writing (sounds, deleting) closes nothing. */
export function isClosed({ status, text }: { status: number; text: string }): boolean {
  return CLOSED.test(text) || (status === 403 && !/not enough rights|can't/.test(text));
}
