/**
 * A Bitrix24 portal as far as telephony goes, strict: it refuses what the real one refuses (key first, then limits, then the
 * method, then parameters), takes JSON and forms, and keeps the state a person would see. Webhooks and one application with
 * rotating tokens; the authorisation server is at the same address.
 */
import { startStandInServer, webPage } from '../server.js';
import type { StandInAnswer, StandInRequest, StandInServer } from '../server.js';
import { LeakyBucket, OperatingTime } from './limits.js';
import type { BucketOptions } from './limits.js';
import { callMethod, methodsOf, Refused } from './methods.js';
import type { Caller, Moods, Params, Reply } from './methods.js';
import { parseQuery, phpMap, resolved } from './php.js';
import { Bitrix24Portal } from './portal.js';
import type { PortalClient, PortalUser } from './portal.js';
import { Tokens } from './tokens.js';
import type { Application } from './tokens.js';

export interface Bitrix24StandInOptions {
  /** 0 or absent: a free one. */
  port?: number;
  /** `<user id>/<secret>` and the scopes each has; null is everything. Default: `1/secret`, everything. */
  webhooks?: Record<string, string[] | null>;
  /** Whether the users of these keys are administrators; default true. */
  admin?: boolean;
  application?: Partial<Application>;
  users?: PortalUser[];
  clients?: PortalClient[];
  /** Default 2 a second out of 50; `perSecond: 0` is no limit. */
  bucket?: BucketOptions;
  /** Seconds of a method in ten minutes; default 480. */
  operatingLimit?: number;
  /** What one call of a method takes, seconds; default 0.1. */
  methodSeconds?: number;
  /** By which a repeated registration is judged; default the machine's clock. */
  now?: () => number;
}

export interface Bitrix24StandIn extends StandInServer {
  state: Bitrix24Portal;
  moods: Moods & PortalMoods;
  tokens: Tokens;
  bucket: LeakyBucket;
}

interface PortalMoods {
  /** Every request is refused with this system error. */
  refusal: { status: number; error: string; text: string } | null;
  /** Where requests are sent instead, by their path. */
  redirect: ((path: string) => string) | null;
}

const DEFAULT_USERS: PortalUser[] = [
  { id: 1, name: 'Olga', lastName: 'Testova' },
  { id: 11, name: 'Ann', lastName: 'Testova', inner: '151' },
  { id: 12, name: 'Boris', lastName: 'Testov', inner: '152' },
  { id: 13, name: 'Vera', lastName: 'Testova', inner: '153' },
];
const WEBHOOK = /^\/rest\/(\d+)\/([^/]+)\/([^/]+?)(?:\.json|\/)?$/;
const APPLICATION = /^\/rest\/([^/]+?)(?:\.json|\/)?$/;
const MOST_COMMANDS = 50;

export async function startBitrix24StandIn(options: Bitrix24StandInOptions = {}): Promise<Bitrix24StandIn> {
  const now = options.now ?? Date.now;
  const state = new Bitrix24Portal(options.users ?? DEFAULT_USERS, options.clients ?? [], now);
  const tokens = new Tokens(options.application ?? {});
  const bucket = new LeakyBucket(options.bucket ?? { perSecond: 2, most: 50 });
  const moods: Moods & PortalMoods = {
    webhooksDenied: false,
    statistics: true,
    unknownLines: 'create',
    recordings: 200,
    leadError: null,
    troubles: [],
    refusal: null,
    redirect: null,
  };
  const api = new PortalApi(state, moods, tokens, bucket, options);
  const server = await startStandInServer({
    ...(options.port ? { port: options.port } : {}),
    answer: (request) => api.answer(request),
  });
  tokens.endpoint = `${server.url}/rest/`;
  return { ...server, state, moods, tokens, bucket };
}

class PortalApi {
  readonly #methods: ReturnType<typeof methodsOf>;
  readonly #moods: Moods & PortalMoods;
  readonly #tokens: Tokens;
  readonly #bucket: LeakyBucket;
  readonly #webhooks: Record<string, string[] | null>;
  readonly #admin: boolean;
  readonly #operating: OperatingTime;
  readonly #methodSeconds: number;

  constructor(
    portal: Bitrix24Portal,
    moods: Moods & PortalMoods,
    tokens: Tokens,
    bucket: LeakyBucket,
    options: Bitrix24StandInOptions,
  ) {
    this.#methods = methodsOf(portal, moods, tokens.application.clientId);
    this.#moods = moods;
    this.#tokens = tokens;
    this.#bucket = bucket;
    this.#webhooks = options.webhooks ?? { '1/secret': null };
    this.#admin = options.admin ?? true;
    this.#operating = new OperatingTime(options.operatingLimit ?? 480);
    this.#methodSeconds = options.methodSeconds ?? 0.1;
  }

