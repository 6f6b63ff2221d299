/**
 * The addresses at which CRMs ask for calls. Every one is answered at once; the call is placed after that. Whoever cannot prove
 * himself learns nothing but that. Addresses carry secrets, so none is logged.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../platform/clock.js';
import { isStrongId } from '../platform/strong-id.js';
import { readBitrix24 } from './bitrix24-events.js';
import { fieldsOf } from '../platform/form.js';
import type { Fields } from '../platform/form.js';
import { isSigned } from './link.js';
import type { ClickEnterprise, ClickRequest } from './ports.js';
import type { Clicked } from './service.js';

/** What an integration knows of its CRM's people and callbacks. */
export interface ClickAccount {
  enterprise: ClickEnterprise;
  extensionOf(userId: string): string | null;
  /** The extension that takes calls nobody else does: of a client who asks to be called back. */
  defaultExtension: string | null;
}

export interface ClickPluginOptions {
  clock: Clock;
  click(request: ClickRequest): Promise<Clicked>;
  byNumber(number: string): ClickEnterprise | null;
  /** The enterprise whose `clientId` this is. */
  byClientId(clientId: string): ClickEnterprise | null;
  /** The RetailCRM account whose `client_id`, or whose enterprise's, this is. */
  retailcrm(clientId: string): ClickAccount | null;
  /** The Bitrix24 account of an enterprise, if this is its `application_token`. */
  bitrix24(enterprise: string, applicationToken: string): ClickAccount | null;
  /** A manager has changed his status in RetailCRM. */
  status(enterprise: string, extension: string, status: string): void;
}

const MOST_BYTES = 16 * 1024;

export async function clickPlugin(app: FastifyInstance, options: ClickPluginOptions): Promise<void> {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string', bodyLimit: MOST_BYTES }, (_request, body, done) =>
    done(null, body),
  );

  app.get('/api/makecallexternal', async (request, reply) => {
    const began = options.clock.monotonic();
    const fields = read(request);
    const clientId = fields['clientId'] ?? '';
    const enterprise = options.byClientId(clientId);
    if (!enterprise) return reply.code(401).send({ detail: 'Invalid clientId' });
    if (!isStrongId(clientId)) return weak(reply);
    const clicked = await options.click({ ...asking(enterprise, fields), source: 'link', refs: {} });
    return reply.code(statusOf(clicked)).send({
      success: clicked.ok,
      message: messageOf(clicked),
      enterprise: enterprise.name,
      enterprise_number: enterprise.number,
      from_ext: clicked.ok ? clicked.extension : (fields['code'] ?? ''),
      to_phone: clicked.ok ? clicked.phone : (fields['phone'] ?? ''),
      host_ip: enterprise.host ?? '',
      response_time_ms: Math.round(options.clock.monotonic() - began),
    });
  });

  app.route({
    method: ['GET', 'POST'],
    url: '/retailcrm/make-call',
    async handler(request, reply) {
      const fields = read(request);
      const account = admitRetailCrm(fields, reply);
      if (!account) return reply;
      const code = codeOf(account, fields);
      const asked = { ...asking(account.enterprise, fields), code, source: 'retailcrm', refs: {} };
      return tell(reply, await options.click(asked));
    },
  });

  app.route({
    method: ['GET', 'POST'],
    url: '/retailcrm/status',
    async handler(request, reply) {
      const fields = read(request);
      const account = admitRetailCrm(fields, reply);
      if (!account) return reply;
      const status = fields['status'] ?? '';
      if (!/^(free|busy|dinner|break)$/.test(status))
        return reply.code(400).send({ success: false, message: 'status is free, busy, dinner or break' });
      options.status(account.enterprise.number, codeOf(account, fields), status);
      return reply.send({ success: true });
    },
  });

  const bitrix24 = (enterprise: string) => async (request: FastifyRequest, reply: FastifyReply) => {
    const event = readBitrix24(read(request));
    const account = event && options.bitrix24(enterprise, event.token);
    if (!account) return reply.code(403).send({ success: false, message: 'unknown' });
    const code =
      (event.userId && account.extensionOf(event.userId)) ?? event.extension ?? account.defaultExtension ?? '';
    const { phone, refs } = event;
    return tell(reply, await options.click({ enterprise: account.enterprise, code, phone, source: 'bitrix24', refs }));
  };
  for (const address of ['/bitrix24/webhook/:number', '/bitrix24/event/:number'])
    app.post<{ Params: { number: string } }>(address, (request, reply) =>
      bitrix24(request.params.number)(request, reply),
    );

  app.route({
    method: ['GET', 'POST'],
    url: '/amocrm/make-call',
    async handler(request, reply) {
      const fields = read(request);
      const { enterprise: number = '', code = '', sig = '' } = fields;
      const enterprise = options.byNumber(number);
      if (!enterprise || !isSigned(enterprise.clientId, number, code, sig))
        return reply.code(403).send({ success: false, message: 'the link is not valid' });
      if (!isStrongId(enterprise.clientId)) return weak(reply);
      return tell(reply, await options.click({ ...asking(enterprise, fields), source: 'amocrm', refs: {} }));
    },
  });

  /** Null when it has been refused. */
  function admitRetailCrm(fields: Fields, reply: FastifyReply): ClickAccount | null {
    const clientId = fields['clientId'] ?? '';
    const account = options.retailcrm(clientId);
    if (account && isStrongId(clientId)) return account;
    if (account) void weak(reply);
    else void reply.code(403).send({ success: false, message: 'unknown clientId' });
    return null;
  }
}

function read(request: FastifyRequest): Fields {
  return fieldsOf(request.query, request.body);
}

function asking(enterprise: ClickEnterprise, fields: Fields): Pick<ClickRequest, 'enterprise' | 'code' | 'phone'> {
  return { enterprise, code: fields['code'] ?? '', phone: fields['phone'] ?? '' };
}

/** The extension RetailCRM names, else that of the user who clicked. */
function codeOf(account: ClickAccount, fields: Fields): string {
  const code = fields['code']?.trim();
  return code || (fields['userId'] && account.extensionOf(fields['userId'])) || '';
}

function weak(reply: FastifyReply): FastifyReply {
  const message = 'this clientId is too short to prove anything: register the integration anew to get a strong one';
  return reply.code(403).send({ success: false, message });
}

function tell(reply: FastifyReply, clicked: Clicked): FastifyReply {
  return reply.code(statusOf(clicked)).send({ success: clicked.ok, message: messageOf(clicked) });
}

function statusOf(clicked: Clicked): number {
  return clicked.ok ? 200 : clicked.status;
}

function messageOf(clicked: Clicked): string {
  if (!clicked.ok) return clicked.why;
  return clicked.double
    ? `${clicked.extension} is already being connected to ${clicked.phone}`
    : `${clicked.extension} rings, then ${clicked.phone}`;
}
