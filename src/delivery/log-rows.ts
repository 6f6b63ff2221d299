import type { Outcome } from '../integrations/contract.js';
import { wellFormed } from '../platform/well-formed.js';
import type { Exchange } from './http-recorder.js';
import type { Mask } from './mask.js';
import type { DeliveryRow } from './ports.js';
import type { LogRow } from './store.js';

/** Enough of a body to see what was said; a CRM's HTML page does not fill the table. */
const BODY_LIMIT = 16_384;

export function attemptLog(
  row: DeliveryRow,
  outcome: Outcome,
  exchanges: readonly Exchange[],
  ms: number,
  mask: Mask,
): LogRow {
  const extra =
    outcome.kind === 'accepted' && outcome.warnings?.length ? { warnings: mask.value(outcome.warnings) } : {};
  const error = outcome.kind === 'accepted' ? null : outcome.why;
  const code = 'code' in outcome ? `${outcome.code}: ` : '';
  return {
    deliveryId: row.id,
    status: STATUS[outcome.kind],
    request:
      exchanges.length === 0
        ? { step: row.step, event: row.event.kind }
        : one(exchanges.map((e) => requestOf(e, mask))),
    response: withExtra(one(exchanges.map((e) => responseOf(e, mask))), extra),
    error: error === null ? null : clean(mask.text(code + error)),
    attempt: row.attempts,
    ms,
  };
}

export function decisionLog(row: DeliveryRow, status: LogRow['status'], why: string): LogRow {
  return { deliveryId: row.id, status, request: null, response: null, error: why, attempt: null, ms: null };
}

/** The attempt before this one, of a process that died with it on the wire. */
export function lostLog(row: DeliveryRow): LogRow {
  return {
    ...decisionLog(row, 'unknown', 'interrupted between sending and reading; the outcome is not known'),
    attempt: row.attempts - 1,
  };
}

const STATUS = {
  accepted: 'success',
  skipped: 'skipped',
  retry: 'error',
  unknown: 'unknown',
  rejected: 'error',
} as const satisfies Record<Outcome['kind'], LogRow['status']>;

function requestOf({ request }: Exchange, mask: Mask): unknown {
  return {
    method: request.method,
    url: clean(mask.text(request.url)),
    headers: cleanAll(mask.headers(request.headers ?? {})),
    ...(request.body === undefined ? {} : { body: body(request.body, mask) }),
  };
}

function responseOf({ response, failure, ms }: Exchange, mask: Mask): unknown {
  if (response) {
    const { status, headers } = response;
    return { status, headers: cleanAll(mask.headers(headers)), body: body(response.body, mask), ms: Math.round(ms) };
  }
  if (!failure) return { failure: 'unanswered', ms: null };
  return { failure: failure.code, sent: failure.sent, message: clean(mask.text(failure.message)), ms: Math.round(ms) };
}

/** One exchange is the usual case and stands alone. */
function one(list: unknown[]): unknown {
  return list.length <= 1 ? (list[0] ?? null) : { exchanges: list };
}

function withExtra(response: unknown, extra: object): unknown {
  return Object.keys(extra).length === 0 ? response : { ...(response ?? {}), ...extra };
}

function body(text: string, mask: Mask): string {
  // Masked before it is cut: half a secret at the cut would not be recognised.
  const masked = mask.text(text);
  return clean(masked.length > BODY_LIMIT ? `${masked.slice(0, BODY_LIMIT)}… (${masked.length} characters)` : masked);
}

function clean(text: string): string {
  return wellFormed(text);
}

function cleanAll(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [clean(name), clean(value)]));
}
