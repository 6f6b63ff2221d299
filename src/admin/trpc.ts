import { initTRPC, TRPCError } from '@trpc/server';
import type { TRPC_ERROR_CODE_KEY } from '@trpc/server/rpc';
import { z, ZodError } from 'zod';
import type { ErrorCode } from '../platform/errors.js';
import { TrunklineError } from '../platform/errors.js';
import type { AdminContext } from './context.js';
import { FieldErrors } from './field-errors.js';
import { databaseFailure } from './store.js';

const PING_MS = 15_000;

export const t = initTRPC.context<AdminContext>().create({
  isDev: false,
  sse: { ping: { enabled: true, intervalMs: PING_MS }, client: { reconnectAfterInactivityMs: 3 * PING_MS } },
  errorFormatter({ shape, error }) {
    const { cause } = error;
    return {
      ...shape,
      message: messageOf(error),
      data: {
        ...shape.data,
        /** A code of docs/errors.md. */
        trunkline: cause instanceof TrunklineError ? cause.code : null,
        /** What is wrong with the input, by its place: `settings.api_key`. */
        fields: fieldsOf(cause),
      },
    };
  },
});

/** What is ours to explain leaves with its code; what is not leaves without words. */
export const explained = t.middleware(async ({ next }) => {
  const result = await next();
  if (result.ok) return result;
  const { cause } = result.error;
  if (cause instanceof TrunklineError)
    throw new TRPCError({ code: TRPC_CODES[cause.code], message: cause.message, cause });
  if (cause instanceof FieldErrors)
    throw new TRPCError({ code: 'UNPROCESSABLE_CONTENT', message: cause.message, cause });
  if (result.error.code === 'INTERNAL_SERVER_ERROR' && databaseFailure(cause) !== 'other') {
    const away = new TrunklineError('DB_UNREACHABLE', 'the database does not answer', { cause });
    throw new TRPCError({ code: 'SERVICE_UNAVAILABLE', message: away.message, cause: away });
  }
  return result;
});

const TRPC_CODES: Record<ErrorCode, TRPC_ERROR_CODE_KEY> = {
  CONFIG_INVALID: 'UNPROCESSABLE_CONTENT',
  CONFIG_OVERLAP: 'CONFLICT',
  CONFIG_CHANGED: 'CONFLICT',
  DB_UNREACHABLE: 'SERVICE_UNAVAILABLE',
  DB_EMBEDDED_UNSUPPORTED: 'SERVICE_UNAVAILABLE',
  DB_EMBEDDED_NO_USER: 'SERVICE_UNAVAILABLE',
  DB_EMBEDDED_DISK_FULL: 'SERVICE_UNAVAILABLE',
  DB_EMBEDDED_PORT_TAKEN: 'SERVICE_UNAVAILABLE',
  DB_EMBEDDED_FAILED: 'SERVICE_UNAVAILABLE',
  DB_MIGRATION_FAILED: 'SERVICE_UNAVAILABLE',
  DB_EPOCH_STALE: 'SERVICE_UNAVAILABLE',
  JOURNAL_FULL: 'SERVICE_UNAVAILABLE',
  JOURNAL_FAILED: 'SERVICE_UNAVAILABLE',
  AMI_AUTH_FAILED: 'BAD_GATEWAY',
  AMI_LOST: 'BAD_GATEWAY',
  AMI_TIMEOUT: 'GATEWAY_TIMEOUT',
  AMI_REFUSED: 'BAD_GATEWAY',
  AMI_PROTOCOL: 'BAD_GATEWAY',
  AMI_TRANSPORT_CANNOT: 'NOT_IMPLEMENTED',
  RECOVERY_NO_SOURCE: 'UNPROCESSABLE_CONTENT',
  RECOVERY_NOTHING_THERE: 'BAD_GATEWAY',
  RECOVERY_MAY_NOT_READ: 'BAD_GATEWAY',
  RECOVERY_NO_SQLITE3: 'BAD_GATEWAY',
  RECOVERY_FAILED: 'BAD_GATEWAY',
  SSH_UNREACHABLE: 'BAD_GATEWAY',
  SSH_AUTH_FAILED: 'BAD_GATEWAY',
  SSH_HOST_KEY_CHANGED: 'BAD_GATEWAY',
  SSH_FAILED: 'BAD_GATEWAY',
  WEBHOOK_FORBIDDEN: 'FORBIDDEN',
  WEBHOOK_MALFORMED: 'BAD_REQUEST',
  WEBHOOK_TOO_LARGE: 'PAYLOAD_TOO_LARGE',
  THROTTLED: 'TOO_MANY_REQUESTS',
  UNAUTHORIZED: 'UNAUTHORIZED',
  FORBIDDEN: 'FORBIDDEN',
  ADDRESS_REFUSED: 'UNPROCESSABLE_CONTENT',
  HTTP_NOT_SENT: 'BAD_GATEWAY',
  HTTP_UNKNOWN: 'BAD_GATEWAY',
  SECRET_UNREADABLE: 'INTERNAL_SERVER_ERROR',
  ENTERPRISE_UNKNOWN: 'NOT_FOUND',
  CALL_UNKNOWN: 'NOT_FOUND',
  CALL_AMBIGUOUS: 'CONFLICT',
};

function messageOf(error: TRPCError): string {
  if (error.code === 'INTERNAL_SERVER_ERROR') return 'an error of ours; the log has it';
  return error.cause instanceof ZodError ? 'the input does not parse' : error.message;
}

function fieldsOf(cause: unknown): { path: string; message: string }[] | null {
  if (cause instanceof FieldErrors) return [...cause.fields];
  if (!(cause instanceof z.core.$ZodError)) return null;
  return cause.issues.map(({ path, message }) => ({ path: path.map(String).join('.'), message }));
}
