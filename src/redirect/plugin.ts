/**
 * Smart redirect over HTTP: `incoming-call` for hosts that must not open AMI, `getcustomerdata` for the fleet as it is.
 * What each promises is in README.md; a dialplan reads the body and never the status.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../platform/clock.js';
import { TrunklineError } from '../platform/errors.js';
import type { Logger } from '../platform/log.js';
import { isShadow, onItsLine } from './caller.js';
import { createComplaints } from './complaints.js';
import { blank } from './desk.js';
import { fieldsOf } from './fields.js';
import type { Fields } from './fields.js';
import { NOTHING, fleetAnswer } from './fleet-answer.js';
import type { Caller, Decision, RedirectEnterprise } from './ports.js';
import { createThrottle } from '../platform/throttle.js';
import type { Told } from './told.js';

export interface RedirectPluginOptions extends Omit<Told, 'settled'> {
  /**
   * The enterprise of a token in the header or in a field; null when it has no settings of smart redirect.
   * @throws TrunklineError WEBHOOK_FORBIDDEN for everybody else, DB_UNREACHABLE while that is not known
   */
  admit(token: string | string[] | undefined, fields: Fields, address: string): RedirectEnterprise | null;
  /** As far as a dialplan's JSON can be read. @throws TrunklineError WEBHOOK_MALFORMED */
  readJson(text: string): unknown;
  statusOf(error: TrunklineError): number;
  /** Decides and does nothing. */
  decide(caller: Caller): Promise<Decision>;
  clock: Clock;
  log: Logger;
  count(what: 'throttled'): void;
}

const MOST_BYTES = 16 * 1024;
const UNIQUE_ID = /^[\w.-]{1,150}$/;
/** The fleet's dialplan waits without end; a caller does not. */
const FLEET_MS = 900;
/** Of those the CRMs get what leaves time to answer. */
const FLEET_DEADLINE_MS = 750;
/** What a dialplan reads as "go on". */
const TEXT_NOTHING = '|';

export async function redirectPlugin(app: FastifyInstance, options: RedirectPluginOptions): Promise<void> {
  const { clock, log } = options;
  const admits = createThrottle(clock);
  const complain = createComplaints(log, clock);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string', bodyLimit: MOST_BYTES }, (_request, body, done) =>
    done(null, body),
  );
  app.addHook('onRequest', (request, _reply, done) => {
    // A body whose type is none would be refused before anything of ours runs.
    request.headers['content-type'] = 'application/octet-stream';
    done();
  });

  /** @throws TrunklineError */
  function read(request: FastifyRequest): { fields: Fields; enterprise: RedirectEnterprise | null } {
    const fields = fieldsOf(typeof request.body === 'string' ? request.body : '', options.readJson);
    const enterprise = options.admit(request.headers['token'], fields, request.ip);
    if (enterprise && !admits(enterprise.number, enterprise.settings.perSecond)) {
      options.count('throttled');
      complain(enterprise.number, 'smart redirect is asked too often over HTTP', { enterprise: enterprise.number });
      throw new TrunklineError('THROTTLED', `enterprise ${enterprise.number} asks too often`);
    }
    return { fields, enterprise };
  }

  await app.register((scope: FastifyInstance) => {
    scope.setErrorHandler((error, request, reply) => refuse(error, request, reply));
    scope.post('/api/smart-redirect/incoming-call', incomingCall);
  });
  await app.register((scope: FastifyInstance) => {
    // Whatever happens before or inside the handler, the dialplan gets the same harmless words.
    scope.setErrorHandler((error, _request, reply) => {
      const { status, code, message } = described(error);
      if (status >= 500) log.error({ err: error, status }, 'getcustomerdata answers nothing');
      // The door speaks of those it turned away.
      else if (status !== 403) complain(code, 'getcustomerdata answers nothing', { code, why: message });
      return sendFleet(reply, NOTHING);
    });
    scope.all('/api/callevent/getcustomerdata', getCustomerData);
  });

  async function incomingCall(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { fields, enterprise } = read(request);
    const { phone, unique_id: uid, trunk, channel } = fields;
    if (phone === undefined || uid === undefined || !UNIQUE_ID.test(uid)) {
      throw new TrunklineError('WEBHOOK_MALFORMED', 'phone and unique_id are asked for');
    }
    if (!enterprise) return sendDecision(request, reply, { name: null, reason: 'smart redirect is not set up' });
    const caller = callerOf(enterprise, uid, phone, trunk, clock.now());
    const { decision, afterwards } = await options.answer(caller, channel ?? null);
    whenOut(reply, (delivered) => void afterwards(delivered));
    return sendDecision(request, reply, isShadow(caller.enterprise) ? { ...decision, name: null } : decision);
  }

  function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { status, code, message } = described(error);
    if (status >= 500) log.error({ err: error, path: request.routeOptions.url, status }, 'request failed');
    void reply.code(status);
    return wantsText(request) ? sendText(reply, TEXT_NOTHING) : reply.send({ success: false, code, message });
  }

  function described(error: unknown): { status: number; code: string; message: string } {
    if (error instanceof TrunklineError)
      return { status: options.statusOf(error), code: error.code, message: error.message };
    const { statusCode: status = 500, code = '', message } = error as { statusCode?: number; code?: string } & Error;
    if (status === 413) return { status, code: 'WEBHOOK_TOO_LARGE', message: 'the body is too large' };
    if (status < 500) return { status, code, message };
    return { status: 500, code: 'INTERNAL', message: 'an error of ours; the log has it' };
  }

  async function getCustomerData(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { fields, enterprise } = read(request);
    if (!enterprise || enterprise.mode === 'off') return sendFleet(reply, NOTHING);
    const { Phone: phone, UniqueId, TrunkId } = fields;
    const uid = UNIQUE_ID.test(UniqueId ?? '') ? (UniqueId ?? '') : '';
    const line = /^\w{1,60}$/.test(TrunkId ?? '') ? TrunkId : undefined;
    const caller = callerOf(hurried(enterprise), uid, phone, line, clock.now());
    const decision = await inTime(caller, fields['LoadDialPlan'] !== 'false');
    whenOut(reply, (delivered) => void options.keep(caller, decision, delivered));
    const { action, name, target } = decision;
    const text = isShadow(caller.enterprise) ? NOTHING : fleetAnswer(name, action === 'go' ? target : null);
    return sendFleet(reply, text);
  }

  /** Whatever is known of the call when the fleet's dialplan has to be answered. */
  async function inTime(caller: Caller, wantsContext: boolean): Promise<Decision> {
    let known = released(blank(caller), 'no answer in time');
    const work = async (): Promise<void> => {
      const decision = await options.decide(caller);
      known = released(decision, wantsContext ? 'the PBX did not answer in time' : 'only the name is asked for');
      if (wantsContext) known = await options.forFleet(caller, decision);
    };
    const over = new AbortController();
    const working = work().catch((error: unknown) => {
      log.error({ err: error, enterprise: caller.enterprise.number }, 'getcustomerdata answers without a context');
      known = released(known, 'an error of ours; the log has it');
    });
    await Promise.race([working, clock.sleep(FLEET_MS, over.signal)]);
    over.abort();
    return known;
  }
}

