/** How an error leaves over HTTP: a status, a stable code and a message without secrets. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { TrunklineError } from '../platform/errors.js';
import type { ErrorCode } from '../platform/errors.js';
import type { Logger } from '../platform/log.js';

export const HTTP_STATUS: Record<ErrorCode, number> = {
  CONFIG_INVALID: 422,
  CONFIG_OVERLAP: 409,
  CONFIG_CHANGED: 409,
  DB_UNREACHABLE: 503,
  DB_EMBEDDED_UNSUPPORTED: 503,
  DB_EMBEDDED_NO_USER: 503,
  DB_EMBEDDED_DISK_FULL: 503,
  DB_EMBEDDED_PORT_TAKEN: 503,
  DB_EMBEDDED_FAILED: 503,
  DB_MIGRATION_FAILED: 503,
  DB_EPOCH_STALE: 503,
  JOURNAL_FULL: 503,
  JOURNAL_FAILED: 503,
  AMI_AUTH_FAILED: 502,
  AMI_LOST: 502,
  AMI_TIMEOUT: 504,
  AMI_REFUSED: 502,
  AMI_PROTOCOL: 502,
  AMI_TRANSPORT_CANNOT: 501,
  SSH_UNREACHABLE: 502,
  SSH_AUTH_FAILED: 502,
  SSH_HOST_KEY_CHANGED: 502,
  SSH_FAILED: 502,
  RECOVERY_NO_SOURCE: 422,
  RECOVERY_NOTHING_THERE: 502,
  RECOVERY_MAY_NOT_READ: 502,
  RECOVERY_NO_SQLITE3: 502,
  RECOVERY_FAILED: 502,
  WEBHOOK_FORBIDDEN: 403,
  WEBHOOK_MALFORMED: 400,
  WEBHOOK_TOO_LARGE: 413,
  THROTTLED: 429,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  ADDRESS_REFUSED: 422,
  HTTP_NOT_SENT: 502,
  HTTP_UNKNOWN: 502,
  SECRET_UNREADABLE: 500,
  ENTERPRISE_UNKNOWN: 404,
  CALL_UNKNOWN: 404,
  CALL_AMBIGUOUS: 409,
};

export interface ErrorBody {
  status: 'error';
  code: string;
  message: string;
}

/** Fastify's last resort. What is not ours to explain is a 500 whose text stays in the log. */
export function createErrorHandler(log: Logger) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
    const { status, body } = describe(error);
    if (status >= 500)
      log.error({ err: error, method: request.method, path: pathOf(request), status }, 'request failed');
    void reply.code(status).send(body);
  };
}

export function notFound(request: FastifyRequest, reply: FastifyReply): void {
  const body: ErrorBody = { status: 'error', code: 'NOT_FOUND', message: `no ${request.method} here` };
  void reply.code(404).send(body);
}

function describe(error: FastifyError): { status: number; body: ErrorBody } {
  if (error instanceof TrunklineError) {
    return { status: HTTP_STATUS[error.code], body: { status: 'error', code: error.code, message: error.message } };
  }
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return { status: 413, body: { status: 'error', code: 'WEBHOOK_TOO_LARGE', message: 'the body is too large' } };
  }
  const status = error.statusCode ?? 500;
  if (status >= 400 && status < 500)
    return { status, body: { status: 'error', code: error.code, message: error.message } };
  return { status: 500, body: { status: 'error', code: 'INTERNAL', message: 'an error of ours; the log has it' } };
}

/** Without the query, which may carry a key. */
function pathOf(request: FastifyRequest): string {
  return request.url.split('?')[0] ?? '';
}
