/** One HTTP exchange, as connectors see it. Implementations add the address guard, limits and recording. */

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  url: string;
  headers?: Record<string, string>;
  body?: string;
  /** Whole exchange, milliseconds; default 10,000. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

export interface HttpResponse {
  status: number;
  /** Lower-case names. */
  headers: Record<string, string>;
  body: string;
}

/**
 * Why no answer was read. `not-sent`: nothing reached the peer, safe to repeat. `unknown`: the request may have been
 * carried out.
 */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';
  readonly sent: 'not-sent' | 'unknown';
  /** `ECONNREFUSED`, `UND_ERR_SOCKET`, `TIMEOUT`, `ADDRESS_REFUSED`, `TLS`, `TOO_LARGE` … */
  readonly code: string;

  constructor(sent: 'not-sent' | 'unknown', code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.sent = sent;
    this.code = code;
  }
}

export interface HttpClient {
  /** @throws HttpFailure when no complete answer was read. Any status is an answer. Redirects are not followed. */
  request(request: HttpRequest): Promise<HttpResponse>;
}
