/**
 * The endpoints the PBX fleet posts to: `POST /<event>` and `POST /api/callevent/<event>`. What they promise is written in
 * README.md beside this file; a PBX takes anything but status 200 for a failure and never asks again.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../platform/clock.js';
import { TrunklineError } from '../platform/errors.js';
import type { Logger } from '../platform/log.js';
import type { Metrics } from '../platform/metrics.js';
import { readBody, toStored } from './body.js';
import { createDoor } from './door.js';
import { FLEET_EVENTS, parseFleetEvent } from './parse.js';
import type { AcceptedWebhook, FleetEventName } from './parse.js';
import { readTokens } from './token.js';

/** The enterprise a token stands for, as far as webhooks care. */
export interface WebhookSender {
  number: string;
  pbxKey: string;
  mode: 'off' | 'shadow' | 'on';
  sources: readonly ('ami' | 'webhook')[];
  /** Addresses and CIDRs; empty: from anywhere. */
  webhookFrom: readonly string[];
}

export interface WebhooksOptions {
  /** Answers from memory. Enterprises in mode off are known too. */
  findByToken(token: string): WebhookSender | null;
  intake: { accept(webhook: AcceptedWebhook): Promise<void> };
  clock: Clock;
  log: Logger;
  metrics: Metrics;
}

/** What became of a post, as counted. */
type Verdict = 'stored' | 'ignored' | 'refused' | 'malformed' | 'failed';

const LEGACY_PREFIX = '/api/callevent';
const MOST_BYTES = 64 * 1024;

export async function webhooksPlugin(app: FastifyInstance, options: WebhooksOptions): Promise<void> {
  const { clock, metrics } = options;
  const door = createDoor(options);
  const posts = metrics.counter('webhooks_total', 'Posts by event and what became of them', ['event', 'verdict']);
  const seconds = metrics.histogram('webhook_seconds', 'From the body read to the answer');

  // The fleet's content types cannot be relied on, some are not even types: whatever the header says, the body is JSON.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MOST_BYTES }, (_request, body, done) =>
    done(null, body),
  );
  app.addHook('onRequest', (request, _reply, done) => {
    request.headers['content-type'] = 'application/json';
    done();
  });

  async function answer(event: FleetEventName, legacy: boolean, request: FastifyRequest, reply: FastifyReply) {
    const began = clock.monotonic();
    let verdict: Verdict = 'failed';
    try {
      const body = readBody(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
      const tokens = readTokens(request.headers['token'], body);
      const sender = door.admit(tokens.candidates, event, request.ip);
      // Checked before the mode, so that a host that posts nonsense learns it on the first day.
      const fleet = parseFleetEvent(event, body);
      verdict = 'ignored';
      if (isTracked(sender)) {
        const uid = fleet.uid ?? '';
        const { number: enterprise, pbxKey: pbx } = sender;
        await options.intake.accept({ pbx, enterprise, event, uid, raw: toStored(body), arrivedAt: clock.now() });
        verdict = 'stored';
      }
      if (legacy && (tokens.quoted || isCurl(request))) return await reply.code(200).type('text/plain').send('OK');
      return await reply.code(200).type('application/json').send('{"status":"ok"}');
    } catch (error) {
      verdict = verdictOf(error);
      throw error;
    } finally {
      posts.inc({ event, verdict });
      seconds.observe((clock.monotonic() - began) / 1_000);
    }
  }

  for (const event of FLEET_EVENTS) {
    app.post(`/${event}`, (request, reply) => answer(event, false, request, reply));
    app.post(`${LEGACY_PREFIX}/${event}`, (request, reply) => answer(event, true, request, reply));
  }
}

function isTracked(sender: WebhookSender): boolean {
  return sender.mode !== 'off' && sender.sources.includes('webhook');
}

function isCurl(request: FastifyRequest): boolean {
  return /^curl\b/i.test(request.headers['user-agent'] ?? '');
}

function verdictOf(error: unknown): Verdict {
  if (!(error instanceof TrunklineError)) return 'failed';
  if (error.code === 'WEBHOOK_FORBIDDEN') return 'refused';
  return error.code === 'WEBHOOK_MALFORMED' ? 'malformed' : 'failed';
}
