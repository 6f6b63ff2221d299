/**
 * The HTTP client handed to connections. What a connection requests during an attempt of its own is remembered for that
 * attempt's log, found again by async context, because a connection lives longer than an attempt. Requests outside an attempt
 * (the "Test" button, a look-up) pass through, and so do those of another account that an attempt asks for something (a client's
 * name): they are no part of its log, which knows the secrets of its own account and no other's.
 *
 * It is also where an attempt ends for good: once it is over its requests are refused, and during a shadow attempt none
 * leaves at all.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { HttpFailure } from '../platform/http-client.js';
import type { HttpClient, HttpRequest, HttpResponse } from '../platform/http-client.js';

export interface Exchange {
  request: HttpRequest;
  response: HttpResponse | null;
  failure: { sent: 'not-sent' | 'unknown'; code: string; message: string } | null;
  ms: number;
}

export interface Recording {
  readonly exchanges: readonly Exchange[];
  /** True when something may have been carried out: a request was answered, is under way, or broke off. */
  touched(): boolean;
  /** From now on nothing of this attempt is sent. */
  close(): void;
}

export interface HttpRecorder {
  /** The client of one account. */
  clientOf(account: string): HttpClient;
  /** Runs one attempt of an account. `shadow`: requests are noted and refused. `signal` ends every request of the attempt. */
  during<T>(options: AttemptOf, run: (recording: Recording) => Promise<T>): Promise<T>;
}

export interface AttemptOf {
  account: string;
  shadow: boolean;
  signal: AbortSignal;
}

interface Context {
  account: string;
  exchanges: Exchange[];
  shadow: boolean;
  signal: AbortSignal;
  closed: boolean;
}

export function createHttpRecorder(inner: HttpClient): HttpRecorder {
  const attempts = new AsyncLocalStorage<Context>();

  async function request(account: string, wanted: HttpRequest): Promise<HttpResponse> {
    const attempt = attempts.getStore();
    if (!attempt) return inner.request(wanted);
    if (attempt.closed)
      throw new HttpFailure('not-sent', 'ATTEMPT_OVER', 'the attempt this request belongs to is over');
    const exchange: Exchange = { request: wanted, response: null, failure: null, ms: 0 };
    if (attempt.account === account) attempt.exchanges.push(exchange);
    const began = performance.now();
    try {
      if (attempt.shadow) throw new HttpFailure('not-sent', 'SHADOW', 'shadow mode: nothing is sent');
      const signal = wanted.signal ? AbortSignal.any([wanted.signal, attempt.signal]) : attempt.signal;
      exchange.response = await inner.request({ ...wanted, signal });
      return exchange.response;
    } catch (error) {
      exchange.failure = describe(error);
      throw error;
    } finally {
      exchange.ms = performance.now() - began;
    }
  }

  return {
    clientOf: (account) => ({ request: (wanted) => request(account, wanted) }),
    during({ account, shadow, signal }, run) {
      const context: Context = { account, exchanges: [], shadow, signal, closed: false };
      return attempts.run(context, () =>
        run({
          exchanges: context.exchanges,
          touched: () => context.exchanges.some(({ failure }) => failure?.sent !== 'not-sent'),
          close: () => {
            context.closed = true;
          },
        }),
      );
    },
  };
}

function describe(error: unknown): NonNullable<Exchange['failure']> {
  if (error instanceof HttpFailure) return { sent: error.sent, code: error.code, message: error.message };
  return { sent: 'unknown', code: 'THROWN', message: error instanceof Error ? error.message : String(error) };
}
