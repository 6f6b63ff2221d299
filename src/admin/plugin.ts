/**
 * The door of the admin: `/trpc` over HTTP and SSE, and over a WebSocket at the same address; each also below the path of the
 * public address. Registered in a scope of its own.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import fastifyCookie from '@fastify/cookie';
import rateLimit from '@fastify/rate-limit';
import { fastifyTRPCPlugin } from '@trpc/server/adapters/fastify';
import type { FastifyTRPCPluginOptions } from '@trpc/server/adapters/fastify';
import { getWSConnectionHandler } from '@trpc/server/adapters/ws';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { WebSocketServer } from 'ws';
import type { AdminContext } from './context.js';
import { isOwnOrigin } from './origin.js';
import { restTwins } from './rest.js';
import { appRouter } from './router.js';
import type { AppRouter } from './router.js';
import type { AdminServices } from './services.js';
import { COOKIE, SESSION_MS } from './sessions.js';

const PING = { enabled: true, pingMs: 15_000, pongWaitMs: 10_000 };
const MOST_MESSAGE_BYTES = 256 * 1024;
/** Of one address. A page asks a dozen things at once, an office sits behind one address. */
const MOST_PER_MINUTE = 3_000;

export interface AdminPluginOptions {
  services: AdminServices;
  /** Below which the admin answers: the empty one, and the path of the public address. */
  prefixes: readonly string[];
}

export async function adminPlugin(app: FastifyInstance, { services, prefixes }: AdminPluginOptions): Promise<void> {
  const { publicUrl, log } = services;
  /** Answers that go on: cut at the stop, since one that ended well is not asked for again. */
  const streams = new Set<FastifyReply>();
  await app.register(fastifyCookie);
  await app.register(rateLimit, { max: MOST_PER_MINUTE, timeWindow: 60_000 });

  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    const { method, headers } = request;
    if (headers.accept?.includes('text/event-stream')) {
      streams.add(reply);
      reply.raw.once('close', () => streams.delete(reply));
    }
    if (method === 'GET' || method === 'HEAD') return;
    const asked = { origin: headers.origin, site: one(headers['sec-fetch-site']), host: request.host };
    if (isOwnOrigin(asked, publicUrl)) return;
    log.warn({ origin: headers.origin, address: request.ip }, 'a change from another site was refused');
    return reply.code(403).send({ status: 'error', code: 'FORBIDDEN', message: 'this comes from another site' });
  });

  for (const prefix of prefixes) {
    restTwins(app, prefix, (request, reply) => httpContext(services, request, reply));
    const options: FastifyTRPCPluginOptions<AppRouter> = {
      trpcOptions: {
        router: appRouter,
        createContext: ({ req, res }) => httpContext(services, req, res),
        onError: ({ error, path }) => {
          if (error.code === 'INTERNAL_SERVER_ERROR')
            log.error({ err: error.cause ?? error, path }, 'a procedure failed');
        },
      },
    };
    await app.register(fastifyTRPCPlugin<AppRouter>, { prefix: `${prefix}/trpc`, ...options });
  }

  const sockets = new WebSocketServer({ noServer: true, maxPayload: MOST_MESSAGE_BYTES });
  const paths = new Set(prefixes.map((prefix) => `${prefix}/trpc`));
  const connected = getWSConnectionHandler<AppRouter>({
    wss: sockets,
    router: appRouter,
    keepAlive: PING,
    createContext: ({ req }) => socketContext(services, app, req),
    onError: ({ error, path }) => {
      if (error.code === 'INTERNAL_SERVER_ERROR')
        log.error({ err: error.cause ?? error, path }, 'a subscription failed');
    },
  });
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const { headers, url = '' } = request;
    if (!paths.has((url.split('?')[0] ?? '').replace(/\/$/, ''))) return refuse(socket, '404 Not Found');
    const asked = { origin: headers.origin, site: one(headers['sec-fetch-site']), host: headers.host };
    if (!isOwnOrigin(asked, publicUrl)) {
      log.warn(
        { origin: headers.origin, address: request.socket.remoteAddress },
        'a socket from another site was refused',
      );
      return refuse(socket, '403 Forbidden');
    }
    sockets.handleUpgrade(request, socket, head, (opened) => connected(opened, request));
  };
  app.server.on('upgrade', upgrade);
  app.addHook('preClose', (done) => {
    app.server.off('upgrade', upgrade);
    for (const { raw } of streams) raw.destroy();
    for (const open of sockets.clients) open.terminate();
    sockets.close();
    done();
  });
}

function httpContext(services: AdminServices, request: FastifyRequest, reply: FastifyReply): AdminContext {
  const token = request.cookies[COOKIE] ?? null;
  const secure = request.protocol === 'https' || (services.publicUrl?.startsWith('https:') ?? false);
  let asked: ReturnType<AdminContext['identity']> | null = null;
  return {
    services,
    door: { address: request.ip, agent: one(request.headers['user-agent']) ?? '', token },
    setCookie(value) {
      const options = { path: '/', httpOnly: true, sameSite: 'lax', secure } as const;
      if (value === null) reply.clearCookie(COOKIE, options);
      else reply.setCookie(COOKIE, value, { ...options, maxAge: SESSION_MS / 1_000 });
    },
    identity: () => (asked ??= services.sessions.identify(token)),
  };
}

function socketContext(services: AdminServices, app: FastifyInstance, request: IncomingMessage): AdminContext {
  const token = app.parseCookie(request.headers.cookie ?? '')[COOKIE] ?? null;
  return {
    services,
    door: { address: request.socket.remoteAddress ?? '', agent: request.headers['user-agent'] ?? '', token },
    setCookie: null,
    identity: () => services.sessions.identify(token),
  };
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
