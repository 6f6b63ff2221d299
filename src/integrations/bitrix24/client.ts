/**
 * Bitrix24 REST over HTTP: one method, or several in one `batch`, which the portal counts as one request. Everything is a
 * POST with a JSON body. The key to the portal (a webhook's address, a token in the body) is blanked in what comes back.
 *
 * A portal whose address was changed answers 301 or 302: the POST is repeated, body and all, at the new address, and the
 * ones after it go there at once.
 */
import type { HttpClient, HttpResponse } from '../../platform/http-client.js';
import type { Logger } from '../../platform/log.js';
import type { ConnectionDeps, Failure } from '../contract.js';
import { createBlanker, failureOf } from '../http-outcome.js';
import { readAnswer, readBatch, refused } from './answers.js';
import type { Answer, Refusal } from './answers.js';
import type { Bitrix24Settings } from './settings.js';
import { createTokens } from './tokens.js';

export type Params = Record<string, unknown>;

/** A method with its name in the batch; parameters may be `$result[name][FIELD]` of an earlier one. */
export interface Command {
  name: string;
  method: string;
  params: Params;
}

export interface Bitrix24Client {
  call(method: string, params: Params, signal: AbortSignal): Promise<Answer>;
  /** All in one request, in order, each with its own answer; a refusal when the request itself failed. */
  run(commands: readonly Command[], signal: AbortSignal): Promise<Map<string, Answer> | Refusal>;
  /** The host the portal has moved to; null while it is where the settings say. */
  movedTo(): string | null;
}

const NOT_INSTALLED: Failure = {
  kind: 'rejected',
  code: 'NOT_INSTALLED',
  why: 'the portal has not installed the application yet: install it, with our address as the one called at installation',
  config: true,
};

/** Commands a batch takes. */
export const MOST_COMMANDS = 50;

export interface ClientDeps {
  http: HttpClient;
  log: Logger;
  keepSecrets?: ConnectionDeps['keepSecrets'];
}

export function createClient(
  { access, client_secret, application_token }: Bitrix24Settings,
  deps: ClientDeps,
): Bitrix24Client {
  const tokens = access.kind === 'application' ? createTokens(access, deps) : null;
  let moved: { from: string; to: string } | null = null;

  /** New tokens are secrets as well. */
  function blanker(): (text: string) => string {
    if (access.kind === 'webhook') return createBlanker([access.base, access.secret]);
    const { token = null, refresh = null } = tokens?.current() ?? {};
    const former = [access.accessToken, access.refreshToken];
    return createBlanker([token, refresh, ...former, client_secret, application_token]);
  }

  function baseNow(): string {
    const base = tokens?.current().base ?? access.base;
    return moved?.from === base ? moved.to : base;
  }

  async function post(method: string, body: Params, signal: AbortSignal): Promise<HttpResponse> {
    const send = (url: string) =>
      deps.http.request({
        method: 'POST',
        url,
        headers: { accept: 'application/json', 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal,
      });
    const base = baseNow();
    const response = await send(`${base}${method}.json`);
    const next = newBase(response, base, method);
    if (next === null) return response;
    moved = { from: tokens?.current().base ?? access.base, to: next };
    return send(`${next}${method}.json`);
  }

  async function once(method: string, params: Params, signal: AbortSignal): Promise<Answer> {
    const token = tokens?.current().token;
    if (token === null) return refused(NOT_INSTALLED);
    try {
      const response = await post(method, token === undefined ? params : { ...params, auth: token }, signal);
      return readAnswer(response, Date.now());
    } catch (error) {
      return refused(failureOf(error));
    }
  }

  async function call(method: string, params: Params, signal: AbortSignal): Promise<Answer> {
    const expired = tokens?.current().token;
    let answer = await once(method, params, signal);
    if (tokens && expired && !answer.ok && answer.error === 'expired_token') {
      const failure = await tokens.renew(expired);
      answer = failure ? refused(failure) : await once(method, params, signal);
    }
    return answer.ok ? answer : blanked(answer, blanker());
  }

  return {
    call,
    async run(commands, signal) {
      const [first] = commands;
      if (first && commands.length === 1)
        return new Map([[first.name, await call(first.method, first.params, signal)]]);
      const cmd = Object.fromEntries(commands.map(({ name, method, params }) => [name, queryOf(method, params)]));
      const answer = await call('batch', { halt: 0, cmd }, signal);
      if (!answer.ok) return answer;
      const blank = blanker();
      const names = commands.map(({ name }) => name);
      const answers = readBatch(answer.result, names, Date.now());
      if (answers === null)
        return refused({ kind: 'unknown', code: 'BAD_ANSWER', why: 'the answer to a batch cannot be read' });
      return new Map([...answers].map(([name, one]) => [name, one.ok ? one : blanked(one, blank)]));
    },
    movedTo: () => (moved === null ? null : new URL(moved.to).host),
  };
}

/** The code too: a portal, or whoever answers in its place, writes anything there. */
function blanked(refusal: Refusal, blank: (text: string) => string): Refusal {
  const { failure, text } = refusal;
  return { ...refusal, text: blank(text), failure: { ...failure, code: blank(failure.code), why: blank(failure.why) } };
}

/** Where the portal says it is now. Nowhere that is no REST of a portal, and never from https to http: the key goes there. */
function newBase(response: HttpResponse, base: string, method: string): string | null {
  const { status, headers } = response;
  if (![301, 302, 307, 308].includes(status) || !headers['location']) return null;
  if (!URL.canParse(headers['location'], base)) return null;
  const url = new URL(headers['location'], base);
  const path = new URL(base).pathname;
  const safe = url.protocol === 'https:' || url.protocol === new URL(base).protocol;
  return safe && url.pathname.startsWith(`${path}${method}`) && url.origin !== new URL(base).origin
    ? `${url.origin}${path}`
    : null;
}

/** A command of a batch: `method?query`, nested values in brackets as PHP reads them. */
export function queryOf(method: string, params: Params): string {
  const query = new URLSearchParams();
  const put = (name: string, value: unknown): void => {
    if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) put(`${name}[${key}]`, inner);
    else query.append(name, String(value));
  };
  for (const [name, value] of Object.entries(params)) put(name, value);
  const text = query.toString();
  return text === '' ? method : `${method}?${text}`;
}
