/**
 * The HTTP client every connector gets: undici without redirects, with one deadline over the whole exchange, a limit on
 * the answer's size and the address guard at each connect.
 *
 * A failure says whether the request may have been carried out. undici tells its handler the moment before it writes a
 * request to a connected socket; a failure before that moment is `not-sent`, and everything after it is `unknown`, the
 * reused connection that the peer had just closed included, since nothing proves that it did not read the request.
 */
import { Agent, buildConnector, request as undiciRequest } from 'undici';
import type { Dispatcher } from 'undici';
import type { AddressGuard } from './address-guard.js';
import { TrunklineError } from './errors.js';
import { HttpFailure } from './http-client.js';
import type { HttpClient, HttpRequest, HttpResponse } from './http-client.js';

export interface UndiciHttpOptions {
  /** Judges every connect; absent for targets that are the operator's own. */
  guard?: AddressGuard;
  /** Bytes of an answer's body; default 4 MiB. */
  maxResponseBytes?: number;
  /** Milliseconds for a connect, TLS included; default 5,000. */
  connectTimeoutMs?: number;
  /** Connections to one origin; default 32. */
  connectionsPerOrigin?: number;
}

export interface ClosableHttpClient extends HttpClient {
  /** Cuts what is still open; an exchange under way fails with code ABORTED. */
  close(): Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 10_000;

export function createUndiciHttp(options: UndiciHttpOptions = {}): ClosableHttpClient {
  const agent = new Agent({
    connect: guardedConnector(options.guard, options.connectTimeoutMs ?? 5_000),
    connections: options.connectionsPerOrigin ?? 32,
    pipelining: 1,
    maxResponseSize: options.maxResponseBytes ?? 4 * 1024 * 1024,
  });

  return {
    request: (request) => exchange(agent, request),
    close: () => agent.destroy(),
  };
}

async function exchange(agent: Agent, request: HttpRequest): Promise<HttpResponse> {
  const url = parseUrl(request.url);
  const timeoutMs = request.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const progress = { sent: false, timedOut: false };
  const stop = new AbortController();
  const onAbort = () => stop.abort();
  const timer = setTimeout(() => {
    progress.timedOut = true;
    stop.abort();
  }, timeoutMs);
  request.signal?.addEventListener('abort', onAbort, { once: true });
  if (request.signal?.aborted) stop.abort();

  try {
    stop.signal.throwIfAborted();
    const work = read(
      undiciRequest(url, {
        method: request.method,
        headers: { 'accept-encoding': 'identity', ...request.headers },
        body: request.body ?? null,
        signal: stop.signal,
        dispatcher: agent.compose(noteTheMomentOfSending(progress)),
      }),
    );
    return await orAborted(work, stop.signal);
  } catch (error) {
    throw toFailure(error, { ...progress, aborted: stop.signal.aborted, url, timeoutMs });
  } finally {
    clearTimeout(timer);
    request.signal?.removeEventListener('abort', onAbort);
  }
}

async function read(pending: Promise<Dispatcher.ResponseData>): Promise<HttpResponse> {
  const answer = await pending;
  return { status: answer.statusCode, headers: flatten(answer.headers), body: await answer.body.text() };
}

/** undici notices an abort during a connect only when the connect ends; the caller's deadline must not wait for that. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  work.catch(() => {});
  return Promise.race([
    work,
    new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
    }),
  ]);
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '') {
    throw new HttpFailure('not-sent', 'URL_INVALID', 'the address is not an http or https URL');
  }
  return url;
}

/** The request aborts itself in `onRequestStart` when it was given up earlier; then nothing is written. */
function noteTheMomentOfSending(progress: { sent: boolean }): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) =>
    dispatch(options, {
      onRequestStart(controller, context) {
        handler.onRequestStart?.(controller, context);
        if (!controller.aborted) progress.sent = true;
      },
      onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
      onResponseStart: (...args) => handler.onResponseStart?.(...args),
      onResponseData: (...args) => handler.onResponseData?.(...args),
      onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
      onResponseError: (...args) => handler.onResponseError?.(...args),
    });
}

/** undici's own connector, with names resolved through the guard and the address of the made connection checked again. */
function guardedConnector(guard: AddressGuard | undefined, timeout: number): buildConnector.connector {
  if (!guard) return buildConnector({ timeout });
  const connect = buildConnector({ timeout, lookup: guard.lookup } as buildConnector.BuildOptions);
  return (options, callback) => {
    try {
      guard.checkLiteral(options.hostname);
    } catch (error) {
      callback(error as Error, null);
      return;
    }
    connect(options, (...result) => {
      const [error, socket] = result;
      if (error) return callback(error, null);
      const address = socket.remoteAddress ?? '';
      if (guard.allows(options.hostname, address)) return callback(null, socket);
      socket.destroy();
      callback(new TrunklineError('ADDRESS_REFUSED', `${options.hostname} led to a private or local address`), null);
    });
  };
}

interface Circumstances {
  sent: boolean;
  timedOut: boolean;
  aborted: boolean;
  url: URL;
  timeoutMs: number;
}

/** Messages name the host only: paths and queries of some CRMs hold secrets. */
function toFailure(error: unknown, how: Circumstances): HttpFailure {
  const cause = innermost(error);
  const code = how.timedOut ? 'TIMEOUT' : how.aborted ? 'ABORTED' : codeOf(cause);
  const sent = how.sent ? 'unknown' : 'not-sent';
  return new HttpFailure(sent, code, explain(code, how, cause), { cause: error });
}

/** An attempt on several addresses of one name fails with all their errors; the first one tells enough. */
function innermost(error: unknown): unknown {
  return error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error;
}

const TLS_CODE = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_CA|EPROTO)/;

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== 'string') return 'HTTP_FAILED';
  if (TLS_CODE.test(code)) return 'TLS';
  switch (code) {
    case 'UND_ERR_RES_EXCEEDED_MAX_SIZE':
      return 'TOO_LARGE';
    case 'UND_ERR_CONNECT_TIMEOUT':
      return 'CONNECT_TIMEOUT';
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return 'TIMEOUT';
    case 'UND_ERR_DESTROYED':
    case 'UND_ERR_CLOSED':
    case 'UND_ERR_ABORTED':
      return 'ABORTED';
    default:
      return code;
  }
}

function explain(code: string, how: Circumstances, cause: unknown): string {
  const host = how.url.host;
  switch (code) {
    case 'TIMEOUT':
      return how.sent
        ? `${host} did not answer within ${how.timeoutMs} ms`
        : `no connection to ${host} within ${how.timeoutMs} ms`;
    case 'CONNECT_TIMEOUT':
      return `no connection to ${host} in time`;
    case 'ABORTED':
      return `the exchange with ${host} was stopped by us`;
    case 'TOO_LARGE':
      return `the answer of ${host} is too large`;
    case 'ADDRESS_REFUSED':
      return cause instanceof Error ? cause.message : `${host} may not be reached`;
    case 'TLS':
      return `no trusted TLS connection to ${host} (${String((cause as { code?: unknown } | null)?.code)})`;
    case 'ECONNREFUSED':
      return `${host} refuses connections`;
    case 'ENOTFOUND':
      return `the name ${how.url.hostname} does not exist`;
    case 'EAI_AGAIN':
      return `the name ${how.url.hostname} could not be looked up just now`;
    default:
      return how.sent
        ? `the connection to ${host} broke before a whole answer was read (${code})`
        : `${host} could not be reached (${code})`;
  }
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}
