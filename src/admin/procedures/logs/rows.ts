import { z } from 'zod';
import { logFilterInput, logFilterOf } from '../../log-filter.js';
import { pageOfEntries } from '../../logs-store.js';
import { ofEnterprise } from '../../procedures.js';

/** The newest lines with what was asked and answered, under the names the old plan's table has. */
export const rows = ofEnterprise
  .input(logFilterInput.extend({ limit: z.coerce.number().int().min(1).max(100).default(100) }))
  .query(async ({ ctx, input }) => {
    const filter = await logFilterOf(ctx.services, input);
    const entries = filter === null ? [] : await pageOfEntries(ctx.services.pool, filter, input.limit);
    return entries.map((entry) => ({
      id: entry.id,
      enterprise_number: input.enterprise,
      integration_type: entry.type,
      event_type: entry.event,
      request_data: entry.request,
      response_data: entry.response,
      status: entry.status,
      error_message: entry.error,
      created_at: entry.at,
    }));
  });
