/**
 * The addresses at which CRMs let us in. Anybody can ask them, so: nothing is done without a state of ours (amoCRM) or a portal of the
 * settings that vouches for the tokens (Bitrix24), and nothing of an address or a body is logged or shown.
 */
import type { FastifyInstance } from 'fastify';
import type { CheckResult } from '../integrations/contract.js';
import type { Clock } from '../platform/clock.js';
import { fieldsOf } from '../platform/form.js';
import type { Fields } from '../platform/form.js';
import type { Logger } from '../platform/log.js';
import { createThrottle } from '../platform/throttle.js';
import { createOnce } from './once.js';
import { sendPage } from './page.js';
import type { States } from './state.js';
import type { Said } from './words.js';

export interface Account {
  enterprise: string;
  letIn(told: Fields, signal: AbortSignal): Promise<CheckResult>;
}

export interface LettingInOptions {
  clock: Clock;
  log: Logger;
  states: States;
  /** Null while the enterprise has no such integration that is switched on and can be let in. */
  amocrm(enterprise: string): Account | null;
  bitrix24(enterprise: string): Account | null;
  /** The accounts of the portal with this address or permanent id. */
  portals(portal: { domain: string; memberId: string }): readonly Account[];
}

const MOST_BYTES = 16 * 1024;
const ASK_MS = 20_000;
/** Each asks the portal; of anybody's posts. */
const INSTALLS_PER_SECOND = 1;
/** What may go better a moment later, with the same code. */
const AGAIN = new Set(['TRY_AGAIN', 'TOKENS_NOT_STORED', 'TOKENS_NOT_KEPT']);

export async function lettingInPlugin(app: FastifyInstance, options: LettingInOptions): Promise<void> {
  const { clock, log, states } = options;
  const admits = createThrottle(clock);
  const once = createOnce<CheckResult>(clock, (result) => result.ok || !AGAIN.has(result.code));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string', bodyLimit: MOST_BYTES }, (_request, body, done) =>
    done(null, body),
  );

  async function ask(account: Account, integration: string, told: Fields): Promise<CheckResult> {
    const result = await account.letIn(told, AbortSignal.timeout(ASK_MS));
    const { enterprise } = account;
    if (result.ok) log.info({ enterprise, integration, warnings: result.warnings }, 'the account has let us in');
    else log.warn({ enterprise, integration, code: result.code, why: result.why }, 'the account has not let us in');
    return result;
  }

  app.get('/oauth/amocrm/callback', async (request, reply) => {
    const told = fieldsOf(request.query, null);
    const enterprise = states.read(told['state'] ?? '');
    if (told['error']) return sendPage(request, reply, 'denied');
    if (enterprise === null) return sendPage(request, reply, 'stale');
    const account = options.amocrm(enterprise);
    if (!account) return sendPage(request, reply, 'off');
    // A page that is loaded again, or asked for twice, must not spend the code twice: it is told what came of the first.
    const result = await once(told['state'] ?? '', () => ask(account, 'amocrm', told));
    return sendPage(request, reply, saidOf(result), detailOf(result));
  });

  for (const address of ['/bitrix24/install', '/bitrix24/install/:number'])
    app.post<{ Params: { number?: string } }>(address, async (request, reply) => {
      const told = fieldsOf(request.query, request.body);
      const isEvent = told['event'] !== undefined;
      const account = accountOf(request.params.number, told);
      const refuse = (status: number, said: Said, message: string) =>
        isEvent
          ? reply.code(status).send({ success: false, message })
          : sendPage(request, reply, said, { detail: message });
      if (isEvent && told['event']?.toUpperCase() !== 'ONAPPINSTALL')
        return reply.code(400).send({ success: false, message: 'ONAPPINSTALL is expected here' });
      if (!account) return refuse(403, 'off', 'no enterprise waits for this portal: use the address with its number');
      if (!admits(account.enterprise, INSTALLS_PER_SECOND)) return refuse(429, 'again', 'too often');
      const result = await ask(account, 'bitrix24', told);
      if (!result.ok) return refuse(403, saidOf(result), result.why);
      return isEvent
        ? reply.send({ success: true })
        : sendPage(request, reply, 'done', { finishes: true, ...detailOf(result) });
    });

  /** The portal is known by itself when one account is of it; else the address has to say whose it is. */
  function accountOf(number: string | undefined, told: Fields): Account | null {
    if (number !== undefined) return options.bitrix24(number);
    const domain = told['auth[domain]'] ?? told['DOMAIN'] ?? '';
    const memberId = told['auth[member_id]'] ?? told['member_id'] ?? '';
    const [only, other] = options.portals({ domain, memberId });
    return other === undefined ? (only ?? null) : null;
  }
}

function saidOf(result: CheckResult): Said {
  if (result.ok) return 'done';
  return AGAIN.has(result.code) ? 'again' : 'refused';
}

function detailOf(result: CheckResult): { detail: string } {
  return { detail: result.ok ? [result.account, ...result.warnings].join(' · ') : result.why };
}
