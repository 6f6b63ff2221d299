import { z } from 'zod';
import { e164Of } from '../calls/phone.js';
import { isUuid } from '../platform/uuid.js';
import { callIdOf, LOG_STATUSES } from './logs-store.js';
import type { LogFilter } from './logs-store.js';
import type { AdminServices } from './services.js';

export const logFilterInput = z.object({
  type: z.string().max(50).optional(),
  statuses: z.array(z.enum(LOG_STATUSES)).max(LOG_STATUSES.length).optional(),
  event: z.string().max(50).optional(),
  /** However it is written. */
  phone: z.string().max(50).optional(),
  /** Our id of a call, or the one CRMs know. */
  call: z.string().max(200).optional(),
  from: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
});

/** Null when it names a call that is not there. */
export async function logFilterOf(
  { pool, directory }: Pick<AdminServices, 'pool' | 'directory'>,
  input: z.infer<typeof logFilterInput> & { enterprise: string },
): Promise<LogFilter | null> {
  const { enterprise, type, statuses, event, from, until } = input;
  const callId =
    input.call === undefined || isUuid(input.call) ? input.call : await callIdOf(pool, enterprise, input.call);
  if (callId === null) return null;
  const country = directory.byNumber(enterprise)?.country;
  const phone = input.phone === undefined ? undefined : phoneOf(input.phone, country);
  return { enterprise, type, statuses, event, phone, callId, from, until };
}

/** As calls have it; what cannot be read as a number is looked for as it is. */
export function phoneOf(text: string, country: string | undefined): string {
  return e164Of(text, { country: country ?? 'BY' }) ?? text.trim();
}