function released(decision: Decision, reason: string): Decision {
  return { ...decision, action: 'release', chosen: null, target: null, reason };
}

/** True when the answer went out whole; false when the asker had gone. */
function whenOut({ raw }: FastifyReply, act: (delivered: boolean) => void): void {
  if (raw.closed) act(false);
  else raw.once('close', () => act(raw.writableFinished));
}

function sendDecision(
  request: FastifyRequest,
  reply: FastifyReply,
  decision: Pick<Decision, 'name' | 'reason'> & Partial<Decision>,
): FastifyReply {
  const { name, reason } = decision;
  const goes = decision.action === 'go' && decision.target ? decision : null;
  if (wantsText(request)) return sendText(reply, `${goes?.target ?? ''}|${name ?? ''}`);
  const result = {
    action: goes ? 'redirected' : 'continue',
    manager: goes?.chosen ?? null,
    target: goes?.target ?? null,
    name,
    reason,
  };
  return reply.send({ success: true, result });
}

function wantsText(request: FastifyRequest): boolean {
  return (request.headers.accept ?? '').includes('text/plain');
}

function sendText(reply: FastifyReply, text: string): FastifyReply {
  return reply.type('text/plain; charset=utf-8').send(text);
}

function sendFleet(reply: FastifyReply, text: string): FastifyReply {
  return reply.code(200).type('application/json; charset=utf-8').send(text);
}

function hurried(enterprise: RedirectEnterprise): RedirectEnterprise {
  const { settings } = enterprise;
  return { ...enterprise, settings: { ...settings, deadlineMs: Math.min(settings.deadlineMs, FLEET_DEADLINE_MS) } };
}

function callerOf(
  enterprise: RedirectEnterprise,
  uid: string,
  phone: string | undefined,
  trunk: string | undefined,
  now: number,
): Caller {
  const line = trunk === undefined || trunk === '' || trunk === 's' ? null : trunk;
  const number = phone ?? null;
  return onItsLine({
    enterprise,
    uid,
    number,
    line,
    waitsSince: now,
    waitSeconds: null,
    heardAt: now,
    heardBy: 'http',
  });
}