  answer(request: StandInRequest): StandInAnswer {
    if (request.path === '/oauth/token/') return this.#tokens.answer(request);
    if (!request.path.startsWith('/rest/')) return webPage(404);
    if (this.#moods.redirect !== null)
      return { status: 302, body: '', headers: { location: this.#moods.redirect(request.path) } };
    const began = Date.now();
    try {
      const { caller, method, params } = this.#asked(request);
      if (this.#moods.refusal !== null) {
        const { status, error, text } = this.#moods.refusal;
        throw new Refused(status, error, text);
      }
      if (!this.#bucket.take(request.at)) throw new Refused(503, 'QUERY_LIMIT_EXCEEDED', 'Too many requests');
      const { effect, ...body } =
        method.toLowerCase() === 'batch' ? this.#batch(params, caller) : this.#one(method, params, caller);
      return { status: 200, body: { ...body, time: this.#time(caller, method, began) }, effect: effect ?? method };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const time = error instanceof Blocked ? { time: { ...times(began), operating_reset_at: error.until } } : {};
      return {
        status: error.status,
        body: { error: error.error, error_description: error.message, ...time },
        effect: `refused: ${error.error} ${error.message}`,
      };
    }
  }

  #asked(request: StandInRequest): { caller: Caller; method: string; params: Params } {
    const given = { ...parseQuery(request.query.toString()), ...bodyOf(request) };
    const webhook = WEBHOOK.exec(request.path);
    if (webhook) {
      const [, user = '', secret = '', method = ''] = webhook;
      const key = `${user}/${secret}`;
      if (!Object.hasOwn(this.#webhooks, key))
        throw new Refused(403, 'INVALID_CREDENTIALS', 'Invalid request credentials');
      const scopes = this.#webhooks[key] ?? null;
      const caller: Caller = { app: key, kind: 'webhook', userId: Number(user), admin: this.#admin, scopes };
      return { caller, method, params: given };
    }
    const method = APPLICATION.exec(request.path)?.[1] ?? '';
    const { auth, ...params } = given;
    const token = typeof auth === 'string' ? this.#tokens.judge(auth) : 'unknown';
    if (token === 'expired') throw new Refused(401, 'expired_token', 'The access token provided has expired.');
    if (token === 'unknown') throw new Refused(401, 'NO_AUTH_FOUND', 'Wrong authorization data');
    const caller: Caller = { app: 'application', kind: 'application', userId: 1, admin: this.#admin, scopes: null };
    return { caller, method, params };
  }

  #one(method: string, params: Params, caller: Caller): Reply {
    const key = `${caller.app} ${method.toLowerCase()}`;
    const until = this.#operating.blockedUntil(key, Date.now());
    if (until !== null) throw new Blocked(until);
    const reply = callMethod(this.#methods, this.#moods, method, params, caller);
    this.#operating.add(key, this.#methodSeconds, Date.now());
    return reply;
  }

  /** One request by count, whatever is in it; each command has an answer of its own. */
  #batch(params: Params, caller: Caller): Reply {
    const commands = Object.entries((params['cmd'] ?? {}) as Record<string, unknown>);
    if (commands.length > MOST_COMMANDS)
      throw new Refused(400, 'ERROR_BATCH_LENGTH_EXCEEDED', 'Max batch length exceeded');
    const halt = ['1', 'true'].includes(String(params['halt']));
    const [result, errors, totals, nexts, allTimes]: Record<string, unknown>[] = [{}, {}, {}, {}, {}];
    const effects: string[] = [];
    for (const [name, command] of commands) {
      const began = Date.now();
      const [method = '', query = ''] = String(command).split(/\?(.*)/s);
      try {
        if (method.toLowerCase() === 'batch')
          throw new Refused(405, 'ERROR_BATCH_METHOD_NOT_ALLOWED', 'Method is not allowed for batch usage');
        const reply = this.#one(method, resolved(parseQuery(query), result ?? {}) as Params, caller);
        Object.assign(result ?? {}, { [name]: reply.result });
        if (reply.total !== undefined) Object.assign(totals ?? {}, { [name]: reply.total });
        if (reply.next !== undefined) Object.assign(nexts ?? {}, { [name]: reply.next });
        if (reply.effect) effects.push(reply.effect);
        Object.assign(allTimes ?? {}, { [name]: this.#time(caller, method, began) });
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        Object.assign(errors ?? {}, { [name]: { error: error.error, error_description: error.message } });
        effects.push(`${name} refused: ${error.error} ${error.message}`);
        if (error instanceof Blocked)
          Object.assign(allTimes ?? {}, { [name]: { ...times(began), operating_reset_at: error.until } });
        if (halt) break;
      }
    }
    const [result_, result_error, result_total, result_next, result_time] = [
      result,
      errors,
      totals,
      nexts,
      allTimes,
    ].map((map) => phpMap(map ?? {}));
    return {
      result: { result: result_, result_error, result_total, result_next, result_time },
      effect: effects.join('; ') || 'an empty batch',
    };
  }

  #time(caller: Caller, method: string, began: number): Record<string, unknown> {
    const operating = this.#operating.of(`${caller.app} ${method.toLowerCase()}`, Date.now());
    return { ...times(began), operating_reset_at: Math.floor(began / 1000) + 600, operating };
  }
}

class Blocked extends Refused {
  readonly until: number;

  constructor(until: number) {
    super(429, 'OPERATION_TIME_LIMIT', 'Method is blocked due to operation time limit.');
    this.until = until;
  }
}

function times(began: number): Record<string, unknown> {
  const now = Date.now();
  const stamp = (at: number) => new Date(at).toISOString().replace(/\.\d+Z$/, '+00:00');
  return {
    start: began / 1000,
    finish: now / 1000,
    duration: (now - began) / 1000,
    processing: 0,
    date_start: stamp(began),
    date_finish: stamp(now),
  };
}

function bodyOf({ method, headers, body }: StandInRequest): Params {
  if (method !== 'POST' || body === '') return {};
  if (!headers['content-type']?.includes('json')) return parseQuery(body);
  try {
    const json = JSON.parse(body) as unknown;
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Params) : {};
  } catch {
    return {};
  }
}
