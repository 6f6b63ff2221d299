/**
 * REST twins of some procedures, for scripts of the old plan: the same procedures, the same rights, the same cookie.
 * Settings and rows stand in the answers as they are, without an envelope.
 */
import { TRPCError } from '@trpc/server';
import { getHTTPStatusCodeFromError } from '@trpc/server/http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { TrunklineError } from '../platform/errors.js';
import type { AdminContext } from './context.js';
import { FieldErrors } from './field-errors.js';
import { appRouter } from './router.js';
import { t } from './trpc.js';

const callerFor = t.createCallerFactory(appRouter);
type Caller = ReturnType<typeof callerFor>;

const logQuery = z.object({
  type: z.string().optional(),
  integration_type: z.string().optional(),
  status: z.string().optional(),
  event: z.string().optional(),
  event_type: z.string().optional(),
  phone: z.string().optional(),
  call: z.string().optional(),
  from: z.string().optional(),
  until: z.string().optional(),
  limit: z.string().optional(),
});

export function restTwins(
  app: FastifyInstance,
  prefix: string,
  contextOf: (request: FastifyRequest, reply: FastifyReply) => AdminContext,
): void {
  const answer =
    (work: (call: Caller, request: FastifyRequest) => Promise<unknown>) =>
    async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
      try {
        return await work(callerFor(contextOf(request, reply)), request);
      } catch (error) {
        if (!(error instanceof TRPCError)) throw error;
        return reply.code(getHTTPStatusCodeFromError(error)).send(bodyOf(error));
      }
    };

  app.get(
    `${prefix}/enterprise/:number/integrations/config`,
    answer((call, request) => call.integrations.config({ enterprise: numberIn(request) })),
  );
  app.post(
    `${prefix}/enterprise/:number/integrations/config`,
    answer((call, request) =>
      call.integrations.saveConfig({ enterprise: numberIn(request), config: request.body as never }),
    ),
  );
  app.get(
    `${prefix}/enterprise/:number/integrations/logs`,
    answer((call, request) => {
      const asked = logQuery.parse(request.query);
      const {
        status,
        integration_type,
        event_type,
        limit,
        type = integration_type,
        event = event_type,
        ...rest
      } = asked;
      const statuses = status?.split(',') as never;
      const most = limit === undefined ? undefined : Math.min(100, Number(limit));
      return call.logs.rows({ enterprise: numberIn(request), ...rest, type, event, statuses, limit: most });
    }),
  );
  app.get(
    `${prefix}/admin/integrations/stats`,
    answer((call) => call.stats.platform()),
  );
}

function numberIn(request: FastifyRequest): string {
  return (request.params as { number: string }).number;
}

function bodyOf({ code, message, cause }: TRPCError): object {
  const fields = cause instanceof FieldErrors ? { fields: cause.fields } : {};
  const ours = cause instanceof TrunklineError ? cause.code : code;
  if (code === 'INTERNAL_SERVER_ERROR')
    return { status: 'error', code: 'INTERNAL', message: 'an error of ours; the log has it' };
  return {
    status: 'error',
    code: ours,
    message: cause instanceof z.core.$ZodError ? 'the input does not parse' : message,
    ...fields,
  };
}
