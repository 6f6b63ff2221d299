/** A stand-in CRM's HTTP: reads whole requests, keeps them all in order, meets them with a fault or the CRM's answer. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Faults } from './faults.js';
import type { Fault } from './faults.js';

export interface StandInRequest {
  /** Counts up from 1, in order of complete arrival. */
  nth: number;
  /** Unix ms at which the last byte of the request was read. */
  at: number;
  method: string;
  path: string;
  query: URLSearchParams;
  /** Lower-case names. */
  headers: Record<string, string>;
  body: string;
}

export interface StandInAnswer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
  contentType?: string;
  /** What happened there, for a person: `card shown to 151, 152`. */
  effect?: string;
}

/** A request with what became of it. `status` is null when none was sent. */
export interface StandInExchange extends StandInRequest {
  fault: Fault['kind'] | null;
  applied: boolean;
  status: number | null;
  effect: string;
}

export interface StandInServer {
  url: string;
  faults: Faults;
  /** Every request in order. */
  exchanges: readonly StandInExchange[];
  /** Called when a request's outcome is settled; returns how to stop being called. */
  onRequest(callback: (exchange: StandInExchange) => void): () => void;
  stop(): Promise<void>;
}

const MOST_BYTES = 1024 * 1024;
const PAGE = '<html><head><title>Not here</title></head><body><h1>Not here</h1><hr>nginx</body></html>';

/** `answer` is the CRM: synchronous, so that the effect of a request is complete before the next one is looked at. */
export async function startStandInServer(options: {
  port?: number;
  answer(request: StandInRequest): StandInAnswer;
}): Promise<StandInServer> {
  const faults = new Faults();
  const exchanges: StandInExchange[] = [];
  const listeners = new Set<(exchange: StandInExchange) => void>();
  const sockets = new Set<Socket>();
  const stopping = new AbortController();

  async function meet(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(incoming);
    if (body === null) return void incoming.socket.destroy();
    const request = toRequest(incoming, body, exchanges.length + 1);
    const fault = faults.take(incoming.url ?? request.path);
    const exchange: StandInExchange = {
      ...request,
      fault: fault?.kind ?? null,
      applied: false,
      status: null,
      effect: '',
    };
    exchanges.push(exchange);
    const apply = (): StandInAnswer => {
      const answer = options.answer(request);
      exchange.applied = true;
      exchange.effect = answer.effect ?? '';
      return answer;
    };
    await respond(fault, apply, response, exchange, stopping.signal);
    for (const listener of listeners) listener(exchange);
  }

  const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, response) => {
    meet(incoming, response).catch((error: unknown) => incoming.socket.destroy(error as Error));
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults,
    exchanges,
    onRequest(callback) {
      listeners.add(callback);
      return () => listeners.delete(callback);
    },
    async stop() {
      stopping.abort();
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function respond(
  fault: Fault | null,
  apply: () => StandInAnswer,
  response: ServerResponse,
  exchange: StandInExchange,
  stopping: AbortSignal,
): Promise<void> {
  switch (fault?.kind) {
    case 'hang':
      if (fault.applied) apply();
      return;
    case 'close-before':
      return cut(response, fault.reset);
    case 'close-after':
      apply();
      return cut(response, fault.reset);
    case 'status':
      exchange.status = fault.status;
      return send(response, {
        status: fault.status,
        body: fault.body ?? '{"success":false,"errorMsg":"fault"}',
        ...(fault.retryAfter ? { headers: { 'retry-after': fault.retryAfter } } : {}),
      });
    case 'html':
      exchange.status = fault.status ?? 200;
      return send(response, { status: exchange.status, body: PAGE, contentType: 'text/html' });
    case 'truncated-json': {
      const answer = apply();
      exchange.status = answer.status;
      const text = textOf(answer.body);
      return send(response, { ...answer, body: text.slice(0, Math.max(1, Math.floor(text.length / 2))) });
    }
    case 'lying-length': {
      const answer = apply();
      exchange.status = answer.status;
      const text = textOf(answer.body);
      response.writeHead(answer.status, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text) + 200,
      });
      response.write(text, () => response.socket?.end());
      return;
    }
    case 'delay':
      await delay(fault.ms, undefined, { signal: stopping }).catch(() => {});
      break;
    case undefined:
      break;
  }
  const answer = apply();
  exchange.status = answer.status;
  send(response, answer);
}

function send(response: ServerResponse, answer: StandInAnswer): void {
  const text = textOf(answer.body);
  response.writeHead(answer.status, {
    'content-type': answer.contentType ?? 'application/json',
    'content-length': Buffer.byteLength(text),
    ...answer.headers,
  });
  response.end(text);
}

function cut(response: ServerResponse, reset = false): void {
  if (reset) response.socket?.resetAndDestroy();
  else response.socket?.destroy();
}

function textOf(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function toRequest(incoming: IncomingMessage, body: string, nth: number): StandInRequest {
  const url = new URL(incoming.url ?? '/', 'http://stand-in');
  const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
  return {
    nth,
    at: Date.now(),
    method: incoming.method ?? '',
    path: url.pathname,
    query: url.searchParams,
    headers,
    body,
  };
}

async function readBody(incoming: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += (chunk as Buffer).length;
    if (size > MOST_BYTES) return null;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The page a host shows for a path it has nothing for. */
export function webPage(status: number): StandInAnswer {
  return { status, body: PAGE, contentType: 'text/html' };
}
