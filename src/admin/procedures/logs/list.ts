import { z } from 'zod';
import { logFilterInput, logFilterOf } from '../../log-filter.js';
import { endOfLog, written } from '../../live-log.js';
import type { ReadNew } from '../../live-log.js';
import { databaseTime, newInLog, pageOfLog } from '../../logs-store.js';
import { ofEnterprise } from '../../procedures.js';

/** Newest first. `next` leads to the page behind this one, at any depth as quickly; null at the end. `live`: see `logs.live`. */
export const list = ofEnterprise
  .input(
    logFilterInput.extend({
      before: z.object({ at: z.iso.datetime({ precision: 6 }), id: z.string().regex(/^\d{1,19}$/) }).nullish(),
      limit: z.number().int().min(1).max(200).default(50),
    }),
  )
  .query(async ({ ctx, input }) => {
    const filter = await logFilterOf(ctx.services, input);
    const { pool } = ctx.services;
    // Before the page is read: a line that comes between is in both rather than in neither.
    const read: ReadNew = (since, after, limit) => newInLog(pool, input, since, after, limit);
    const live = input.before ? null : written(await endOfLog({ read, now: () => databaseTime(pool) }));
    const rows = filter === null ? [] : await pageOfLog(pool, filter, input.before ?? null, input.limit);
    const last = rows.at(-1);
    return { rows, next: last && rows.length === input.limit ? { at: last.at, id: last.id } : null, live };
  });
