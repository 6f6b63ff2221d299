/**
 * What operators' tools ask:
 * - `GET /healthz`: 200 while the process turns its loop. For "restart me".
 * - `GET /readyz`: 200 `{"status":"ready"}`, or 503 with `problems: [{part, why}]`. For "page someone".
 * - `GET /metrics`: Prometheus text. Free on loopback; from elsewhere only with `Authorization: Bearer <metrics token>`.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isLoopback } from '../platform/ip-ranges.js';
import { sameSecret } from '../platform/strong-id.js';
import type { Metrics } from '../platform/metrics.js';
import type { Health } from './health.js';

export interface OperationOptions {
  health: Health;
  metrics: Metrics;
  /** Null: `/metrics` answers on loopback only. */
  metricsToken: string | null;
}

export async function operationPlugin(app: FastifyInstance, options: OperationOptions): Promise<void> {
  const { health, metrics, metricsToken } = options;

  app.get('/healthz', () => ({ status: 'ok' }));

  app.get('/readyz', async (_request, reply) => {
    const problems = await health.problems();
    if (problems.length === 0) return { status: 'ready' };
    return reply.code(503).send({ status: 'not ready', problems });
  });

  app.get('/metrics', async (request, reply) => {
    if (!isLocal(request) && !hasToken(request, metricsToken)) {
      return reply
        .code(401)
        .header('www-authenticate', 'Bearer')
        .send({ status: 'error', code: 'UNAUTHORIZED', message: 'the metrics token is needed here' });
    }
    return reply.type(metrics.contentType).send(await metrics.text());
  });
}

/** A proxy on this host also comes from loopback; what it passes on is not local. */
function isLocal(request: FastifyRequest): boolean {
  const forwarded = ['x-forwarded-for', 'forwarded', 'x-real-ip'].some((name) => request.headers[name] !== undefined);
  return !forwarded && isLoopback(request.socket.remoteAddress ?? '');
}

function hasToken(request: FastifyRequest, token: string | null): boolean {
  const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === null || given === undefined) return false;
  return sameSecret(given, token);
}
