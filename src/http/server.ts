/** The one HTTP server of the process. What it serves is handed in as plugins; what they throw leaves as errors.ts says. */
import type { Socket } from 'node:net';
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import type { Logger } from '../platform/log.js';
import type { Metrics } from '../platform/metrics.js';
import { createErrorHandler, notFound } from './errors.js';
import type { Health } from './health.js';
import { operationPlugin } from './operation.js';

/** False: nobody. A number: so many proxies in front; true: one. A list: the proxies at these addresses or CIDRs. */
export type TrustProxy = boolean | number | readonly string[];

export interface HttpServerOptions {
  host: string;
  /** 0: any free port. */
  port: number;
  trustProxy: TrustProxy;
  /** Path the site lives under, without a slash at its end: a request with it is as one without, whatever the proxy does. */
  basePath?: string;
  log: Logger;
  metrics: Metrics;
  health: Health;
  metricsToken: string | null;
  /** Each is registered in a scope of its own: parsers and hooks of one do not reach another. */
  plugins: readonly ((app: FastifyInstance) => Promise<void>)[];
}

export interface HttpServer {
  readonly app: FastifyInstance;
  /** Listens. Rejects when the port is taken. */
  start(): Promise<{ host: string; port: number }>;
  /** No new connections; requests under way may finish within `graceMs` (default 10,000), then they are cut. */
  stop(graceMs?: number): Promise<void>;
}

const MOST_BYTES = 1024 * 1024;
const HEADERS_MS = 30_000;
/** Ten megabytes of posted history over half a megabit a second take three minutes. */
const REQUEST_MS = 300_000;
const SWEEP_MS = 50;
const CLIENT_ERRORS: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
};

export async function buildServer(options: HttpServerOptions): Promise<HttpServer> {
  const { host, port, log, metrics, health, metricsToken } = options;
  const app = Fastify({
    bodyLimit: MOST_BYTES,
    trustProxy: trusted(options.trustProxy),
    // A redirect would turn a PBX's POST into a GET, so a slash too many is read as meant.
    // A batch of questions to the admin names them all in one part of its path.
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: 2_000 },
    http: { headersTimeout: HEADERS_MS },
    requestTimeout: REQUEST_MS,
    rewriteUrl: (request) => withoutBase(request.url ?? '/', options.basePath ?? ''),
    // What comes in on an open connection while closing is answered as ever: a PBX takes a 503 for a lost post.
    return503OnClosing: false,
    clientErrorHandler: refuseWithoutWords,
    logger: false,
  });
  app.setErrorHandler(createErrorHandler(log));
  app.setNotFoundHandler(notFound);
  await app.register(operationPlugin, { health, metrics, metricsToken });
  for (const plugin of options.plugins) await app.register((scope: FastifyInstance) => plugin(scope));

  return {
    app,
    async start() {
      await app.listen({ host, port });
      const address = app.server.address();
      if (address === null || typeof address === 'string') throw new Error('the server has no port');
      log.info({ host: address.address, port: address.port }, 'listening');
      return { host: address.address, port: address.port };
    },
    async stop(graceMs = 10_000) {
      const cut = setTimeout(() => app.server.closeAllConnections(), graceMs);
      // One that was answered meanwhile would be kept alive for a next request.
      const sweep = setInterval(() => app.server.closeIdleConnections(), SWEEP_MS);
      try {
        await app.close();
      } finally {
        clearTimeout(cut);
        clearInterval(sweep);
      }
    },
  };
}

function withoutBase(url: string, basePath: string): string {
  if (basePath === '' || !url.startsWith(basePath)) return url;
  const rest = url.slice(basePath.length);
  return rest === '' || rest.startsWith('?') ? `/${rest}` : rest.startsWith('/') ? rest : url;
}

/**
 * What cannot be read as HTTP is refused without a body: a PBX of the fleet reads any body for an answer, whatever the status,
 * and may drop a call over it.
 */
function refuseWithoutWords(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const status = CLIENT_ERRORS[error.code ?? ''] ?? '400 Bad Request';
  if (socket.writable) socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
  socket.destroy(error);
}

/**
 * "True" trusts one hop: the address the nearest proxy saw. Trusting all would believe the far end of `X-Forwarded-For`,
 * which anybody may write.
 */
function trusted(setting: TrustProxy): false | string[] | ((address: string, hop: number) => boolean) {
  if (setting === false || setting === 0) return false;
  if (typeof setting === 'object') return [...setting];
  const hops = setting === true ? 1 : setting;
  return (_address, hop) => hop < hops;
}
