import { z } from 'zod';
import type { Attempt, Connection, DeliveryJob, Outcome } from '../../../src/integrations/contract.js';
import { defineConnector } from '../../../src/integrations/contract.js';
import { HttpFailure } from '../../../src/platform/http-client.js';
import type { HttpClient, HttpResponse } from '../../../src/platform/http-client.js';

const settings = z.object({ url: z.string(), key: z.string() });

/** A connector of the plainest kind: one POST per step, an outcome per status. */
export const testConnector = defineConnector({
  id: 'testcrm',
  title: 'Test CRM',
  settings,
  example: { url: 'https://example.invalid', key: 'example' },
  secretFields: ['key'],
  rate: { perSecond: 1_000, burst: 1_000 },
  limitKey: ({ key }) => key,
  plan(event) {
    switch (event.kind) {
      case 'call.ringing':
        return [{ step: 'card.open', class: 'perishable' }];
      case 'call.finished':
        return [
          { step: 'card.close', class: 'closing' },
          { step: 'record', class: 'durable' },
        ];
      case 'call.answered':
        return [{ step: 'card.close', class: 'closing' }];
      case 'recording.ready':
        return [{ step: 'recording', class: 'durable' }];
      default:
        return [];
    }
  },
  connect: ({ url, key }, { http }) => connect(url, key, http),
});

function connect(url: string, key: string, http: HttpClient): Connection {
  return {
    async deliver(job, attempt) {
      try {
        return read(await http.request(requestOf(url, key, job, attempt)));
      } catch (error) {
        if (!(error instanceof HttpFailure)) throw error;
        return { kind: error.sent === 'unknown' ? 'unknown' : 'retry', code: error.code, why: error.message };
      }
    },
    check: () => Promise.resolve({ ok: true, account: 'test', warnings: [] }),
    close: () => Promise.resolve(),
  };
}

function requestOf(url: string, key: string, { step, event }: DeliveryJob, attempt: Attempt) {
  const { card, refs, afterUnknown, number } = attempt;
  const body = { step, id: event.call.externalId, seq: event.seq, afterUnknown, card, refs, attempt: number };
  return {
    method: 'POST' as const,
    url: `${url}/rest/1/${key}/${step}?apiKey=${encodeURIComponent(key)}`,
    headers: { 'content-type': 'application/json', 'X-API-KEY': key },
    body: JSON.stringify({ ...body, apiKey: key }),
  };
}

function read({ status, headers, body }: HttpResponse): Outcome {
  if (status < 300) {
    const { refs } = JSON.parse(body) as { refs?: Record<string, string> };
    return { kind: 'accepted', ...(refs ? { refs } : {}) };
  }
  if (status === 403) return { kind: 'rejected', code: 'FORBIDDEN', why: `refused: ${body}`, config: true };
  if (status === 400) return { kind: 'rejected', code: 'BAD_DATA', why: `refused: ${body}` };
  const seconds = headers['retry-after'];
  const afterMs = seconds === undefined ? {} : { afterMs: Number(seconds) * 1000 };
  return {
    kind: 'retry',
    code: `HTTP_${status}`,
    why: `answered ${status}`,
    ...afterMs,
    ...(status === 429 ? { pauseLane: true } : {}),
  };
}
