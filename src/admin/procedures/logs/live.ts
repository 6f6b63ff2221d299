import { tracked } from '@trpc/server';
import { z } from 'zod';
import { endOfLog, liveLog, readCursor } from '../../live-log.js';
import type { ReadNew } from '../../live-log.js';
import type { LogListed } from '../../logs-store.js';
import { databaseTime, newInLog } from '../../logs-store.js';
import { ofEnterprise } from '../../procedures.js';
import { watched } from '../../watched.js';

/** Between two looks for what another daemon wrote. */
const LOOK_MS = 1_000;

/**
 * What is new in the log, as it comes. A client that was cut off goes on behind the last line it got, without a gap; one that
 * has just read a page gives its `live` as `lastEventId`, and may get a line of that page again.
 */
export const live = ofEnterprise
  .input(
    z.object({
      type: z.string().max(50).optional(),
      lastEventId: z
        .string()
        .max(40_000)
        .refine((text) => readCursor(text) !== null, 'is no place in the log')
        .nullish(),
    }),
  )
  .subscription(async function* ({ ctx, input, signal }): AsyncGenerator<ReturnType<typeof tracked<LogListed>>> {
    const { pool, feed } = ctx.services;
    const { enterprise } = input;
    let mark = feed.mark(enterprise);
    const read: ReadNew = (since, after, limit) => newInLog(pool, input, since, after, limit);
    const from = input.lastEventId ? readCursor(input.lastEventId) : null;
    const start = from ?? (await endOfLog({ read, now: () => databaseTime(pool) }));
    const events = watched(ctx, enterprise, signal, (until) =>
      liveLog({
        read,
        now() {
          // What is written from here on is news, also while this turn reads.
          mark = feed.mark(enterprise);
          return databaseTime(pool);
        },
        from: start,
        wait: (ending) => feed.next(enterprise, mark, LOOK_MS, ending),
        signal: until,
      }),
    );
    for await (const { id, row } of events) yield tracked(id, row);
  });
