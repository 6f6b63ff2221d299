/**
 * Smart redirect over HTTP: `incoming-call` for hosts that must not open AMI, `getcustomerdata` for the fleet as it is.
 * README.md and fleet-answer.ts say what each promises.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import { NOTHING, fleetAnswer } from './fleet-answer.js';
import type { Caller, Decision, RedirectEnterprise } from './ports.js';

export interface RedirectPluginOptions {
  /** The enterprise of a token header, as far as it may ask from this address; null for everybody else. */
  admit(token: string | string[] | undefined, address: string): RedirectEnterprise | null;
  /** Decides, and acts over AMI where there is a link. */
  answer(caller: Caller, channel: string | null): Promise<Decision>;
  /** Decides and does nothing. */
  decide(caller: Caller): Promise<Decision>;
  /** The fleet's context that leads to this extension on this line, if the PBX is known to have it. */
  fleetContext(enterprise: RedirectEnterprise, extension: string, line: string): Promise<string | null>;
  clock: Clock;
  log: Logger;
}

const MOST_BYTES = 16 * 1024;
const UNIQUE_ID = /^[\w.-]{1,150}$/;
/** The fleet's dialplan waits without end; a caller does not. */
const FLEET_MS = 900;
/** Of those the CRMs get what leaves time to answer. */
const FLEET_DEADLINE_MS = 750;

export async function redirectPlugin(app: FastifyInstance, options: RedirectPluginOptions): Promise<void> {
  const { clock, log } = options;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string', bodyLimit: MOST_BYTES }, (_request, body, done) =>
    done(null, body),
  );
  app.addHook('onRequest', (request, _reply, done) => {
    // A body without a type would be refused before anything of ours runs.
    request.headers['content-type'] ??= 'application/octet-stream';
    done();
  });

  app.post('/api/smart-redirect/incoming-call', async (request, reply) => {
    const asText = (request.headers.accept ?? '').includes('text/plain');
    const enterprise = options.admit(request.headers['token'], request.ip);
    if (!enterprise) return refuse(reply, 403, 'the token is not known here, or not from this address');
    const fields = fieldsOf(request.body);
    const uid = fields?.['unique_id'] ?? '';
    if (!fields || !UNIQUE_ID.test(uid)) return refuse(reply, 400, 'phone and unique_id are asked for');
    const caller = callerOf(enterprise, uid, fields['phone'], fields['trunk'], clock.now());
    const decision = await options.answer(caller, fields['channel'] ?? null);
    const goes = decision.action === 'go';
    if (asText) {
      return reply.type('text/plain; charset=utf-8').send(`${goes ? decision.target : ''}|${decision.name ?? ''}`);
    }
    const result = {
      action: goes ? 'redirected' : 'continue',
      manager: goes ? decision.chosen : null,
      target: goes ? decision.target : null,
      name: decision.name,
      reason: decision.reason,
    };
    return reply.send({ success: true, result });
  });

  await app.register((fleet: FastifyInstance) => {
    // Whatever happens before or inside the handler, the dialplan gets the same harmless words.
    fleet.setErrorHandler((error, _request, reply) => {
      log.warn({ err: error }, 'getcustomerdata answers nothing');
      return sendFleet(reply, NOTHING);
    });
    fleet.post('/api/callevent/getcustomerdata', async (request, reply) => {
      const over = new AbortController();
      const late = clock.sleep(FLEET_MS, over.signal).then(() => NOTHING);
      try {
        return await sendFleet(reply, await Promise.race([forFleet(request), late]));
      } finally {
        over.abort();
      }
    });
  });

  async function forFleet(request: FastifyRequest): Promise<string> {
    const fields = fieldsOf(request.body);
    const enterprise = fields && options.admit(request.headers['token'], request.ip);
    const line = fields?.['TrunkId'] ?? null;
    if (!enterprise || enterprise.mode === 'off') return NOTHING;
    const { settings } = enterprise;
    const hurried = {
      ...enterprise,
      settings: { ...settings, deadlineMs: Math.min(settings.deadlineMs, FLEET_DEADLINE_MS) },
    };
    const caller = callerOf(hurried, fields?.['UniqueId'] ?? '', fields?.['Phone'], line ?? undefined, clock.now());
    const decision = await options.decide(caller);
    if (enterprise.mode === 'shadow' || settings.mode === 'shadow') return NOTHING;
    const [extension] = decision.candidates;
    const context =
      extension !== undefined && line !== null ? await options.fleetContext(enterprise, extension, line) : null;
    return fleetAnswer(decision.name, context);
  }
}

async function sendFleet(reply: FastifyReply, text: string): Promise<FastifyReply> {
  return reply.code(200).type('application/json; charset=utf-8').send(text);
}

async function refuse(reply: FastifyReply, status: number, message: string): Promise<FastifyReply> {
  return reply.code(status).send({ success: false, message });
}

function callerOf(
  enterprise: RedirectEnterprise,
  uid: string,
  phone: string | undefined,
  trunk: string | undefined,
  now: number,
): Caller {
  const line = trunk === undefined || trunk === '' || trunk === 's' ? null : trunk;
  return { enterprise, uid, number: phone ?? null, line, waitsSince: now, heardAt: now, heardBy: 'http' };
}

/** JSON or a form, whatever the header says; values as text. */
function fieldsOf(body: unknown): Record<string, string> | null {
  if (typeof body !== 'string') return null;
  const text = body.trim();
  if (!text.startsWith('{')) return Object.fromEntries(new URLSearchParams(text));
  try {
    const parsed = JSON.parse(text) as Record<string, unknown>;
    return Object.fromEntries(
      Object.entries(parsed).flatMap(([name, value]) =>
        typeof value === 'string' || typeof value === 'number' ? [[name, String(value)]] : [],
      ),
    );
  } catch {
    return null;
  }
}
